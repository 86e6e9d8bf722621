import { createHash } from 'node:crypto';
import { keyPair } from 'hypercore-crypto';
import type { CryptoBackend } from 'rx-hypercore';
import { bestCrypto } from 'rx-hypercore/crypto';
import { type Core, createManifest, createPeer, type Peer as OurPeer } from 'rx-hypercore/log';
import { lastValueFrom, map, toArray } from 'rxjs';
import { hex, unhex } from '../helpers/bytes.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { OurSide } from './support/OurSide.js';
import { type HypercoreVersion, Peer } from './support/Peer.js';

const seeds = ['01', '02', '03'].map(byte => byte.repeat(32));
const pairs = seeds.map(seed => keyPair(Buffer.from(seed, 'hex')));
const publicKeys = pairs.map(({ publicKey }) => hex(publicKey));
const manifest = createManifest({ version: 1, quorum: 2, signers: pairs });
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const written = (count: number, first = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => blockBytes(first + n, 40));
const digestOfAll = (count: number): string => sha256(written(count).map(sha256).join(''));

describe('interop: cores of several signers', () => {
  let crypto: CryptoBackend;
  const peers = new Map<HypercoreVersion, Peer>();
  const ours: OurPeer[] = [];

  beforeAll(async () => {
    crypto = await bestCrypto();
    for (const version of [10, 11] as const) peers.set(version, await Peer.start(version));
  });
  afterEach(async () => {
    await Promise.all(ours.splice(0).map(peer => peer.close()));
    OurSide.dropAll();
    for (const peer of peers.values()) await peer.closeCores();
  });
  afterAll(async () => {
    await Peer.stopAll();
    expect(Peer.alive).toBe(0);
  });

  /** Ours, with the key of one of the signers; without, it only reads, or collects what they signed. */
  const open = async (signer?: number): Promise<{ mine: OurPeer; core: Core }> => {
    const mine = createPeer({ crypto });
    ours.push(mine);
    const core = mine.core({ manifest, ...(signer !== undefined && { keyPair: pairs[signer] }) });
    return { mine, core: await core.ready() };
  };
  const connect = async (mine: OurPeer, theirs: Peer): Promise<void> => {
    const side = await OurSide.connect(theirs, { weDial: true, crypto });
    mine.replicate(side.protocol);
  };

  for (const version of [10, 11] as const) {
    const other = version === 10 ? 11 : 10;

    it(`hypercore ${version} and we sign, we append, both hypercores read`, async () => {
      const [theirs, reader] = [peers.get(version)!, peers.get(other)!];
      const { mine, core } = await open(0);
      const { key } = await theirs.command('createShared', {
        core: 'one',
        seed: seeds[2],
        publicKeys,
        quorum: 2,
      });
      expect(key).toBe(hex(core.key));
      await reader.command('open', { core: 'one', key });
      await connect(mine, theirs);
      await connect(mine, reader);
      for (const count of [1, 4, 20]) {
        const blocks = written(count, core.length);
        const { signature } = await theirs.command('sign', { core: 'one', count, size: 40 });
        const own = await core.log.sign({ append: blocks });
        await core.append(blocks, { signatures: [own, unhex(signature)] });
        const { length } = core;
        for (const one of [theirs, reader]) {
          await one.event('append', grown => grown.length === length);
          const { sha256: whole } = await one.command('download', { core: 'one', end: length });
          expect(whole).toBe(digestOfAll(length));
        }
      }
    });

    it(`hypercore ${version} appends what we have signed with it, and we read`, async () => {
      const theirs = peers.get(version)!;
      const { core: signer } = await open(1);
      const { mine, core } = await open();
      await theirs.command('createShared', { core: 'one', seed: seeds[0], publicKeys, quorum: 2 });
      const { signature } = await theirs.command('sign', { core: 'one', count: 7, size: 40 });
      const own = await signer.log.sign({ append: written(7) });
      await theirs.command('appendSigned', {
        core: 'one',
        count: 7,
        size: 40,
        signatures: [hex(own), signature],
      });
      await connect(mine, theirs);
      const read = core.blocks({ live: true, end: 7 }).pipe(
        map(({ value }) => sha256(value)),
        toArray(),
      );
      expect(await lastValueFrom(read)).toEqual(written(7).map(sha256));
    });

    it(`two of ours sign and a third cuts, and hypercore ${version} follows`, async () => {
      const theirs = peers.get(version)!;
      const { core: one } = await open(0);
      const { core: two } = await open(2);
      const { mine, core } = await open();
      const change = async (blocks: Uint8Array[]): Promise<void> => {
        const signatures = await Promise.all([one, two].map(signer => signer.log.sign({ append: blocks })));
        for (const copy of [one, two, core]) await copy.append(blocks, { signatures });
      };
      await change(written(9));
      await theirs.command('open', { core: 'one', key: hex(core.key) });
      await connect(mine, theirs);
      await theirs.event('append', ({ length }) => length === 9);
      await theirs.command('download', { core: 'one', end: 9 });
      const signatures = await Promise.all([one, two].map(signer => signer.log.sign({ truncate: 5 })));
      for (const copy of [one, two, core]) await copy.truncate(5, { signatures });
      await change([blockBytes(5, 41, 5)]);
      await theirs.event('truncate', ({ fork }) => fork === 1);
      const last = await theirs.command('get', { core: 'one', index: 5 });
      expect(last.sha256).toBe(sha256(blockBytes(5, 41, 5)));
      const info = await theirs.command('info', { core: 'one' });
      expect([info.length, info.fork]).toEqual([6, 1]);
    });
  }
});
