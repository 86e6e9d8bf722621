import { combinedCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import type { Log } from '../../../lib/log/Log.js';
import { openLog } from '../../../lib/log/openLog.js';
import { fill } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';
import { download, upgrade } from '../../log/replicate.js';
import { crashAt, fetchAll, picturesOf, type CrashRun } from './crashRuns.js';

const seed = fill(32, 7);
const block = (n: number): Uint8Array => fill((n * 397) % 1500, n);
const blocks = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => block(from + i));

describe('log: a crash at every step', () => {
  let crypto: CryptoBackend;
  let random: Random;

  beforeAll(async () => {
    crypto = await combinedCrypto();
    random = new Random('log crashes');
  });

  async function expectNothingLost(run: CrashRun, fault: 'crashAt' | 'failAt' | 'quotaAt'): Promise<void> {
    const { pictures, operations } = await picturesOf(run);
    expect(operations).toBeGreaterThan(20);
    const wrong: string[] = [];
    for (let at = 1; at <= operations; at++) {
      wrong.push(...(await crashAt(run, pictures, { [fault]: at }, random.integer(0, 2 ** 31))));
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(wrong.length).toBe(0);
  }

  const writing = (): CrashRun => ({
    crypto,
    options: { seed },
    steps: [
      log => log.append(blocks(1, 6)),
      log => log.append(block(6)),
      log => log.clear(1, 3),
      log => log.truncate(4),
      log => log.append(blocks(7, 9)),
      log => log.append(blocks(9, 11)),
      log => log.setUserData('name', fill(3, 1)),
      log => log.clear(4),
      log => log.truncate(0),
      log => log.append(block(12)),
    ],
    goOn: async log => {
      const { length } = log;
      await log.append(blocks(20, 22));
      expect(log.length).toBe(length + 2);
      await fetchAll(crypto, log);
    },
  });

  for (const fault of ['crashAt', 'failAt', 'quotaAt'] as const) {
    it(`loses nothing of what was appended, cut and cleared (${fault})`, () =>
      expectNothingLost(writing(), fault));
  }

  it('loses nothing where flushes are batched and the process alone dies', async () => {
    const run = { ...writing(), options: { seed, durability: 'batched' as const } };
    const { pictures, operations } = await picturesOf(run);
    for (let at = 1; at <= operations; at++) {
      // All that was written is kept, and no more is asked of it.
      const wrong = await crashAt(run, pictures, { crashAt: at }, 1);
      expect(wrong.filter(text => text.includes(', kept:'))).toEqual([]);
    }
  });

  describe('of a download', () => {
    let writer: Log;
    let shorter: Log;

    beforeAll(async () => {
      writer = await openLog({ seed, crypto });
      shorter = await openLog({ seed, crypto });
      await shorter.append(blocks(1, 10));
      await writer.append(blocks(1, 8));
      await writer.truncate(6);
      await writer.append(blocks(30, 36));
    });

    const downloading = (): CrashRun => ({
      crypto,
      options: { key: writer.key },
      steps: [
        log => upgrade(shorter, log),
        log => download(shorter, log, [0, 1, 2]),
        log => download(shorter, log, [8, 4, 7, 5]),
        log => log.clear(1, 3),
        log => upgrade(writer, log),
        log => download(writer, log, [11, 6, 1]),
        log => download(writer, log, [2, 3, 7, 8, 9, 10]),
      ],
      partly: true,
      goOn: async log => {
        await upgrade(writer, log);
        const missing = Array.from({ length: log.length }, (_, i) => i).filter(i => !log.has(i));
        await download(writer, log, missing);
        expect(log.contiguousLength).toBe(writer.length);
        await fetchAll(crypto, log);
      },
    });

    for (const fault of ['crashAt', 'failAt', 'quotaAt'] as const) {
      it(`loses nothing (${fault})`, () => expectNothingLost(downloading(), fault));
    }
  });
});
