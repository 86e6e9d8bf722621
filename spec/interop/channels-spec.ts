import { createHash } from 'node:crypto';
import { firstValueFrom, map, take, toArray } from 'rxjs';
import {
  extension,
  isHypercoreError,
  jsonCodec,
  ofType,
  portableCrypto,
  keyPairFromSeed,
  synchronize,
} from 'rx-hypercore';
import { followBlocks } from '../../demo/blocks/followBlocks.js';
import { serveBlocks } from '../../demo/blocks/serveBlocks.js';
import { hex } from '../helpers/bytes.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { end, OurSide, soon } from './support/OurSide.js';
import { Peer } from './support/Peer.js';
import { ProofSource } from './support/ProofSource.js';

const seed = '07'.repeat(32);
const otherSeed = '08'.repeat(32);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A connection that was cut: the system reports it as an end or as a reset, by what was under way. */
const lost = /^ERR_TRANSPORT_(CLOSED|FAILED)$/;

/** The code of a failure of this library, null for an end in order; anything else fails the spec. */
function codeOf(error: unknown): string | null {
  if (error === null) return null;
  if (isHypercoreError(error)) return error.code;
  throw error as Error;
}

for (const version of [10, 11] as const) {
  describe(`interop: channels with hypercore ${version}`, () => {
    afterEach(async () => {
      OurSide.dropAll();
      await Peer.stopAll();
    });
    afterAll(() => expect(Peer.alive).toBe(0));

    /** A peer with one core of four blocks, and the connection to it. */
    async function withTheirCore(weDial: boolean): Promise<{ peer: Peer; ours: OurSide; key: string }> {
      const peer = await Peer.start(version);
      const { key } = await peer.command('create', { core: 'a', seed });
      await peer.command('append', { core: 'a', count: 4, size: 10 });
      return { peer, ours: await OurSide.connect(peer, { weDial }), key };
    }

    for (const weDial of [true, false]) {
      const dialled = weDial ? 'we dial' : 'it dials';

      it(`extensions both ways, names left out and said again (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const channel = await ours.channel(key);
        const names = ['note', 'note', 'other', 'note', 'note'];
        for (const name of ['note', 'other']) await peer.command('extension', { core: 'a', extension: name });

        const raw = soon(channel.pipe(ofType('extension'), take(5), toArray()), 'five extension messages');
        const notes = soon(channel.extension('note').pipe(map(hex), take(4), toArray()), 'four notes');
        const others = soon(channel.extension('other').pipe(map(hex)), 'the other one');
        for (const [n, name] of names.entries()) {
          await peer.command('send', { core: 'a', extension: name, data: `aa0${n}` });
        }
        expect(await notes).toEqual(['aa00', 'aa01', 'aa03', 'aa04']);
        expect(await others).toBe('aa02');
        expect((await raw).map(({ name }) => name)).toEqual(names);

        for (const [n, name] of names.entries()) channel.extension(name).next(Uint8Array.of(0xbb, n));
        for (const [n, name] of names.entries()) {
          const event = await peer.event('extension');
          expect([event.extension, event.data]).toEqual([name, `bb0${n}`]);
        }
      });

      it(`extensions with a codec, an empty payload and a name nobody knows (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const channel = await ours.channel(key);
        await peer.command('extension', { core: 'a', extension: 'chat' });
        channel.next(extension({ name: 'unknown', payload: Uint8Array.of(1) }));
        const chat = channel.extension('chat', jsonCodec<{ text: string }>());
        chat.next({ text: 'grüezi' });
        channel.extension('unknown').next(new Uint8Array(0));
        channel.next(extension({ name: 'chat', payload: new Uint8Array(0) }));
        expect(Buffer.from((await peer.event('extension')).data, 'hex').toString()).toBe('{"text":"grüezi"}');
        expect((await peer.event('extension')).data).toBe('');

        const said = soon(chat, 'the chat');
        const data = Buffer.from('{"text":"hoi"}').toString('hex');
        await peer.command('send', { core: 'a', extension: 'chat', data });
        expect(await said).toEqual({ text: 'hoi' });
      });

      it(`two cores on one connection, one theirs and one ours (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const source = await ProofSource.create({ seed: otherSeed, manifest: true });
        await source.append(6, 20);
        await peer.command('open', { core: 'b', key: hex(source.key) });
        const [theirs, served] = await Promise.all([ours.channel(key), ours.channel(hex(source.key))]);
        expect(ours.protocol.channels).toEqual([theirs, served]);
        serveBlocks(served, source).subscribe();
        const read = followBlocks(theirs).pipe(take(4), toArray());
        const [blocks] = await Promise.all([
          soon(read, 'their blocks'),
          peer.command('download', { core: 'b', end: 6 }),
        ]);
        expect(blocks.map(({ value }) => hex(value))).toEqual([0, 1, 2, 3].map(n => hex(blockBytes(n, 10))));
        for (let index = 0; index < 6; index++) {
          expect((await peer.event('block')).sha256).toBe(sha256(blockBytes(index, 20)));
        }

        // We close one: the other lives.
        served.close();
        expect(await end(served, 'our channel')).toBeNull();
        await peer.event('peer-remove', ({ core }) => core === 'b');
        const next = soon(followBlocks(theirs, { start: 4 }), 'a block on the other channel');
        await peer.command('append', { core: 'a', count: 1, size: 10 });
        expect(hex((await next).value)).toBe(hex(blockBytes(4, 10)));

        // It closes the other: the connection lives.
        await peer.command('close', { core: 'a' });
        expect(await end(theirs, 'their channel')).toBeNull();
        await ours.event('close', event => hex(event.discoveryKey) === hex(theirs.discoveryKey));
        expect(ours.protocol.channels).toEqual([]);
        expect(peer.untaken('closed')).toEqual([]);
        await source.close();
      });

      it(`a channel that we closed opens again (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        for (let round = 0; round < 3; round++) {
          const channel = await ours.channel(key);
          await peer.event('peer-add');
          const blocks = await soon(followBlocks(channel).pipe(take(4), toArray()), 'four blocks');
          expect(blocks.length).toBe(4);
          channel.close();
          await peer.event('peer-remove');
        }
      });

      it(`they reject a core that they do not have (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const unknown = ours.protocol.open(new Uint8Array(32).fill(9));
        unknown.next(synchronize());
        expect(codeOf(await end(unknown, 'the reject'))).toBe('ERR_CHANNEL_REJECTED');
        const { discoveryKey } = await peer.event('discovery-key');
        expect(discoveryKey).toBe(hex(unknown.discoveryKey));
        const { index } = await soon(followBlocks(await ours.channel(key)), 'a block of the core they have');
        expect(index).toBe(0);
      });

      it(`we reject a core that we do not have (${dialled})`, async () => {
        const peer = await Peer.start(version);
        const unknown = 'ab'.repeat(32);
        const { discoveryKey } = await peer.command('open', { core: 'a', key: unknown });
        const ours = await OurSide.connect(peer, { weDial });
        const event = await ours.event('discovery-key');
        expect(hex(event.discoveryKey)).toBe(discoveryKey);
        const updated = peer.command('update', { core: 'a' });
        ours.protocol.reject(event.discoveryKey);
        expect((await updated).changed).toBeFalse();
        expect((await peer.command('peers', { core: 'a' })).peers).toEqual([]);
      });

      it(`we answer a core that they opened first (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        await ours.event('discovery-key');
        const channel = ours.protocol.open(Buffer.from(key, 'hex'));
        // What they say of themselves is the first that comes, and none of it is lost.
        const said = await soon(channel.pipe(take(2), toArray()), 'their first messages');
        expect(said.map(({ type }) => type)).toEqual(['synchronize', 'range']);
        await peer.event('peer-add');
      });

      it(`the connection ends in order, by us (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const channel = await ours.channel(key);
        ours.protocol.close();
        expect(await end(channel, 'the channel')).toBeNull();
        expect(codeOf(await ours.ended())).toBeNull();
        expect((await peer.event('closed')).error).toBeNull();
      });

      it(`the connection ends by them, with a channel open and without (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const channel = await ours.channel(key);
        const channelEnd = end(channel, 'the channel');
        await peer.command('end', { connection: ours.connection });
        // An end of stream is authenticated by nobody, so with a channel open it counts as lost.
        expect(codeOf(await ours.ended())).toBe('ERR_TRANSPORT_CLOSED');
        expect(codeOf(await channelEnd)).toBe('ERR_CHANNEL_CLOSED');
        expect((await peer.event('closed')).error).toBeNull();

        const again = await OurSide.connect(peer, { weDial });
        await again.event('handshake');
        const idle = again.ended();
        await peer.command('end', { connection: again.connection });
        expect(codeOf(await idle)).toBeNull();
      });

      it(`the connection is reset by them (${dialled})`, async () => {
        const { peer, ours, key } = await withTheirCore(weDial);
        const channelEnd = end(await ours.channel(key), 'the channel');
        await peer.command('destroy', { connection: ours.connection });
        // Node ends a socket before it resets it; which of the two is read first is up to the system.
        expect(codeOf(await ours.ended())).toMatch(lost);
        expect(codeOf(await channelEnd)).toBe('ERR_CHANNEL_CLOSED');
      });

      it(`their process is killed in the middle of a download (${dialled})`, async () => {
        const peer = await Peer.start(version);
        const { key } = await peer.command('create', { core: 'a', seed });
        await peer.command('append', { core: 'a', count: 5000, size: 1000 });
        const ours = await OurSide.connect(peer, { weDial });
        const blocks = followBlocks(await ours.channel(key));
        const downloaded = end(blocks, 'the download');
        await firstValueFrom(blocks);
        const ended = ours.ended();
        await peer.kill();
        expect(codeOf(await ended)).toMatch(lost);
        expect(codeOf(await downloaded)).toBe('ERR_CHANNEL_CLOSED');
        expect(ours.protocol.channels).toEqual([]);
      });
    }

    it('shakes hands in IK, in either role', async () => {
      const keyPair = keyPairFromSeed(portableCrypto, Buffer.from(otherSeed, 'hex'));
      const theirs = keyPairFromSeed(portableCrypto, Buffer.from(seed, 'hex')).publicKey;
      const peer = await Peer.start(version);
      for (const weDial of [true, false]) {
        const ours = await OurSide.connect(peer, {
          weDial,
          keyPair,
          pattern: 'IK',
          remotePublicKey: theirs,
          theirs: { seed, pattern: 'IK', ...(!weDial && { remotePublicKey: hex(keyPair.publicKey) }) },
        });
        await ours.event('handshake');
        expect((await peer.event('handshake')).remotePublicKey).toBe(hex(keyPair.publicKey));
        expect(hex(ours.protocol.remotePublicKey ?? new Uint8Array(0))).toBe(hex(theirs));
        ours.drop();
      }
    });

    it('refuses a peer that is not the one expected, and one that is not welcome', async () => {
      const peer = await Peer.start(version);
      const expecting = { weDial: true, theirs: { seed }, remotePublicKey: new Uint8Array(32).fill(9) };
      const pinned = await OurSide.connect(peer, expecting);
      expect(codeOf(await pinned.ended())).toBe('ERR_REMOTE_KEY_MISMATCH');
      const seen: string[] = [];
      const authorize = (remotePublicKey: Uint8Array): Promise<boolean> => {
        seen.push(hex(remotePublicKey));
        return Promise.resolve(false);
      };
      const unwelcome = await OurSide.connect(peer, { weDial: false, theirs: { seed }, authorize });
      expect(codeOf(await unwelcome.ended())).toBe('ERR_REMOTE_KEY_REJECTED');
      expect(seen).toEqual([hex(keyPairFromSeed(portableCrypto, Buffer.from(seed, 'hex')).publicKey)]);
    });
  });
}
