import {
  bitfield,
  cancel,
  type Channel,
  data,
  extension,
  jsonCodec,
  type Message,
  noData,
  ofType,
  range,
  request,
  synchronize,
  unwant,
  want,
} from 'rx-hypercore';
import { take, toArray } from 'rxjs';
import { ascii, fill } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import { soon } from '../interop/support/OurSide.js';
import { RustPeer } from './support/RustPeer.js';
import { RustSide } from './support/RustSide.js';

const key = '03'.repeat(32);
const most = Number.MAX_SAFE_INTEGER;
const node = (index: number): { index: number; size: number; hash: Uint8Array } => ({
  index,
  size: 3 * index,
  hash: fill(32, index),
});
const block = { index: 300, value: ascii('a block'), nodes: [node(1), node(253)] };
const hash = { index: 7, nodes: [node(2)] };
const seek = { bytes: 70_000, nodes: [node(3)] };
const upgrade = { start: 1, length: 9, nodes: [node(4)], additionalNodes: [node(5)], signature: fill(64, 6) };
const manifest = {
  version: 1,
  hash: 'blake2b',
  allowPatch: false,
  quorum: 1,
  signers: [{ signature: 'ed25519', namespace: fill(32, 8), publicKey: fill(32, 9) }],
  prologue: null,
  linked: null,
  userData: null,
} as const;

/** Each message there is, with everything it may have, and as the crate sends it back if that is something else. */
const exchanges: readonly (readonly [string, Message, Partial<Message>?])[] = [
  ['synchronize', synchronize({ fork: 1, length: 300, remoteLength: 70_000, canUpgrade: false })],
  ['synchronize, not loading', synchronize({ uploading: false, downloading: false })],
  ['synchronize, large', synchronize({ fork: most, length: most, remoteLength: most })],
  [
    'synchronize with what hypercore 11 added',
    synchronize({ hasManifest: true, allowPush: true }),
    { hasManifest: false, allowPush: false },
  ],
  ['request of nothing', request({ id: 1 })],
  ['request of a block', request({ id: 300, fork: 2, block: { index: 3, nodes: 2 } })],
  ['request of a hash', request({ id: 2, hash: { index: 7, nodes: 1 } })],
  ['request of a seek', request({ id: 3, seek: { bytes: 70_000, padding: 0 } })],
  ['request of an upgrade', request({ id: 4, upgrade: { start: 5, length: 6 } })],
  [
    'request of everything',
    request({
      id: most,
      fork: most,
      block: { index: most, nodes: 64 },
      hash: { index: 8, nodes: 9 },
      seek: { bytes: most, padding: 0 },
      upgrade: { start: 10, length: most },
    }),
  ],
  [
    'request of a seek with padding',
    request({ id: 5, seek: { bytes: 9, padding: 8 }, upgrade: { start: 1, length: 2 } }),
    { seek: { bytes: 9, padding: 0 } },
  ],
  ['cancel', cancel({ request: 70_000 })],
  ['data of nothing', data({ request: 1 })],
  ['data of a block', data({ request: 2, fork: 3, block })],
  ['data of an empty block', data({ request: 2, block: { index: 0, value: new Uint8Array(), nodes: [] } })],
  ['data of a hash', data({ request: 3, hash })],
  ['data of a seek', data({ request: 4, seek })],
  ['data of an upgrade', data({ request: 5, upgrade })],
  ['data of an unsigned upgrade', data({ request: 5, upgrade: { ...upgrade, signature: null } })],
  ['data of everything', data({ request: most, fork: most, block, hash, seek, upgrade })],
  ['data with a manifest', data({ request: 6, block, manifest }), { manifest: null }],
  ['noData', noData({ request: 300 })],
  ['noData with a reason', noData({ request: 1, reason: 2 }), { reason: null }],
  ['want', want({ start: 0, length: 2_097_152 })],
  ['want of any', want({ start: 32, length: 64, any: true }), { any: false }],
  ['unwant', unwant({ start: 2_097_152, length: 2_097_152 })],
  ['unwant of any', unwant({ start: 32, length: 64, any: true }), { any: false }],
  ['bitfield', bitfield({ start: 32, bitfield: Uint32Array.of(0x89abcdef, 0, 0xffffffff) })],
  ['an empty bitfield', bitfield({ start: 0, bitfield: new Uint32Array() })],
  ['range of one', range({ start: 5 })],
  ['range of many', range({ start: 0, length: 300 })],
  ['range of one dropped', range({ drop: true, start: 70_000 })],
  ['range of many dropped', range({ drop: true, start: 3, length: 4 })],
  ['extension', extension({ name: 'note', payload: ascii('hello') })],
];

for (const version of ['0.6', '0.7'] as const) {
  describe(`messages with crate ${version}`, () => {
    afterEach(async () => {
      RustSide.dropAll();
      await RustPeer.stopAll();
    });

    async function echo(): Promise<{ channel: Channel; ours: RustSide; peer: RustPeer }> {
      const { peer, ours } = await RustSide.meet({ version, weDial: true }, { role: 'echo', keys: [key] });
      return { channel: await ours.channel(key), ours, peer };
    }

    it('every message comes back as it went', async () => {
      const { channel } = await echo();
      for (const [name, message, changed = {}] of exchanges) {
        const back = soon(channel, name);
        channel.next(message);
        expect(comparable(await back))
          .withContext(name)
          .toEqual(comparable({ ...message, ...changed }));
      }
    });

    it('requests come back with what the crate has a place for', async () => {
      const { channel } = await echo();
      const back = soon(channel, 'a request');
      const sent = request({ id: 1, upgrade: { start: 2, length: 3 }, manifest: true, priority: 1 });
      channel.next(sent);
      const kept = version === '0.6' ? { manifest: false, priority: 0 } : {};
      expect(await back).toEqual({ ...sent, ...kept });
    });

    it('all messages of one turn come back in order, however they were batched', async () => {
      const { channel } = await echo();
      const sent = exchanges.map(([, message]) => message);
      const back = soon(channel.pipe(take(3 * sent.length), toArray()), 'all of them');
      for (let n = 0; n < 3; n++) channel.sendBatch(sent);
      const types = (await back).map(({ type }) => type);
      expect(types).toEqual([...sent, ...sent, ...sent].map(({ type }) => type));
    });

    it('payloads of every length arrive, those that the crate misreads included', async () => {
      const { channel } = await echo();
      const lengths = Array.from({ length: 600 }, (_, n) => n + 1);
      const back = soon(channel.pipe(ofType('extension'), take(lengths.length), toArray()), 'all of them');
      for (const length of lengths)
        channel.next(extension({ name: 'n', payload: fill(length, length & 0xff) }));
      expect((await back).map(({ payload }) => payload.length)).toEqual(lengths);
    });

    it('extensions keep their names, said again each time', async () => {
      const { channel } = await echo();
      const names = ['note', 'note', 'other', 'note', 'note'];
      const back = soon(channel.pipe(ofType('extension'), take(names.length), toArray()), 'all of them');
      for (const [n, name] of names.entries()) {
        channel.next(extension({ name, payload: Uint8Array.of(n) }));
      }
      expect((await back).map(({ name, payload }) => [name, payload[0]])).toEqual(
        names.map((name, n) => [name, n]),
      );
    });

    it('extensions with a codec', async () => {
      const { channel } = await echo();
      const chat = channel.extension('chat', jsonCodec<{ text: string }>());
      const heard = soon(chat, 'the echo');
      chat.next({ text: 'grüß Gott' });
      expect(await heard).toEqual({ text: 'grüß Gott' });
    });

    it('extensions without a payload', async () => {
      const { channel } = await echo();
      const empty = extension({ name: 'note', payload: new Uint8Array() });
      if (version === '0.6') {
        expect(() => channel.next(empty)).toThrowError(RangeError, /cannot read an extension/);
        return;
      }
      const back = soon(channel.pipe(ofType('extension')), 'the echo');
      channel.next(empty);
      expect((await back).payload.length).toBe(0);
    });

    it('the largest message that reaches it, and one byte more', async () => {
      const { channel } = await echo();
      const limit = version === '0.6' ? 16_384 : 65_516;
      const overhead = version === '0.6' ? 8 : 11; // channel and type as counted, name, the payload's length
      const payload = fill(limit - overhead, 0x61);
      const back = soon(channel.pipe(ofType('extension')), 'the echo');
      channel.next(extension({ name: 'a', payload }));
      expect((await back).payload.length).toBe(payload.length);
      expect(() => channel.next(extension({ name: 'a', payload: fill(payload.length + 1, 0x61) }))).toThrow(
        jasmine.objectContaining({ code: 'ERR_FRAME_TOO_LARGE', limit: limit + 17, length: limit + 18 }),
      );
      const after = soon(channel, 'a later message');
      channel.next(cancel({ request: 1 }));
      expect((await after).type).toBe('cancel');
    });
  });
}
