import { encode } from '../../lib/encoding/encode.js';
import { openLog } from '../../lib/log/openLog.js';
import { data } from '../../lib/messages/data.js';
import { request } from '../../lib/messages/request.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { messageCodecs } from '../../lib/messages/wireTypes.js';
import { ascii, hex, unhex } from '../helpers/bytes.js';
import file from '../vectors/sessions-v11.json' with { type: 'json' };
import { settle } from '../helpers/settle.js';
import { ScriptedRemote, Site, writtenLog } from './ScriptedRemote.js';

interface Recorded {
  readonly name: string;
  readonly core: { readonly key: string; readonly seed: string };
  readonly log: readonly { readonly hex?: string; readonly is?: string; readonly from?: string }[];
}

describe('pushed blocks', () => {
  it('leave as hypercore 11 sends them', async () => {
    const session = (file.sessions as unknown as Recorded[]).find(({ name }) => name === 'p-push')!;
    const recorded = session.log.filter(({ is, from }) => is === '1:data' && from === 'responder');
    const log = await openLog({ seed: unhex(session.core.seed), compat: false });
    expect(hex(log.key)).toBe(session.core.key);
    await log.append([0, 1, 2, 3].map(index => ascii(`vec block ${index}`)));
    const site = new Site(log);
    const remote = new ScriptedRemote(site);
    const { replication } = site;
    remote.say(synchronize({ allowPush: true }));
    remote.say(request({ id: 1, upgrade: { start: 0, length: 4 }, manifest: true }));
    await settle();
    remote.say(synchronize({ length: 4, remoteLength: 4, allowPush: true, hasManifest: true }));
    for (const index of [1, 3, 0]) expect(await replication.push(index)).toBe(1);
    await log.append([4, 5].map(index => ascii(`vec block ${index}`)));
    remote.say(request({ id: 1, upgrade: { start: 4, length: 2 } }));
    await settle();
    expect(await replication.push(5)).toBe(1);
    const sent = remote.take('data').map(message => `0103${hex(encode(messageCodecs[3], message))}`);
    expect(sent).toEqual(recorded.map(({ hex: payload }) => payload!));
  });

  it('leave for whoever allows it, is told of the length, and has them not', async () => {
    const site = new Site(await writtenLog(10));
    const said = [
      synchronize({ length: 10, allowPush: true }),
      synchronize({ length: 10 }),
      synchronize({ length: 10, allowPush: true, downloading: false }),
      synchronize({ length: 10, fork: 1, allowPush: true }),
      synchronize({ length: 11, allowPush: true }),
    ];
    const remotes = said.map(message => {
      const remote = new ScriptedRemote(site);
      remote.say(message);
      return remote;
    });
    expect(await site.replication.push(4)).toBe(1);
    expect(remotes.map(remote => remote.take('data').length)).toEqual([1, 0, 0, 0, 0]);
  });

  it('wait for the link', async () => {
    const site = new Site(await writtenLog(10));
    const remote = new ScriptedRemote(site);
    remote.say(synchronize({ length: 10, allowPush: true }));
    remote.drained.next(false);
    const pushed = site.replication.push(4);
    await settle();
    expect(remote.take('data')).toEqual([]);
    remote.drained.next(true);
    expect(await pushed).toBe(1);
    expect(remote.take('data').length).toBe(1);
  });

  it('are left where they are unless they are allowed', async () => {
    const writer = await writtenLog(10);
    for (const allowPush of [false, true]) {
      const site = new Site(await openLog({ key: writer.key }), {}, allowPush);
      const remote = new ScriptedRemote(site);
      await remote.upgrade(writer);
      expect(remote.take('synchronize').map(said => said.allowPush)).toContain(allowPush);
      const proof = await writer.core.prove(request({ id: 0, block: { index: 4, nodes: 3 } }));
      remote.say(data({ ...proof, request: 0 }));
      await settle();
      expect(site.log.has(4)).toBe(allowPush);
      expect(site.drops).toEqual([]);
    }
  });

  it('are not all taken at once', async () => {
    const writer = await writtenLog(100);
    const site = new Site(await openLog({ key: writer.key }), { maxInFlightPerPeer: 10 }, true);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    for (let index = 0; index < 64; index++) {
      const proof = await writer.core.prove(request({ id: 0, block: { index, nodes: 6 } }));
      remote.say(data({ ...proof, request: 0 }));
    }
    await settle();
    const taken = Array.from({ length: 64 }, (_, index) => site.log.has(index)).filter(Boolean).length;
    expect(taken).toBeGreaterThan(9);
    expect(taken).toBeLessThan(64);
    expect(site.drops).toEqual([]);
  });

  it('that do not fit are left, and such as are wrong end the channel', async () => {
    const writer = await writtenLog(10);
    const site = new Site(await openLog({ key: writer.key }), {}, true);
    const remote = new ScriptedRemote(site);
    await remote.upgrade(writer);
    const proof = await writer.core.prove(request({ id: 0, block: { index: 4, nodes: 1 } }));
    for (let i = 0; i < 200; i++) {
      remote.say(data({ ...proof, request: 0 }));
      await settle();
    }
    expect(site.drops).toEqual([]);
    const whole = await writer.core.prove(request({ id: 0, block: { index: 4, nodes: 3 } }));
    const block = { ...whole!.block!, value: new Uint8Array(20) };
    remote.say(data({ ...whole, request: 0, block }));
    await settle();
    expect(site.log.has(4)).toBe(false);
    await remote.answer(writer); // it is asked for what it has signed
    expect(site.drops).toEqual(['ERR_CHECKSUM']);
  });
});
