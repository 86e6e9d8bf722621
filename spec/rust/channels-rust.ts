import { cancel, type Channel, discoveryKey, portableCrypto, range, want } from 'rx-hypercore';
import { take, timer, toArray } from 'rxjs';
import { hex, unhex } from '../helpers/bytes.js';
import { end, soon } from '../interop/support/OurSide.js';
import { OurProcess } from './support/OurProcess.js';
import { RustPeer } from './support/RustPeer.js';
import { RustSide } from './support/RustSide.js';

const keys = ['03', '04', '05'].map(byte => byte.repeat(32));
const [key, other] = keys;
const dk = (of: string): string => hex(discoveryKey(portableCrypto, unhex(of)));
const wait = (ms: number): Promise<unknown> => soon(timer(ms), 'a while', ms + 5_000);

/** A message goes there and comes back. */
async function expectEcho(channel: Channel, id: number): Promise<void> {
  const back = soon(channel, `the echo of ${id}`);
  channel.next(cancel({ request: id }));
  expect(await back).toEqual(cancel({ request: id }));
}

for (const version of ['0.6', '0.7'] as const) {
  describe(`channels with crate ${version}`, () => {
    afterEach(async () => {
      RustSide.dropAll();
      await Promise.all([RustPeer.stopAll(), OurProcess.stopAll()]);
    });
    afterAll(() => expect(RustPeer.alive + OurProcess.alive).toBe(0));

    for (const weDial of [true, false]) {
      const dialled = weDial ? 'we dial' : 'it dials';

      it(`a channel that only it opens: we see the discovery key, and reject nothing (${dialled})`, async () => {
        const meeting = { version, weDial, limits: { answerTimeoutMs: 100 } };
        const { peer, ours } = await RustSide.meet(meeting, { role: 'echo', keys, active: true });
        for (const one of keys) {
          await ours.event('discovery-key', event => hex(event.discoveryKey) === dk(one));
        }
        ours.protocol.reject(unhex(dk(other)));
        await wait(300); // beyond the wait for an answer, after which others are rejected
        await expectEcho(await ours.channel(key), 1);
        await expectEcho(await ours.channel(other), 2);
        expect(peer.untaken('error')).toEqual([]);
      });

      it(`a channel that only we open (${dialled})`, async () => {
        const meeting = { version, weDial, limits: { openTimeoutMs: 500 } };
        const { peer, ours } = await RustSide.meet(meeting, { role: 'echo', keys: [key] });
        const nobody = ours.protocol.open(unhex(other));
        nobody.next(want({ start: 0, length: 1 })); // must not reach it before it opens the channel
        expect((await peer.event('discovery-key')).discoveryKey).toBe(dk(other));
        expect(await end(nobody, 'the end of the channel')).toEqual(
          jasmine.objectContaining({ code: 'ERR_TIMEOUT', scope: 'channel' }),
        );
        await expectEcho(await ours.channel(key), 1);
      });

      it(`two channels, with messages of both in one turn (${dialled})`, async () => {
        const { ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const [a, b] = [await ours.channel(key), await ours.channel(other)];
        const count = 200;
        const back = [a, b].map(channel => soon(channel.pipe(take(count), toArray()), 'all of them'));
        for (let n = 0; n < count; n++) {
          a.next(cancel({ request: n }));
          b.next(range({ start: n }));
        }
        const [ofA, ofB] = await Promise.all(back);
        expect(ofA).toEqual(Array.from({ length: count }, (_, n) => cancel({ request: n })));
        expect(ofB).toEqual(Array.from({ length: count }, (_, n) => range({ start: n })));
      });

      it(`many channels opened in one turn (${dialled})`, async () => {
        const many = Array.from({ length: 20 }, (_, n) => (n + 1).toString(16).padStart(2, '0').repeat(32));
        const { ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys: many });
        const channels = many.map(one => ours.protocol.open(unhex(one)));
        for (const [n, channel] of channels.entries()) channel.next(cancel({ request: n }));
        const back = await Promise.all(channels.map(channel => soon(channel, 'the echo')));
        expect(back).toEqual(channels.map((_, n) => cancel({ request: n })));
      });

      it(`we close, and open again (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const kept = await ours.channel(other);
        for (let n = 0; n < 5; n++) {
          const channel = await ours.channel(key);
          await expectEcho(channel, n);
          channel.close();
          expect((await peer.event('close')).discoveryKey).toBe(dk(key));
          expect(channel.isOpen).toBeFalse();
        }
        await expectEcho(kept, 9);
      });

      it(`it closes, and we open again (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const kept = await ours.channel(other);
        for (let n = 0; n < 5; n++) {
          const channel = await ours.channel(key);
          await expectEcho(channel, n);
          const ended = end(channel, 'the close');
          peer.tell({ do: 'close', discoveryKey: dk(key) });
          expect(await ended).toBeNull();
        }
        await expectEcho(kept, 9);
      });

      it(`it closes and opens again itself (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const channel = await ours.channel(key);
        const ended = end(channel, 'the close');
        peer.tell({ do: 'close', discoveryKey: dk(key) });
        expect(await ended).toBeNull();
        peer.tell({ do: 'open', key });
        await ours.event('discovery-key');
        await expectEcho(await ours.channel(key), 1);
      });

      it(`both close at once (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const kept = await ours.channel(other);
        for (let n = 0; n < 5; n++) {
          const channel = await ours.channel(key);
          peer.tell({ do: 'close', discoveryKey: dk(key) });
          channel.close();
          await peer.event('close');
          await wait(20);
        }
        await expectEcho(kept, 1);
      });

      it(`what we send behind a close of its own, and it behind one of ours, is dropped (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const [channel, kept] = [await ours.channel(key), await ours.channel(other)];
        for (let n = 0; n < 100; n++) channel.next(cancel({ request: n }));
        channel.close(); // with a hundred answers under way
        await peer.event('close');
        await expectEcho(kept, 1);
      });

      it(`send_batch: all that it sends at once arrives in order (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'report', keys });
        const channel = await ours.channel(key);
        const all = soon(channel.pipe(take(303), toArray()), 'all of them');
        const some = (from: number, count: number): { type: string; request: number }[] =>
          Array.from({ length: count }, (_, n) => ({ type: 'cancel', request: from + n }));
        const discovery = { discoveryKey: dk(key) };
        peer.tell({ do: 'send-batch', ...discovery, messages: some(0, 300) });
        peer.tell({ do: 'send', ...discovery, messages: some(300, 2) });
        peer.tell({ do: 'send-batch', ...discovery, messages: some(302, 1) });
        expect(await all).toEqual(Array.from({ length: 303 }, (_, n) => cancel({ request: n })));
      });

      it(`an end in order: ours (${dialled})`, async () => {
        const { ours } = await RustSide.meet(
          { version, weDial, limits: { closeTimeoutMs: 300 } },
          { role: 'echo', keys },
        );
        const channel = await ours.channel(key);
        const ended = end(channel, 'the end of the channel');
        ours.protocol.close();
        expect(await ended).toBeNull();
        // The crate does not notice that we ended; we do not wait for it for ever.
        expect(await ours.ended()).toBeNull();
      });

      it(`it is killed (${dialled})`, async () => {
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'echo', keys });
        const channel = await ours.channel(key);
        const ended = end(channel, 'the end of the channel');
        await peer.kill();
        const lost = jasmine.stringMatching(/^ERR_TRANSPORT_(CLOSED|FAILED)$/);
        expect(await ours.ended()).toEqual(jasmine.objectContaining({ code: lost }));
        expect(await ended).toEqual(jasmine.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
      });
    }

    it('seeks that it asks for are read as it writes them', async () => {
      const { peer, ours } = await RustSide.meet({ version, weDial: true }, { role: 'report', keys });
      const channel = await ours.channel(key);
      const asked = soon(channel, 'the request');
      const seek = { bytes: 70_000 };
      const upgrade = { start: 4, length: 5 };
      peer.tell({
        do: 'send',
        discoveryKey: dk(key),
        messages: [{ type: 'request', id: 3, seek, upgrade }],
      });
      expect(await asked).toEqual(
        jasmine.objectContaining({ id: 3, seek: { ...seek, padding: 0 }, upgrade }),
      );
    });

    it('other channels than those of cores are refused here, before they end the connection', async () => {
      const { ours } = await RustSide.meet({ version, weDial: true }, { role: 'echo', keys });
      expect(() => ours.protocol.channel({ protocol: 'chess', messages: {} })).toThrowError(TypeError);
      await expectEcho(await ours.channel(key), 1);
    });

    it('we are killed', async () => {
      const peer = await RustPeer.start(version, { role: 'echo', keys });
      const us = await OurProcess.start(version, peer.port, key);
      await peer.event('channel');
      await us.kill();
      if (version === '0.7') {
        // It learns it from nobody, until it sends something.
        const messages = [{ type: 'cancel', request: 1 }];
        peer.tell({ do: 'send', discoveryKey: dk(key), messages });
        await wait(100);
        peer.tell({ do: 'send', discoveryKey: dk(key), messages });
      }
      expect(await peer.failure(30_000)).toMatch(/timed out|reset|[Bb]roken pipe|[Ff]lush failed|IO error/);
    });

    it('an idle connection lives on, for longer than either side waits', async () => {
      const limits = { idleTimeoutMs: version === '0.7' ? 0 : 15_000 };
      const { peer, ours } = await RustSide.meet({ version, weDial: true, limits }, { role: 'echo', keys });
      const channel = await ours.channel(key);
      await wait(24_000);
      await expectEcho(channel, 1);
      expect(peer.untaken('error')).toEqual([]);
    });
  });
}
