import { EMPTY, firstValueFrom, take, toArray } from 'rxjs';
import { Channel } from '../../lib/connection/Channel.js';
import { rustPeer06, rustPeer07 } from '../../lib/connection/rustPeer.js';
import { cancel } from '../../lib/messages/cancel.js';
import { type Extension, extension } from '../../lib/messages/extension.js';
import { fill } from '../helpers/bytes.js';
import { type PairOptions, protocolPair, until } from './pair.js';

const key = fill(32, 3);
const other = fill(32, 4);

/** That both sides use the profile is enough here: the real peers have specs of their own. */
for (const peer of [rustPeer06, rustPeer07]) {
  describe(`the profile for ${peer.dialect}`, () => {
    const options: PairOptions = { peer };

    it('changes nothing that two peers with it can see', async () => {
      const { a, b, subscription } = protocolPair(options);
      const [here, there] = [a.open(key), b.open(key)];
      const sent = [
        ...Array.from({ length: 500 }, (_, request) => cancel({ request })),
        ...Array.from({ length: 5 }, () => extension({ name: 'note', payload: fill(4_000, 1) })),
      ];
      const got = firstValueFrom(there.pipe(take(sent.length), toArray()));
      for (const message of sent) here.next(message);
      expect((await got).map(({ type }) => type)).toEqual(sent.map(({ type }) => type));
      const answer = firstValueFrom(here);
      there.next(sent[500]);
      expect(await answer).toEqual(sent[500]);
      subscription.unsubscribe();
    });

    it('is understood by a peer without it, but for the payloads of extensions', async () => {
      const { a, b, subscription } = protocolPair(options, {});
      const [here, there] = [a.open(key), b.open(key)];
      const got = firstValueFrom(there);
      here.next(cancel({ request: 1 }));
      expect(await got).toEqual(cancel({ request: 1 }));
      const back = firstValueFrom(here);
      there.next(cancel({ request: 2 }));
      expect(await back).toEqual(cancel({ request: 2 }));
      subscription.unsubscribe();
    });

    it('never rejects: neither after the wait for an answer nor when asked to', async () => {
      const { a, b, log, subscription } = protocolPair({ peer, limits: { answerTimeoutMs: 20 } }, {});
      const channel = b.open(key);
      const failed: unknown[] = [];
      channel.subscribe({ error: error => failed.push(error) });
      await until(() => log.includes('a discovery-key'));
      await new Promise(resolve => setTimeout(resolve, 60));
      a.reject(channel.discoveryKey);
      await new Promise(resolve => setTimeout(resolve, 20));
      expect(failed).toEqual([]);
      const got = firstValueFrom(channel);
      a.open(key).next(cancel({ request: 1 }));
      expect(await got).toEqual(cancel({ request: 1 }));
      subscription.unsubscribe();
    });

    it('refuses what is too large where it is sent, and goes on', async () => {
      const { a, b, subscription } = protocolPair(options);
      const [here, there] = [a.open(key), b.open(key)];
      await firstValueFrom(here.opened);
      const tooLarge = extension({ name: 'note', payload: fill(peer.maxPayloadBytes, 1) });
      expect(() => here.next(tooLarge)).toThrow(jasmine.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
      const got = firstValueFrom(there);
      here.next(cancel({ request: 1 }));
      expect(await got).toEqual(cancel({ request: 1 }));
      subscription.unsubscribe();
    });

    it('fails a channel that was given too large a message before it was open', async () => {
      const { a, b, subscription } = protocolPair(options);
      const here = a.open(key);
      const failed: unknown[] = [];
      here.subscribe({ error: error => failed.push(error) });
      here.next(extension({ name: 'note', payload: fill(peer.maxPayloadBytes, 1) }));
      const kept = [a.open(other), b.open(other)];
      b.open(key);
      await until(() => failed.length > 0);
      expect(failed).toEqual([jasmine.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' })]);
      await firstValueFrom(kept[0].opened);
      subscription.unsubscribe();
    });

    it('refuses channels of other protocols', () => {
      const { a, subscription } = protocolPair(options);
      expect(() => a.channel({ protocol: 'chess', messages: {} })).toThrowError(TypeError, /those of cores/);
      subscription.unsubscribe();
    });

    it('says the name of an extension each time', () => {
      const names: string[] = [];
      const host = {
        drained: EMPTY,
        maxPendingMessages: 1,
        namesExtensions: true,
        channelEnded: () => undefined,
      };
      const channel = new Channel(key, other, host as never);
      channel.attach({
        send: (_type, value) => names.push((value as Extension).name) > 0,
        close: () => undefined,
      });
      channel.remoteOpened();
      for (const name of ['note', 'note', 'other', 'note'])
        channel.next(extension({ name, payload: fill(1, 1) }));
      expect(() => channel.next(extension({ name: '', payload: fill(1, 1) }))).toThrowError(RangeError);
      expect(names).toEqual(['note', 'note', 'other', 'note']);
    });

    it('gives way to limits and packing that are set, and is checked with them', () => {
      expect(() => protocolPair({ peer, limits: { keepAliveMs: -1 } })).toThrowError(RangeError);
      const { subscription } = protocolPair({
        peer,
        limits: { keepAliveMs: 0 },
        packing: { maxBatchBytes: 1 },
      });
      subscription.unsubscribe();
    });
  });
}
