import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { Log } from '../../lib/log/Log.js';
import { openLog } from '../../lib/log/openLog.js';
import { StorageFailedError, StorageQuotaError } from '../../lib/logErrors.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import type { Storage } from '../../lib/storage/RandomAccess.js';
import { fill } from '../helpers/bytes.js';
import { gate, hookedStorage, settle, until } from './hookedStorage.js';

const seed = fill(32, 7);
const full = (file: string): Error => new StorageQuotaError(file, new Error('full, as told'));

/** So many blocks that a header is due behind them. */
const many = Array.from({ length: 1000 }, (_, i) => fill(3, i));

async function expectBlocks(storage: Storage, blocks: readonly Uint8Array[]): Promise<void> {
  const log: Log = await openLog({ storage, seed, crypto });
  expect(log.length).toBe(blocks.length);
  for (const [i, block] of blocks.entries()) expect(await log.get(i)).toEqual(block);
  await log.treeHash();
  await log.close();
}

describe('log: a storage of which one call fails', () => {
  it('waits for the nodes that are being written when the bitfield finds no room', async () => {
    const inner = memoryStorage();
    const late = gate();
    let failed = false;
    let flushes = 0;
    const storage = hookedStorage(async ({ file, operation, run }) => {
      if (file === 'bitfield' && operation === 'write' && !failed) {
        failed = true;
        throw full(file);
      }
      await run();
      if (!failed || operation !== 'flush') return;
      if (file === 'tree') await late.passed;
      // The nodes of the next append are there by its second flush, and not yet in the file.
      if (file !== 'oplog' || ++flushes !== 2) return;
      late.open();
      await settle();
    }, inner);
    const log = await openLog({ storage, seed, crypto });
    await log.append(many);
    await until(() => failed);
    const more = log.append([fill(5, 1), fill(5, 2), fill(5, 3)]);
    await settle();
    late.open();
    await more;
    await log.close();
    await expectBlocks(inner, [...many, fill(5, 1), fill(5, 2), fill(5, 3)]);
  });

  /** Fails the flush behind each of the first `times` headers that are written once `armed`. */
  const headersThatFail = (times: number) => {
    const inner = memoryStorage();
    let left = 0;
    let written = false;
    const storage = hookedStorage(async ({ file, operation, offset, run }) => {
      await run();
      if (file !== 'oplog' || left === 0) return;
      if (operation === 'write' && offset < 8192) written = true;
      if (operation !== 'flush' || !written) return;
      written = false;
      left--;
      throw new StorageFailedError(file, new Error('the medium is busy, as told'));
    }, inner);
    return { inner, storage, arm: () => (left = times) };
  };

  it('adds nothing while it is not known which header counts, and loses nothing', async () => {
    const { inner, storage, arm } = headersThatFail(3);
    const log = await openLog({ storage, seed, crypto });
    arm();
    await log.append(many);
    for (let again = 0; again < 2; again++) {
      await expectAsync(log.append(fill(5, again))).toBeRejectedWith(
        jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED' }),
      );
    }
    expect((await log.append(fill(5, 9))).length).toBe(1001);
    await log.append(fill(6, 9));
    await log.close();
    await expectBlocks(inner, [...many, fill(5, 9), fill(6, 9)]);
  });

  it('has all that was acknowledged when it is closed then', async () => {
    for (const times of [1, 2, 9]) {
      const { inner, storage, arm } = headersThatFail(times);
      const log = await openLog({ storage, seed, crypto });
      arm();
      await log.append(many);
      await log.close();
      await expectBlocks(inner, many);
    }
  });
});
