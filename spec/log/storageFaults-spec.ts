import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { Log } from '../../lib/log/Log.js';
import { openLog } from '../../lib/log/openLog.js';
import { StorageFailedError, StorageQuotaError } from '../../lib/logErrors.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import type { Storage } from '../../lib/storage/RandomAccess.js';
import { FaultyStorage } from '../../lib/testing/FaultyStorage.js';
import { fill } from '../helpers/bytes.js';
import { answerOf, download, upgrade } from './replicate.js';
import { until } from '../connection/pair.js';
import { gate, hookedStorage } from '../helpers/hookedStorage.js';
import { settle } from '../helpers/settle.js';

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
    const nodes = gate();
    const checkpoint = gate();
    let failed = false;
    let flushes = 0;
    const storage = hookedStorage(async ({ file, operation, run }) => {
      if (file === 'bitfield' && operation === 'write' && !failed) {
        failed = true;
        throw full(file);
      }
      await run();
      if (operation !== 'flush' || !failed) return;
      if (file === 'tree') await nodes.passed;
      // The first one is that of the next append, the second begins the next checkpoint.
      if (file === 'data' && ++flushes === 2) await checkpoint.passed;
    }, inner);
    const log = await openLog({ storage, seed, crypto });
    await log.append(many);
    await until(() => failed);
    const more = log.append([fill(5, 1), fill(5, 2), fill(5, 3)]);
    await settle();
    nodes.open();
    await settle();
    checkpoint.open();
    await more;
    await log.close();
    await expectBlocks(inner, [...many, fill(5, 1), fill(5, 2), fill(5, 3)]);
  });

  it('appends nothing behind a header of which nobody knows whether it is there', async () => {
    const inner = memoryStorage();
    let phase: 'opening' | 'writing' | 'in the slot' | 'failed' = 'opening';
    const storage = hookedStorage(async ({ file, operation, offset, run }) => {
      if (file === 'oplog' && phase === 'in the slot') {
        phase = 'failed';
        throw new StorageFailedError(file, new Error('as told'));
      }
      // So that no other header comes to the rescue.
      if (file === 'tree' && phase === 'failed') throw full(file);
      await run();
      if (file === 'oplog' && operation === 'write' && offset < 8192 && phase === 'writing')
        phase = 'in the slot';
    }, inner);
    const log = await openLog({ storage, seed, crypto });
    phase = 'writing';
    await log.append(many);
    await until(() => phase === 'failed');
    const more = Array.from({ length: 5 }, (_, i) => fill(5, i));
    for (const block of more) await log.append(block);
    await log.close();
    await expectBlocks(inner, [...many, ...more]);
  });

  it('refuses appends as long as such a header cannot be written, and goes on once it can', async () => {
    const inner = memoryStorage();
    let slotFails = false;
    let failures = 0;
    const storage = hookedStorage(async ({ file, operation, offset, run }) => {
      if (slotFails && file === 'oplog' && operation === 'write' && offset < 8192) {
        failures++;
        await run();
        throw full(file);
      }
      await run();
    }, inner);
    const log = await openLog({ storage, seed, crypto });
    slotFails = true;
    await log.append(many);
    await until(() => failures > 0);
    await expectAsync(log.append(fill(5, 9))).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_QUOTA' }),
    );
    expect(log.length).toBe(many.length);
    slotFails = false;
    await log.append(fill(5, 1));
    await log.close();
    await expectBlocks(inner, [...many, fill(5, 1)]);
  });

  it('relies on no node that came with a block that could not be stored', async () => {
    const writer = await openLog({ seed, crypto });
    await writer.append(many.slice(0, 8));
    let fails = false;
    const storage = hookedStorage(async ({ file, operation, run }) => {
      if (fails && file === 'data' && operation === 'write') {
        fails = false;
        throw full(file);
      }
      await run();
    });
    const reader = await openLog({ storage, key: writer.key, crypto });
    await upgrade(writer, reader);
    const first = await answerOf(writer.core, {
      block: { index: 0, nodes: await reader.core.missingNodes(0) },
    });
    await writer.append(many.slice(8, 12));
    const second = await answerOf(writer.core, {
      block: { index: 1, nodes: await reader.core.missingNodes(2) },
      upgrade: { start: 8, length: 4 },
    });
    fails = true;
    const refused = expectAsync(reader.core.receive(first)).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_QUOTA' }),
    );
    // Both are of the same group of messages, and prove their way up by the same nodes.
    expect(await reader.core.receive(second)).toEqual({ block: 1, upgraded: true });
    await refused;
    expect([reader.has(0), reader.length]).toEqual([false, 12]);
    expect(await reader.get(1)).toEqual(many[1]);
    await reader.close();
    await writer.close();
  });

  it('takes no node of a fork that was left for one of the next after a crash', async () => {
    const writer = await openLog({ seed, crypto });
    const inner = new FaultyStorage();
    let noRoom = false;
    const storage = hookedStorage(async ({ file, operation, run }) => {
      if (noRoom && file === 'tree' && operation === 'truncate') throw full(file);
      await run();
    }, inner);
    const open = (from: Storage): Promise<Log> => openLog({ storage: from, seed, crypto });
    let log = await open(storage);
    for (const each of [writer, log]) await each.append(many.slice(0, 32));
    await log.close();
    log = await open(storage);
    // What is cut stays in the file of the tree, behind a header that tells of the cut.
    noRoom = true;
    for (const each of [writer, log]) await each.truncate(2);
    await log.close();
    noRoom = false;
    log = await open(storage);
    await writer.append(many.slice(100, 130));
    await upgrade(writer, log);
    const again = await open(inner.afterCrash('kept'));
    expect(again.length).toBe(32);
    await download(writer, again, [2, 10, 31]);
    for (const index of [2, 10, 31]) expect(await again.get(index)).toEqual(many[98 + index]);
    for (const each of [again, log, writer]) await each.close();
  });
});
