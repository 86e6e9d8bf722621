import { createHash } from 'node:crypto';
import { map, take, toArray } from 'rxjs';
import { type Block, followBlocks } from '../../demo/blocks/followBlocks.js';
import { serveBlocks } from '../../demo/blocks/serveBlocks.js';
import { rustPeer06, rustPeer07 } from 'rx-hypercore';
import { hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { blockBytes } from '../interop/peers/blockBytes.mjs';
import { end, soon } from '../interop/support/OurSide.js';
import { ProofSource } from '../interop/support/ProofSource.js';
import { Relay } from './support/Relay.js';
import { type CrateVersion, RustPeer } from './support/RustPeer.js';
import { RustSide } from './support/RustSide.js';

const seed = '07'.repeat(32);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digestOf = ({ index, value }: Block): string => `${index} ${value.length} ${sha256(value)}`;
const expected = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index} ${size} ${sha256(blockBytes(index, size))}`);

interface Case {
  readonly version: CrateVersion;
  readonly weDial: boolean;
  readonly count: number;
  readonly size: number;
}

/** The crate's log writes, we read. */
async function readTheirs({ version, weDial, count, size }: Case): Promise<void> {
  const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'writer', seed, count, size });
  await expectSameHandshake(peer, ours);
  const channel = await ours.channel(peer.key);
  const blocks = followBlocks(channel).pipe(map(digestOf), take(count), toArray());
  expect(await soon(blocks, `${count} blocks`)).toEqual(expected(count, size));
}

/** We serve real proofs, the crate's log verifies them and keeps the blocks. */
async function serveOurs({ version, weDial, count, size }: Case): Promise<void> {
  const source = await ProofSource.create({ seed });
  await source.append(count, size);
  const key = hex(source.key);
  const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'reader', keys: [key], window: 8 });
  await expectSameHandshake(peer, ours);
  const serving = serveBlocks(await ours.channel(key), source).subscribe();
  expect((await peer.event('downloaded', () => true)).length).toBe(count);
  expect(blocksOf(peer)).toEqual(expected(count, size));
  serving.unsubscribe();
  await source.close();
}

/** The blocks that its log took, by index: answers come in the order in which they are ready. */
function blocksOf(peer: RustPeer): string[] {
  return peer
    .untaken('block')
    .sort((a, b) => a.index - b.index)
    .map(block => `${block.index} ${block.length} ${block.sha256}`);
}

async function expectSameHandshake(peer: RustPeer, ours: RustSide): Promise<void> {
  const here = await ours.event('handshake');
  const there = await peer.event('handshake');
  expect(hex(here.remotePublicKey ?? new Uint8Array())).toBe(there.publicKey);
  expect(hex(here.publicKey ?? new Uint8Array())).toBe(there.remotePublicKey);
}

for (const version of ['0.6', '0.7'] as const) {
  describe(`blocks with crate ${version}`, () => {
    afterEach(async () => {
      RustSide.dropAll();
      Relay.closeAll();
      await RustPeer.stopAll();
    });
    afterAll(() => expect(RustPeer.alive).toBe(0));

    for (const weDial of [true, false]) {
      const dialled = weDial ? 'we dial' : 'it dials';
      for (const [count, size] of [
        [4, 10],
        [1000, 100],
        [3, 0],
        [20, 16_000],
      ] as const) {
        const one = { version, weDial, count, size };
        it(`${dialled}, its core of ${count} × ${size} bytes`, () => readTheirs(one));
        it(`${dialled}, our core of ${count} × ${size} bytes`, () => serveOurs(one));
      }

      const big = { version, weDial, count: 1, size: 4 * 1024 * 1024 };
      it(`${dialled}, its core of one block of 4 MiB`, () => readTheirs(big));

      it(`${dialled}, our core of one block of 4 MiB: it cannot receive it, and we say so`, async () => {
        const source = await ProofSource.create({ seed });
        await source.append(1, big.size);
        const key = hex(source.key);
        const { peer, ours } = await RustSide.meet({ version, weDial }, { role: 'reader', keys: [key] });
        const channel = await ours.channel(key);
        const failure = await end(serveBlocks(channel, source), 'the refusal');
        expect(failure).toEqual(jasmine.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
        // What is too large for the remote costs the message, not the connection.
        expect(channel.isOpen).toBeTrue();
        expect(peer.untaken('error')).toEqual([]);
        await source.close();
      });
    }

    it('over a wire that cuts anywhere, blocks of many sizes both ways', async () => {
      const anywhere = { cuts: 'anywhere', longest: 3_000, pauseMs: 1 } as const;
      const random = new Random(`cuts for crate ${version}`);
      const whole = version === '0.6'; // as it is, it cannot read halves of frames
      const profile = whole ? { ...rustPeer06, maxPayloadBytes: 131_052, frameGapMs: 0 } : rustPeer07;
      const largest = whole ? 130_000 : 65_000;
      for (const weDial of [true, false]) {
        const meeting = { version, weDial, profile };
        for (const size of [1, 1_000, largest]) {
          const relay = new Relay(random, anywhere, anywhere);
          const writer = { role: 'writer', seed, count: 10, size, wholeFrames: whole } as const;
          const theirs = await RustSide.meet({ ...meeting, relay }, writer);
          const read = followBlocks(await theirs.ours.channel(theirs.peer.key)).pipe(
            map(digestOf),
            take(10),
            toArray(),
          );
          expect(await soon(read, 'its blocks')).toEqual(expected(10, size));

          const source = await ProofSource.create({ seed });
          await source.append(10, size);
          const key = hex(source.key);
          const reader = { role: 'reader', keys: [key], window: 8, wholeFrames: whole } as const;
          const ours = await RustSide.meet(
            { ...meeting, relay: new Relay(random, anywhere, anywhere) },
            reader,
          );
          serveBlocks(await ours.ours.channel(key), source).subscribe();
          await ours.peer.event('downloaded');
          expect(blocksOf(ours.peer)).toEqual(expected(10, size));
          await source.close();
        }
      }
    });

    it('live: it appends while we follow', async () => {
      const writer = { role: 'writer', seed, count: 1, size: 50 } as const;
      const { peer, ours } = await RustSide.meet({ version, weDial: true }, writer);
      const channel = await ours.channel(peer.key);
      const blocks: string[] = [];
      const all = soon(
        followBlocks(channel).pipe(
          map(block => blocks.push(digestOf(block))),
          take(60),
          toArray(),
        ),
        '60 blocks',
      );
      for (const count of [2, 49, 7, 1]) {
        peer.tell({ do: 'append', discoveryKey: hex(channel.discoveryKey), count, size: 50 });
      }
      await all;
      expect(blocks).toEqual(expected(60, 50));
    });

    it('live: we append while it follows', async () => {
      const source = await ProofSource.create({ seed });
      const key = hex(source.key);
      const { peer, ours } = await RustSide.meet({ version, weDial: false }, { role: 'reader', keys: [key] });
      serveBlocks(await ours.channel(key), source).subscribe();
      for (const count of [1, 2, 50, 1]) {
        await source.append(count, 50);
        await peer.event('downloaded', ({ length }) => length === source.length);
      }
      expect(blocksOf(peer)).toEqual(expected(54, 50));
      await source.close();
    });
  });
}
