import { asyncScheduler } from 'rxjs';
import { openLog } from '../../lib/log/openLog.js';
import { range } from '../../lib/messages/range.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { want } from '../../lib/messages/want.js';
import { answerWant, SEGMENT_BLOCKS } from '../../lib/replication/Announcements.js';
import { seekInCore } from '../../lib/replication/seekInCore.js';
import { Random } from '../helpers/random.js';
import { settle } from '../helpers/settle.js';
import { heldStorage, ScriptedRemote, Site, writtenLog } from './ScriptedRemote.js';

describe('replication asks', () => {
  it('for a longer tree only whoever has acknowledged the length here', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    await writer.append(new Uint8Array(1));
    remote.say(synchronize({ length: 11, remoteLength: 0 }));
    await settle();
    expect(remote.take('request')).toEqual([]);
    remote.say(synchronize({ length: 11, remoteLength: 10, canUpgrade: false }));
    await settle();
    expect(remote.take('request')).toEqual([]);
    remote.say(synchronize({ length: 11, remoteLength: 10 }));
    await settle();
    expect(remote.take('request').map(({ upgrade }) => upgrade)).toEqual([{ start: 10, length: 1 }]);
  });

  it('tells a shorter remote of its length, and one as long nothing', async () => {
    const site = new Site(await writtenLog(10));
    const remote = new ScriptedRemote(site);
    remote.take('synchronize');
    remote.say(synchronize({ length: 3 }));
    await settle();
    expect(remote.take('synchronize')).toEqual([synchronize({ length: 10, remoteLength: 3 })]);
    remote.say(synchronize({ length: 10, remoteLength: 10 }));
    await settle();
    expect(remote.take('synchronize')).toEqual([]);
  });

  it('one remote at a time for a longer tree, and another when it does not answer', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer, { requestTimeoutMs: 1000, maxTimeouts: 3 });
    const silent = new ScriptedRemote(site);
    const other = new ScriptedRemote(site);
    silent.greet(writer);
    other.greet(writer);
    await settle();
    const [asked] = silent.take('request');
    expect(other.take('request')).toEqual([]);
    await site.pass(999);
    expect(other.take('request')).toEqual([]);
    await site.pass(251);
    expect(silent.take('cancel').map(({ request }) => request)).toEqual([asked.id]);
    expect((await other.answer(writer)).length).toBe(1);
    expect(site.log.length).toBe(10);
  });

  it('for at most a window of blocks, of one remote and of all', async () => {
    const writer = await writtenLog(200);
    const site = await Site.reading(writer, { maxInFlightPerPeer: 10, maxInFlight: 25 });
    const remotes = [1, 2, 3].map(() => new ScriptedRemote(site));
    await remotes[0].upgrade(writer);
    for (const remote of remotes) remote.greet(writer);
    site.wish(0, 200);
    await settle();
    const asked = remotes.map(remote => remote.take('request').map(({ block }) => block?.index ?? -1));
    expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(10);
    expect(asked.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, index) => index));
  });

  it('on while answers wait for the storage, but for no more bytes than may wait there', async () => {
    const writer = await writtenLog(200); // of 20 bytes each
    const site = await Site.reading(writer, { maxInFlightPerPeer: 4, maxStoringBytes: 60 });
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    const stored = heldStorage(site.log);
    site.wish(0, 200);
    await settle();
    const requests = remote.take('request');
    expect(requests.length).toBe(4);
    for (const more of [1, 1, 0, 0]) {
      const proof = await writer.core.prove(requests.shift()!);
      remote.say(proof!);
      await settle();
      expect(remote.take('request').length).toBe(more);
    }
    stored.next();
    await settle();
    expect(site.log.contiguousLength).toBe(4);
    expect(remote.take('request').length).toBe(2); // two others are under way still
    expect(site.drops).toEqual([]);
  });

  it('again for what was not answered, and drops who answers nothing', async () => {
    const writer = await writtenLog(3);
    const site = await Site.reading(writer, { requestTimeoutMs: 1000, maxTimeouts: 2 });
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(0, 3);
    await settle();
    expect(remote.take('request').length).toBe(3);
    await site.pass(1250);
    expect(remote.take('cancel').length).toBe(3);
    expect(remote.take('request').length).toBe(3);
    expect(site.drops).toEqual([]);
    await site.pass(1250);
    expect(site.drops).toEqual(['ERR_TIMEOUT']);
    expect(remote.closed).toBe(true);
  });

  it('gives no request up while answers come, unless it is passed over', async () => {
    const writer = await writtenLog(400);
    const site = await Site.reading(writer, { requestTimeoutMs: 1000, maxInFlightPerPeer: 4 });
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(0, 400);
    await settle();
    // Slowly, and never for block 0: for four windows it may just be late.
    let answers = 0;
    for (let turn = 0; turn < 40 && remote.take('cancel').length === 0; turn++) {
      await remote.answer(writer, proof => (proof.block?.index === 0 ? null : (answers++, proof)));
      await site.pass(300);
    }
    expect(answers).toBeGreaterThanOrEqual(16);
    expect(answers).toBeLessThan(32);
    expect(remote.take('request').map(({ block }) => block?.index)).toContain(0);
    expect(site.drops).toEqual([]);
  });

  it('a second remote for what a slow one keeps waiting, and takes it back from the slow one', async () => {
    const writer = await writtenLog(4);
    const site = await Site.reading(writer, { overtakeAfterMs: 500 });
    const slow = new ScriptedRemote(site);
    await slow.upgrade(writer);
    site.wish(0, 4);
    await settle();
    const asked = slow.take('request');
    expect(asked.length).toBe(4);
    const quick = new ScriptedRemote(site);
    quick.greet(writer);
    await settle();
    expect(quick.take('request')).toEqual([]);
    await site.pass(500);
    expect((await quick.answer(writer)).map(({ block }) => block?.index)).toEqual([0, 1, 2, 3]);
    expect(site.log.contiguousLength).toBe(4);
    expect(slow.take('cancel').map(({ request }) => request)).toEqual(asked.map(({ id }) => id));
  });

  it('no second remote for what has come and waits for the storage', async () => {
    const writer = await writtenLog(4);
    const site = await Site.reading(writer, { overtakeAfterMs: 500 });
    const first = new ScriptedRemote(site);
    await first.upgrade(writer);
    const stored = heldStorage(site.log);
    site.wish(0, 4);
    await settle();
    await first.answer(writer, proof => (proof.block?.index === 3 ? null : proof));
    const second = new ScriptedRemote(site);
    second.greet(writer);
    await site.pass(2000);
    expect(second.take('request').map(({ block }) => block?.index)).toEqual([3]);
    stored.next();
    await settle();
    expect(site.log.contiguousLength).toBe(3);
  });

  it('again for what was cleared and is still wished for', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(2, 10);
    await settle();
    await remote.answer(writer);
    await site.log.clear(0, 5);
    await settle();
    expect((await remote.answer(writer)).map(({ block }) => block?.index)).toEqual([2, 3, 4]);
    expect(site.log.core.firstMissing(2, 10)).toBe(-1);
  });

  it('what it may have elsewhere when a remote leaves', async () => {
    const writer = await writtenLog(6);
    const site = await Site.reading(writer);
    const leaving = new ScriptedRemote(site);
    await leaving.upgrade(writer);
    site.wish(0, 6);
    await settle();
    expect(leaving.take('request').length).toBe(6);
    const staying = new ScriptedRemote(site);
    staying.greet(writer);
    await settle();
    expect(staying.take('request')).toEqual([]);
    leaving.channel.end();
    await settle();
    expect((await staying.answer(writer)).length).toBe(6);
    expect(site.log.contiguousLength).toBe(6);
  });

  it('and takes back what nobody wishes for any more', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    const row = site.wish(0, 6);
    site.wish(4, 10);
    await settle();
    const asked = remote.take('request');
    site.replication.unwish(row);
    const back = remote.take('cancel').map(({ request }) => request);
    expect(back).toEqual(asked.filter(({ block }) => (block?.index ?? 9) < 4).map(({ id }) => id));
  });

  it('what there is of a segment once, and again of another', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    remote.say(synchronize({ length: 10 }));
    await settle();
    await remote.answer(writer);
    site.wish(0, 10);
    await settle();
    await site.pass(10);
    expect(remote.take('want').map(({ start, length }) => [start, length])).toEqual([[0, 2_097_152]]);
    expect(remote.take('request')).toEqual([]);
    remote.say(range({ start: 8, length: 1 }));
    await settle();
    expect(remote.take('want')).toEqual([]);
    expect(remote.take('request').map(({ block }) => block?.index)).toEqual([8]);
  });

  it('for what there is among much that nobody has, and lets other work be done meanwhile', async () => {
    const writer = await writtenLog(60);
    const site = await Site.reading(writer, { maxSearchSteps: 4 });
    const remote = new ScriptedRemote(site);
    remote.say(synchronize({ length: 60 }));
    await settle();
    await remote.answer(writer);
    for (let index = 0; index < 60; index += 2) remote.say(range({ start: index, length: 1 }));
    site.wish(0, 60);
    const asked: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      await site.pass(10);
      asked.push(...(await remote.answer(writer)).map(({ block }) => block?.index ?? -1));
    }
    expect(asked).toEqual(Array.from({ length: 30 }, (_, index) => 2 * index));
    remote.say(range({ start: 59, length: 1 }));
    await site.pass(10);
    expect((await remote.answer(writer)).map(({ block }) => block?.index)).toEqual([59]);
  });

  it('with the block that is wanted next, when it asks for a longer tree', async () => {
    const writer = await writtenLog(3);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    site.wish(0, Infinity);
    remote.greet(writer);
    await settle();
    const [first, ...more] = remote.take('request');
    expect(more).toEqual([]);
    expect([first.block, first.upgrade]).toEqual([
      { index: 0, nodes: 0 },
      { start: 0, length: 3 },
    ]);
  });

  it('nobody who is shorter for what it cannot prove', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const long = new ScriptedRemote(site);
    await long.upgrade(writer);
    long.channel.end();
    const short = new ScriptedRemote(site);
    short.say(synchronize({ length: 7, remoteLength: 10 }), range({ start: 0, length: 7 }));
    site.wish(0, 10);
    await settle();
    // The roots of 7 blocks are not known here: only those of 10 are.
    expect(short.take('request')).toEqual([]);
  });

  it('and announces what comes to those who do not have it, and what goes to all', async () => {
    const writer = await writtenLog(5);
    const site = await Site.reading(writer);
    const giver = new ScriptedRemote(site);
    await giver.upgrade(writer);
    const taker = new ScriptedRemote(site);
    taker.say(synchronize({ length: 5, remoteLength: 5 }));
    site.wish(1, 5);
    await settle();
    await giver.answer(writer);
    expect(giver.take('range')).toEqual([]);
    const told = taker.take('range');
    expect(told.every(({ drop }) => !drop)).toBe(true);
    expect(told.flatMap(({ start, length }) => [...Array(length).keys()].map(n => start + n))).toEqual([
      1, 2, 3, 4,
    ]);
    await site.log.clear(2, 3);
    expect(taker.take('range')).toEqual([range({ drop: true, start: 2 })]);
    expect(giver.take('range').length).toBe(1);
  });

  it('and tells of the blocks behind a gap again', async () => {
    const site = new Site(await writtenLog(10));
    const remote = new ScriptedRemote(site);
    expect(remote.take('range')).toEqual([range({ start: 0, length: 10 })]);
    await site.log.clear(3, 4);
    expect(remote.take('range')).toEqual([range({ drop: true, start: 3 }), range({ start: 4, length: 6 })]);
  });

  it('a remote that knows no seeks for hashes alone, and finds the byte', async () => {
    const writer = await writtenLog(100);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site, { seeks: false });
    await remote.upgrade(writer);
    expect(site.log.length).toBe(100);
    const found = seekInCore(site.replication, 20 * 37 + 5, {}, asyncScheduler);
    let asked = 0;
    for (let turn = 0; turn < 40; turn++) {
      for (const { seek } of await remote.answer(writer)) {
        expect(seek).toBeNull();
        asked++;
      }
    }
    expect(await found).toEqual({ index: 37, offset: 5 });
    expect(asked).toBeLessThan(8);
  });

  it('for bytes all over a core of which it has a part, in requests that can be answered', async () => {
    const random = new Random('bytes of a core that is here in part');
    const sizes = Array.from({ length: 600 }, () => random.integer(0, 50));
    const writer = await openLog({ seed: new Uint8Array(32).fill(7) });
    await writer.append(sizes.map((size, index) => new Uint8Array(size).fill(index)));
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    for (let n = 0; n < 20; n++) {
      const index = random.integer(0, 599);
      site.wish(index, index + 1);
    }
    for (let look = 0; look < 100; look++) {
      const byte = random.integer(0, writer.byteLength - 1);
      let found: unknown = null;
      const seeking = seekInCore(site.replication, byte, {}, asyncScheduler).then(place => (found = place));
      // What no honest peer asks would throw here.
      while (found === null) await remote.answer(writer);
      expect(await seeking).toEqual(await writer.seek(byte));
    }
    expect(site.drops).toEqual([]);
  });
});

describe('replication answers', () => {
  it('that it has not got a block which the remote could not receive', async () => {
    const writer = await writtenLog(3, 100);
    const site = new Site(writer);
    const remote = new ScriptedRemote(site, { largest: 99 });
    remote.take('range');
    remote.say(request({ id: 1, block: { index: 1, nodes: 1 } }));
    await settle();
    expect(remote.take('data')).toEqual([]);
    expect(remote.take('range')).toEqual([range({ drop: true, start: 1, length: 1 })]);
    expect(remote.take('noData').map(answer => answer.request)).toEqual([1]);
    expect(site.drops).toEqual([]);
  });

  it('a want with bitfields that every remote can receive', () => {
    const log = {
      length: 200_000,
      contiguousLength: 1,
      has: (index: number) => index % 3 === 0,
      words: (_start: number, length: number) => new Uint32Array(Math.ceil(length / 32)).fill(0x49249249),
      firstMissing: (start: number) => start,
    };
    const answer = answerWant(log, want({ start: 0, length: SEGMENT_BLOCKS }), 64);
    const rows = answer.map(message =>
      message.type === 'bitfield' ? [message.start, message.bitfield.length * 32] : [],
    );
    expect(rows).toEqual([
      [0, 65_536],
      [65_536, 65_536],
      [131_072, 65_536],
      [196_608, 3392],
    ]);
  });
});
