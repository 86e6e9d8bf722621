import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { sodiumNativeCrypto } from '../../lib/crypto/sodiumNative/sodiumNative.js';
import type { Log } from '../../lib/log/Log.js';
import { openLog } from '../../lib/log/openLog.js';
import { diskStorage } from '../../lib/storage/disk/diskStorage.js';
import { fill } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { fetchAll } from '../node/log/crashRuns.js';
import { DiskPeer, type DiskPicture } from './support/DiskPeer.js';
import { DoomedWriter, type LastWords } from './support/DoomedWriter.js';
import { type Comparable, digest, ExpectedLog, inWords } from './support/ExpectedLog.js';
import { sized } from './support/longRuns.js';

const kills = sized(6, 300);
/** Every so many kills, hypercore 10 is the first to look. */
const everyTheirs = sized(5, 4);

describe('log: a writer on disk, killed at random moments', () => {
  let crypto: CryptoBackend;
  let folder: string;

  beforeAll(async () => {
    crypto = await sodiumNativeCrypto();
    folder = mkdtempSync(join(tmpdir(), 'rx-hypercore-killed-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it(
    `loses nothing that it acknowledged, ${kills} times in a row on one core`,
    async () => {
      const random = new Random('killed writers');
      const first = await openLog({ storage: diskStorage(folder), crypto, seed: fill(32, 9) });
      await first.close();
      let expected = ExpectedLog.empty;
      let number = 0;
      const tally = { opened: 0, acknowledged: 0, underWay: 0, whole: 0, theirs: 0 };
      // The next one starts while this one writes.
      let spare = new DoomedWriter();
      try {
        for (let kill = 0; kill < kills; kill++) {
          const writer = spare;
          spare = new DoomedWriter();
          const orders = {
            folder,
            seed: random.integer(0, 0x7fffffff),
            durability: random.pick(['each', 'batched'] as const),
            first: number,
          };
          const from = random.next() < 0.25 ? 'opening' : 'opened';
          const afterMs = random.integer(0, from === 'opening' ? 40 : 200);
          const words = await writer.writeUntil(orders, afterMs, from);
          const context = `kill ${kill}, ${afterMs} ms after ${from}, ${JSON.stringify(orders)}`;
          expect(words.error).withContext(context).toBeNull();
          if (words.opened) tally.opened++;
          tally.acknowledged += words.done;
          tally.underWay += words.tried.length - words.done;
          for (const change of words.tried) if ('append' in change) number += change.append.length;
          const possible = outcomes(expected, words);

          let theirs: DiskPicture | null = null;
          if (kill % everyTheirs === 0) {
            tally.theirs++;
            theirs = await pictureOfTheirs(folder);
            const fits = possible.some(outcome => outcome.equals(comparable(theirs!)));
            expect(fits).withContext(`hypercore 10, ${context}`).toBeTrue();
          }
          const log = await openLog({ storage: diskStorage(folder), crypto });
          const found = await pictureOf(log);
          const fitting = possible.findIndex(outcome => outcome.equals(found));
          expect(fitting)
            .withContext(`${context}: ${inWords(found)}, and not ${possible.map(inWords).join('; ')}`)
            .not.toBe(-1);
          if (fitting === -1) return;
          if (fitting > 0) tally.whole += fitting;
          expected = possible[fitting];
          if (theirs) expect(comparable(theirs)).withContext(context).toEqual(found);
          // The signature and every node above a block, as a stranger verifies them.
          await fetchAll(crypto, log);
          await log.close();
        }
      } finally {
        await spare.kill();
      }
      console.log(
        `  ${JSON.stringify({ kills, ...tally, length: expected.blocks.length, fork: expected.fork })}`,
      );
      expect(tally.acknowledged).toBeGreaterThan(kills);
      expect(tally.opened).toBeGreaterThan(kills / 2);
    },
    sized(120_000, 3_600_000),
  );
});

/** What the log may be: all that was acknowledged, and of what was under way the first so many changes. */
function outcomes(before: ExpectedLog, { tried, done }: LastWords): ExpectedLog[] {
  let log = before;
  for (const change of tried.slice(0, done)) log = log.after(change);
  const logs = [log];
  for (const change of tried.slice(done)) logs.push((log = log.after(change)));
  return logs;
}

async function pictureOf(log: Log): Promise<Comparable> {
  const blocks: (string | null)[] = [];
  for (let i = 0; i < log.length; i++) blocks.push(log.has(i) ? digest(await log.get(i)) : null);
  return { fork: log.fork, blocks };
}

async function pictureOfTheirs(folder: string): Promise<DiskPicture> {
  const peer = new DiskPeer();
  try {
    const picture = await peer.command('open', { folder });
    expect(await peer.command('audit', {})).toEqual({ blocks: 0, tree: 0 });
    await peer.command('close', {});
    return picture;
  } finally {
    await peer.kill();
  }
}

function comparable({ fork, blocks }: DiskPicture): Comparable {
  return { fork, blocks: blocks.map(block => (block === null ? null : digest(Buffer.from(block, 'hex')))) };
}
