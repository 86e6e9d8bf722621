import { createHash } from 'node:crypto';
import { map, take, toArray } from 'rxjs';
import { type Block, followBlocks } from '../../demo/blocks/followBlocks.js';
import { serveBlocks } from '../../demo/blocks/serveBlocks.js';
import { hex } from '../helpers/bytes.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { OurSide, soon } from './support/OurSide.js';
import { type HypercoreVersion, Peer } from './support/Peer.js';
import { ProofSource } from './support/ProofSource.js';

const seed = '07'.repeat(32);
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const digestOf = ({ index, value }: Block): string => `${index} ${value.length} ${sha256(value)}`;
const expected = (index: number, size: number): string =>
  `${index} ${size} ${sha256(blockBytes(index, size))}`;

interface Case {
  readonly version: HypercoreVersion;
  readonly weDial: boolean;
  readonly count: number;
  readonly size: number;
  readonly manifest: boolean;
}

/** The peer writes, we read. */
async function readTheirs({ version, weDial, count, size, manifest }: Case): Promise<void> {
  const peer = await Peer.start(version);
  const { key, discoveryKey } = await peer.command('create', { core: 'theirs', seed, manifest });
  await peer.command('append', { core: 'theirs', count, size });
  const ours = await OurSide.connect(peer, { weDial });
  await expectSameHandshake(peer, ours);

  const channel = await ours.channel(key);
  expect(hex(channel.discoveryKey)).toBe(discoveryKey);
  const blocks = followBlocks(channel).pipe(map(digestOf), take(count), toArray());
  const wanted = Array.from({ length: count }, (_, index) => expected(index, size));
  expect(await soon(blocks, `${count} blocks`)).toEqual(wanted);
}

/** We serve, the peer reads. */
async function serveOurs({ version, weDial, count, size, manifest }: Case): Promise<void> {
  const source = await ProofSource.create({ seed, manifest });
  await source.append(count, size);
  const peer = await Peer.start(version);
  await peer.command('open', { core: 'ours', key: hex(source.key) });
  const ours = await OurSide.connect(peer, { weDial });
  await expectSameHandshake(peer, ours);

  const channel = await ours.channel(hex(source.key));
  const serving = serveBlocks(channel, source).subscribe();
  await peer.event('append', ({ length }) => length === count);
  const whole = await peer.command('download', { core: 'ours', end: count });
  const digests = Array.from({ length: count }, (_, index) => sha256(blockBytes(index, size)));
  expect(whole.byteLength).toBe(count * size);
  expect(whole.sha256).toBe(sha256(digests.join('')));
  expect((await peer.command('info', { core: 'ours' })).contiguousLength).toBe(count);
  serving.unsubscribe();
  await source.close();
}

/** Both ends know the same session, and each other. */
async function expectSameHandshake(peer: Peer, ours: OurSide): Promise<void> {
  const here = await ours.event('handshake');
  const there = await peer.event('handshake');
  const { publicKey, remotePublicKey } = here;
  if (publicKey === null || remotePublicKey === null) return fail('no keys');
  expect(hex(remotePublicKey)).toBe(there.publicKey);
  expect(hex(publicKey)).toBe(there.remotePublicKey);
  expect(hex(ours.protocol.handshakeHash ?? new Uint8Array(0))).toBe(there.handshakeHash);
}

describe('interop: blocks', () => {
  afterEach(async () => {
    OurSide.dropAll();
    await Peer.stopAll();
  });
  afterAll(() => expect(Peer.alive).toBe(0));

  for (const version of [10, 11] as const) {
    const name = `hypercore ${version}`;
    const manifest = version === 11; // as each makes its cores unless told otherwise
    for (const weDial of [true, false]) {
      const dialled = weDial ? 'we dial' : 'it dials';
      for (const count of [4, 5000]) {
        const core = { version, weDial, count, size: 100, manifest };
        it(`${name}, ${dialled}, its core of ${count} blocks`, () => readTheirs(core));
        it(`${name}, ${dialled}, our core of ${count} blocks`, () => serveOurs(core));
      }
    }

    const big = { version, weDial: version === 10, count: 1, size: 8 * 1024 * 1024, manifest };
    it(`${name}, its core of one block of 8 MiB`, () => readTheirs(big));
    it(`${name}, our core of one block of 8 MiB`, () => serveOurs(big));

    const other = { version, weDial: true, count: 9, size: 0, manifest: !manifest };
    const kind = other.manifest ? 'manifest' : 'compat';
    it(`${name}, its ${kind} core of empty blocks`, () => readTheirs(other));
    it(`${name}, our ${kind} core of empty blocks`, () => serveOurs(other));

    it(`${name}, live: it appends while we follow`, async () => {
      const peer = await Peer.start(version);
      const { key } = await peer.command('create', { core: 'theirs', seed, manifest });
      const ours = await OurSide.connect(peer, { weDial: true });
      const blocks: string[] = [];
      const followed = followBlocks(await ours.channel(key)).pipe(
        map(block => blocks.push(digestOf(block))),
        take(60),
        toArray(),
      );
      const all = soon(followed, '60 blocks');
      for (const count of [1, 2, 49, 7, 1]) {
        await peer.command('append', { core: 'theirs', count, size: 50 });
      }
      await all;
      expect(blocks).toEqual(Array.from({ length: 60 }, (_, index) => expected(index, 50)));
    });

    it(`${name}, live: we append while it follows`, async () => {
      const source = await ProofSource.create({ seed, manifest });
      const peer = await Peer.start(version);
      await peer.command('open', { core: 'ours', key: hex(source.key) });
      const ours = await OurSide.connect(peer, { weDial: false });
      serveBlocks(await ours.channel(hex(source.key)), source).subscribe();
      for (const [index, count] of [1, 2, 50, 1].entries()) {
        await source.append(count, 50);
        const { length } = source;
        await peer.event('append', grown => grown.length === length);
        const last = await peer.command('get', { core: 'ours', index: length - 1 });
        expect(last.sha256)
          .withContext(`append ${index}`)
          .toBe(sha256(blockBytes(length - 1, 50)));
      }
      await source.close();
    });
  }
});
