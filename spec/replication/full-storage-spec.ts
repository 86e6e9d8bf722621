import { StorageQuotaError } from '../../lib/logErrors.js';
import type { Log } from '../../lib/log/Log.js';
import { openLog } from '../../lib/log/openLog.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { seekInCore } from '../../lib/replication/seekInCore.js';
import type { Storage } from '../../lib/storage/RandomAccess.js';
import { gate, hookedStorage } from '../helpers/hookedStorage.js';
import { settle } from '../helpers/settle.js';
import { ScriptedRemote, Site, writtenLog } from './ScriptedRemote.js';

/** Has everything that comes refused for want of room until the result is called. */
function fill(log: Log): () => void {
  const { core } = log;
  const receive = core.receive.bind(core);
  core.receive = () => Promise.reject(new StorageQuotaError('oplog', new Error('full')));
  return () => (core.receive = receive);
}

/** A storage in which, once told, the next write of blocks waits until it is let fail. */
function failingOnce(): { readonly storage: Storage; arm: () => void; fail: () => void } {
  const failure = gate();
  let armed = false;
  const storage = hookedStorage(async ({ file, operation, run }) => {
    if (!armed || operation !== 'write' || !file.endsWith('data')) return run();
    armed = false;
    await failure.passed;
    throw new StorageQuotaError(file, new Error('full'));
  });
  return { storage, arm: () => (armed = true), fail: () => failure.open() };
}

describe('replication with a storage that is full', () => {
  /** A reader that knows 10 blocks, and one remote that answers all it is asked. */
  const reading = async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    /** Lets some time pass and everything be answered; returns how many requests came meanwhile. */
    const pass = async (ms: number): Promise<number> => {
      let asked = 0;
      await site.pass(ms);
      for (let turn = 0; turn < 5; turn++) asked += (await remote.answer(writer)).length;
      return asked;
    };
    return { writer, site, remote, pass };
  };

  it('tries a longer tree again later each time, until there is room', async () => {
    const { writer, site, remote, pass } = await reading();
    const empty = fill(site.log);
    await writer.append(new Uint8Array(1));
    remote.say(synchronize({ length: 11, remoteLength: 10 }));
    const asked: number[] = [];
    for (const ms of [0, 900, 150, 1800, 250, 3800, 250]) asked.push(await pass(ms));
    expect(asked).toEqual([1, 0, 1, 0, 1, 0, 1]);
    expect(site.events.filter(({ type }) => type === 'storage-failed').length).toBe(4);
    empty();
    await pass(8100);
    expect(site.log.length).toBe(11);

    fill(site.log);
    await writer.append(new Uint8Array(1));
    remote.say(synchronize({ length: 12, remoteLength: 11 }));
    asked.length = 0;
    for (const ms of [0, 900, 150]) asked.push(await pass(ms));
    expect(asked).toEqual([1, 0, 1]); // what was before is forgotten
    expect(site.drops).toEqual([]);
  });

  it('tries blocks again later too, or when somebody wants one', async () => {
    const { site, pass } = await reading();
    const empty = fill(site.log);
    site.wish(0, 4);
    const asked: number[] = [];
    for (const ms of [0, 900, 150, 1800, 250]) asked.push(await pass(ms));
    expect(asked).toEqual([4, 0, 4, 0, 4]);
    empty();
    site.wish(9, 10, 1);
    expect(await pass(50)).toBe(5);
    expect([0, 1, 2, 3, 9].every(index => site.log.has(index))).toBe(true);
    expect(site.drops).toEqual([]);
  });

  /** A reader that got block 0 of 64, and the nodes above it, which wait to be stored until that is let fail. */
  const unstored = async () => {
    const writer = await writtenLog(64);
    const { storage, arm, fail } = failingOnce();
    const site = new Site(await openLog({ key: writer.key, storage }));
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    arm();
    site.wish(0, 1);
    await settle();
    const [whole] = await remote.answer(writer);
    return { writer, site, remote, fail, whole };
  };

  it('blames nobody for a proof that ends on nodes which could not be stored, and asks for all of it', async () => {
    const { writer, site, remote, fail, whole } = await unstored();
    site.wish(1, 2);
    await settle();
    expect(remote.heard.filter(({ type }) => type === 'request').length).toBe(1);
    fail();
    await settle();
    const [part] = await remote.answer(writer);
    expect([whole.block?.nodes, part.block?.nodes]).toEqual([6, 0]);
    expect(site.drops).toEqual([]);
    await site.pass(1050);
    await remote.answer(writer);
    expect(site.log.contiguousLength).toBe(2);
    expect(site.drops).toEqual([]);
  });

  it('blames nobody for hashes on the way to a byte that end on such nodes, and finds it all the same', async () => {
    const { writer, site, remote, fail } = await unstored();
    const seeking = seekInCore(site.replication, 20 * 11 + 5, {}, site.clock);
    await settle();
    const [asked] = remote.take('request');
    expect(asked.hash?.index).toBeGreaterThan(0);
    fail();
    await settle();
    remote.say((await writer.core.prove(asked))!);
    await settle();
    expect(site.drops).toEqual([]);
    for (let turn = 0; turn < 20; turn++) {
      await site.pass(500);
      await remote.answer(writer);
    }
    expect(await seeking).toEqual({ index: 11, offset: 5 });
    expect(site.drops).toEqual([]);
  });

  it('follows a fork again later', async () => {
    const { writer, site, remote, pass } = await reading();
    const { core } = site.log;
    const reorg = core.reorg.bind(core);
    core.reorg = () => Promise.reject(new StorageQuotaError('oplog', new Error('full')));
    await writer.truncate(6);
    remote.say(synchronize({ fork: 1, length: 6 }));
    const asked: number[] = [];
    for (const ms of [0, 900, 150]) asked.push(await pass(ms));
    expect(asked).toEqual([1, 0, 1]);
    core.reorg = reorg;
    await pass(2050);
    expect([site.log.length, site.log.fork]).toEqual([6, 1]);
    expect(site.drops).toEqual([]);
  });
});
