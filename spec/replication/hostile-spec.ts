import { bitfield } from '../../lib/messages/bitfield.js';
import { cancel } from '../../lib/messages/cancel.js';
import { data } from '../../lib/messages/data.js';
import type { Message } from '../../lib/messages/Message.js';
import { noData } from '../../lib/messages/noData.js';
import { range } from '../../lib/messages/range.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { want } from '../../lib/messages/want.js';
import { settle } from '../helpers/settle.js';
import { ScriptedRemote, Site, writtenLog } from './ScriptedRemote.js';

describe('replication with a remote that', () => {
  it('sends a wrong block is without it, and the block comes from another', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const liar = new ScriptedRemote(site);
    await liar.upgrade(writer);
    site.wish(3, 4);
    await settle();
    await liar.answer(writer, proof =>
      proof.block === null ? proof : { ...proof, block: { ...proof.block, value: Uint8Array.of(1, 2, 3) } },
    );
    // It may be the other half of a split: what it has signed is asked for first.
    const honest = new ScriptedRemote(site);
    honest.greet(writer);
    expect(liar.heard.filter(({ type }) => type === 'request').length).toBe(1);
    await liar.answer(writer);
    expect(site.drops).toEqual(['ERR_CHECKSUM']);
    expect(liar.closed).toBe(true);
    expect(site.log.has(3)).toBe(false);
    await honest.answer(writer);
    expect(await site.log.get(3)).toEqual(await writer.get(3));
    expect(site.drops.length).toBe(1);
  });

  it('leaves nodes out is dropped', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(3, 4);
    await settle();
    await remote.answer(writer, proof =>
      proof.block === null ? proof : { ...proof, block: { ...proof.block, nodes: [] } },
    );
    expect(site.drops).toEqual(['ERR_PROOF']);
  });

  it('sends what nobody asked for in an answer is dropped', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(3, 4);
    await settle();
    const [asked] = remote.take('request');
    const other = await writer.core.prove({ ...asked, block: { index: 5, nodes: 3 } });
    remote.say(data({ ...other, request: asked.id }));
    expect(site.drops).toEqual(['ERR_PROOF']);
  });

  it('signs with another key is dropped, and nothing is taken over', async () => {
    const writer = await writtenLog(10);
    const forger = await writtenLog(10, 20, 8);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    remote.greet(forger);
    await settle();
    await remote.answer(forger);
    expect(site.drops).toEqual(['ERR_SIGNATURE']);
    expect(site.log.length).toBe(0);
  });

  it('sends data out of the blue is not listened to', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    remote.greet(writer);
    await settle();
    const proof = await writer.core.prove(request({ id: 99, upgrade: { start: 0, length: 10 } }));
    remote.say(data({ ...proof, request: 99 }), data({ ...proof, request: 0 }));
    await settle();
    expect(site.log.length).toBe(0);
    expect(site.drops).toEqual([]);
  });

  it('gives false evidence of a conflict is dropped', async () => {
    const writer = await writtenLog(10);
    const forger = await writtenLog(10, 21, 8);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    const evidence = await forger.core.prove(request({ id: 0, upgrade: { start: 0, length: 10 } }));
    remote.say(data({ ...evidence, request: 0 }));
    await settle();
    expect(site.drops).toEqual(['ERR_SIGNATURE']);
    expect(site.events.some(({ type }) => type === 'conflict')).toBe(false);
  });

  it('has another tree of the same writer makes the conflict known, with evidence for the others', async () => {
    const writer = await writtenLog(10);
    const twin = await writtenLog(10, 21);
    const site = await Site.reading(writer);
    const honest = new ScriptedRemote(site);
    await honest.upgrade(writer);
    const remote = new ScriptedRemote(site);
    remote.greet(twin);
    const evidence = await twin.core.prove(request({ id: 0, upgrade: { start: 0, length: 10 } }));
    remote.say(data({ ...evidence, request: 0 }));
    await settle();
    expect(site.events.some(({ type }) => type === 'conflict')).toBe(true);
    const [told] = honest.take('data');
    expect([told.request, told.upgrade?.start, told.upgrade?.length]).toEqual([0, 0, 10]);
    expect(honest.closed && remote.closed).toBe(true);
  });

  it('has another tree of the same writer makes the conflict known while its blocks are being stored', async () => {
    const writer = await writtenLog(10);
    const other = await writtenLog(10, 21);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(0, 1);
    await settle();
    const [asked] = remote.take('request');
    const proof = await writer.core.prove(asked);
    const evidence = await other.core.prove(request({ id: 0, upgrade: { start: 0, length: 10 } }));
    remote.say(proof!, data({ ...evidence, request: 0 }));
    await settle();
    expect(site.log.core.conflict).not.toBeNull();
  });

  it('claims to have what it has not is asked for each block once', async () => {
    const writer = await writtenLog(100);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    site.wish(0, 100);
    let asked = 0;
    for (let turn = 0; turn < 10; turn++) {
      await settle();
      const requests = remote.take('request');
      asked += requests.length;
      for (const { id } of requests) remote.say(noData({ request: id }));
    }
    expect(asked).toBe(100);
    remote.say(bitfield({ start: 0, bitfield: Uint32Array.of(0b1010) }));
    await settle();
    expect(remote.take('request').map(({ block }) => block?.index)).toEqual([1, 3]);
  });

  it('claims a length that there cannot be costs no memory and no time', async () => {
    const writer = await writtenLog(5);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    site.wish(0, Infinity);
    const most = Number.MAX_SAFE_INTEGER;
    remote.say(synchronize({ length: most }), range({ start: 0, length: most }));
    remote.say(range({ start: 7, length: most, drop: true }), range({ start: 2 ** 40, length: 2 ** 52 }));
    for (let n = 0; n < 5000; n++) remote.say(range({ start: n * 2 ** 33 + 5, length: 1 }));
    await settle();
    const requests = remote.take('request');
    expect(requests.map(({ upgrade }) => upgrade)).toEqual([{ start: 0, length: most }]);
    expect(site.replication.peers[0].blocks.size).toBeLessThanOrEqual(1024 + 256);
  });

  it('claims a fork that it cannot prove is dropped, and the log stays', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    remote.say(synchronize({ fork: 5, length: 20 }));
    await settle();
    const [asked] = remote.take('request');
    expect([asked.fork, asked.upgrade]).toEqual([5, { start: 0, length: 20 }]);
    const proof = await writer.core.prove(request({ id: 1, upgrade: { start: 0, length: 10 } }));
    remote.say(data({ ...proof, request: asked.id, fork: 5 }));
    await settle();
    expect(site.drops.length).toBe(1);
    expect(site.drops[0]).toMatch(/ERR_(SIGNATURE|PROOF)/);
    expect([site.log.length, site.log.fork]).toEqual([10, 0]);
  });

  it('answers a question about a fork with something else holds nothing up', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const liar = new ScriptedRemote(site);
    liar.say(synchronize({ fork: 3, length: 20 }));
    await settle();
    const [asked] = liar.take('request');
    liar.say(data({ request: asked.id, fork: 3, hash: { index: 4, nodes: [] } }));
    expect(site.drops).toEqual(['ERR_PROOF']);
    const honest = new ScriptedRemote(site);
    await writer.truncate(5);
    honest.greet(writer);
    await settle();
    for (let turn = 0; turn < 5; turn++) await honest.answer(writer);
    expect([site.log.length, site.log.fork]).toEqual([5, 1]);
    expect(site.replication.isSettled).toBe(true);
  });

  it('leaves amid a fork holds nothing up', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const first = new ScriptedRemote(site);
    await first.upgrade(writer);
    await writer.truncate(6);
    first.greet(writer);
    await settle();
    const second = new ScriptedRemote(site);
    const proving = first.answer(writer);
    first.channel.end();
    await proving;
    second.greet(writer);
    await settle();
    for (let turn = 0; turn < 9; turn++) await second.answer(writer);
    expect([site.log.length, site.log.fork]).toEqual([6, 1]);
  });

  it('proves less than it says is asked once', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    remote.say(synchronize({ length: 20, remoteLength: 10 }));
    await settle();
    let asked = 0;
    for (let turn = 0; turn < 5; turn++) {
      for (const { id } of remote.take('request')) {
        asked++;
        remote.say(data({ request: id }));
      }
      await settle();
    }
    expect(asked).toBe(1);
    expect(site.replication.isSettled).toBe(true);
  });

  /** A remote that has never got what it just said that it has, and says more each time; tells how often it was asked. */
  const boaster = (
    site: Site,
    say: (times: number) => Message,
  ): { remote: ScriptedRemote; boast: () => number } => {
    const remote = new ScriptedRemote(site);
    let asked = 0;
    remote.say(say(0));
    const boast = (): number => {
      for (const { id } of remote.take('request')) remote.say(noData({ request: id }), say(++asked));
      return asked;
    };
    return { remote, boast };
  };

  it('is longer each time it is asked to prove it does not keep others from being asked, nor is asked at once', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const { boast } = boaster(site, times => synchronize({ length: 1000 + times }));
    const honest = new ScriptedRemote(site);
    honest.say(synchronize({ length: 10 }));
    await settle();
    expect(boast()).toBe(1);
    await settle();
    await honest.answer(writer);
    expect(site.log.length).toBe(10);

    const alone = await Site.reading(writer);
    const other = boaster(alone, times => synchronize({ length: 1000 + times }));
    const asked: number[] = [];
    for (const ms of [0, 900, 150, 1800, 250, 3800, 250]) {
      await alone.pass(ms);
      for (let turn = 0; turn < 5; turn++) {
        await settle();
        other.boast();
      }
      asked.push(other.boast());
    }
    expect(asked).toEqual([3, 3, 4, 4, 5, 5, 6]);
    expect(alone.replication.isSettled).toBe(true);
    expect(alone.drops).toEqual([]);
  });

  it('answers all but the request for a longer tree does not keep it from others', async () => {
    const writer = await writtenLog(40);
    const site = await Site.reading(writer);
    const trickler = new ScriptedRemote(site);
    const honest = new ScriptedRemote(site);
    await trickler.upgrade(writer);
    site.wish(0, 40);
    await settle();
    await writer.append(Uint8Array.of(1));
    trickler.say(synchronize({ length: 41, remoteLength: 40 }));
    await settle();
    honest.say(synchronize({ length: 41, remoteLength: 40 }));
    const waiting = trickler.take('request');
    expect(waiting.filter(({ upgrade }) => upgrade !== null).length).toBe(1);
    const trickle = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        const request = waiting.find(({ upgrade }) => upgrade === null)!;
        waiting.splice(waiting.indexOf(request), 1);
        const proof = await writer.core.prove(request);
        trickler.say(proof!);
        await site.pass(1000);
      }
    };
    await trickle(19);
    expect(honest.take('request')).toEqual([]);
    await trickle(6);
    expect(trickler.take('cancel').length).toBe(1);
    await honest.answer(writer);
    expect(site.log.length).toBe(41);
    expect(site.drops).toEqual([]);
  });

  it('has a higher fork each time it is asked to prove it does not keep others from being followed', async () => {
    const writer = await writtenLog(10);
    const site = await Site.reading(writer);
    const honest = new ScriptedRemote(site);
    await honest.upgrade(writer);
    const { boast } = boaster(site, times => synchronize({ fork: 1000 + times, length: 5 }));
    await settle();
    expect(boast()).toBe(1);
    await writer.truncate(6);
    honest.say(synchronize({ fork: 1, length: 6 }));
    for (let turn = 0; turn < 9; turn++) {
      boast();
      await honest.answer(writer);
    }
    expect([site.log.length, site.log.fork]).toEqual([6, 1]);
    expect(boast()).toBeLessThanOrEqual(3);
  });

  it('changes its mind all the time is answered once a turn', async () => {
    const site = new Site(await writtenLog(10));
    await site.log.clear(0, 1);
    const remote = new ScriptedRemote(site);
    await settle();
    remote.heard.length = 0;
    for (let n = 0; n < 5000; n++) remote.say(synchronize({ length: n % 10 }));
    await settle();
    expect(remote.take('synchronize').length).toBeLessThanOrEqual(2);
  });

  describe('asks', () => {
    it('once more than may wait is dropped', async () => {
      const site = new Site(await writtenLog(10), { maxQueuedRequests: 20 });
      site.log.core.prove = () => new Promise(() => undefined);
      const remote = new ScriptedRemote(site);
      for (let id = 1; id <= 20; id++) remote.say(request({ id, block: { index: 1, nodes: 0 } }));
      expect(site.drops).toEqual([]);
      remote.say(request({ id: 21, block: { index: 1, nodes: 0 } }));
      expect(site.drops).toEqual(['ERR_LIMIT_EXCEEDED']);
    });

    it('and takes back without end has a few answers in the making, not more', async () => {
      const site = new Site(await writtenLog(10), { maxProofsAtATime: 4 });
      let running = 0;
      let most = 0;
      const { core } = site.log;
      const prove = core.prove.bind(core);
      core.prove = async asked => {
        most = Math.max(most, ++running);
        const proof = await prove(asked);
        running--;
        return proof;
      };
      const remote = new ScriptedRemote(site);
      for (let id = 1; id <= 2000; id++) {
        remote.say(request({ id, block: { index: 1, nodes: 0 } }), cancel({ request: id }));
      }
      await settle();
      expect(most).toBe(4);
      expect(remote.take('data')).toEqual([]);
      expect(site.drops).toEqual([]);
    });

    it('while its link is full gets nothing until it has drained, each answer once', async () => {
      const site = new Site(await writtenLog(10));
      const remote = new ScriptedRemote(site);
      remote.drained.next(false);
      for (let id = 1; id <= 10; id++) remote.say(request({ id, block: { index: id - 1, nodes: 0 } }));
      remote.say(cancel({ request: 4 }));
      remote.say(request({ id: 11, block: { index: 3, nodes: 0 }, priority: 1 }));
      await settle();
      expect(remote.take('data')).toEqual([]);
      remote.drained.next(true);
      await settle();
      expect(remote.take('data').map(message => message.request)).toEqual([11, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
    });

    it('for what no honest peer asks is told so, and dropped when it goes on', async () => {
      const site = new Site(await writtenLog(10), { maxInvalidRequests: 5 });
      const remote = new ScriptedRemote(site);
      for (let id = 1; id <= 5; id++) remote.say(request({ id, upgrade: { start: 4, length: 100 } }));
      await settle();
      expect(site.drops).toEqual([]);
      expect(remote.take('noData').map(message => message.request)).toEqual([1, 2, 3, 4, 5]);
      remote.say(request({ id: 6, upgrade: { start: 4, length: 100 } }));
      await settle();
      expect(site.drops).toEqual(['ERR_LIMIT_EXCEEDED']);
    });

    it('for a block that is gone hears of that first', async () => {
      const log = await writtenLog(10);
      await log.clear(4, 6);
      const site = new Site(log);
      const remote = new ScriptedRemote(site);
      remote.take('range');
      remote.say(request({ id: 1, block: { index: 4, nodes: 0 } }));
      await settle();
      expect(remote.heard.slice(-2)).toEqual([range({ drop: true, start: 4 }), noData({ request: 1 })]);
    });

    it('what there is, once more than may wait, is dropped', async () => {
      const site = new Site(await writtenLog(10), { maxWants: 3 });
      const remote = new ScriptedRemote(site);
      remote.drained.next(false);
      for (let n = 0; n < 3; n++) remote.say(want({ start: 0, length: 32 }));
      expect(site.drops).toEqual([]);
      remote.say(want({ start: 0, length: 32 }));
      expect(site.drops).toEqual(['ERR_LIMIT_EXCEEDED']);
    });
  });
});
