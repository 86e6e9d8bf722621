import { keyPair } from 'hypercore-crypto';
import { type Core, createManifest, type Peer as OurPeer } from 'rx-hypercore/log';
import { lastValueFrom, map, toArray } from 'rxjs';
import { hex, unhex } from '../helpers/bytes.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { logPeers } from './support/logPeers.js';
import { digestOf, digestOfAll, expected, sha256, written } from './support/writtenBlocks.js';

const seeds = ['01', '02', '03'].map(byte => byte.repeat(32));
const pairs = seeds.map(seed => keyPair(Buffer.from(seed, 'hex')));
const publicKeys = pairs.map(({ publicKey }) => hex(publicKey));
const manifest = createManifest({ version: 1, quorum: 2, signers: pairs });

describe('interop: cores of several signers', () => {
  const peers = logPeers();
  const { connect, create } = peers;

  /** Ours, with the key of one of the signers; without, it only reads, or collects what they signed. */
  const open = async (signer?: number): Promise<{ mine: OurPeer; core: Core }> => {
    const mine = create();
    const core = mine.core({ manifest, ...(signer !== undefined && { keyPair: pairs[signer] }) });
    return { mine, core: await core.ready() };
  };

  for (const version of [10, 11] as const) {
    const other = version === 10 ? 11 : 10;

    it(`hypercore ${version} and we sign, we append, both hypercores read`, async () => {
      const [theirs, reader] = [peers.hypercore(version), peers.hypercore(other)];
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
        const blocks = written(count, 40, core.length);
        const { signature } = await theirs.command('sign', { core: 'one', count, size: 40 });
        const own = await core.log.sign({ append: blocks });
        await core.append(blocks, { signatures: [own, unhex(signature)] });
        const { length } = core;
        for (const one of [theirs, reader]) {
          await one.event('append', grown => grown.length === length);
          const { sha256: whole } = await one.command('download', { core: 'one', end: length });
          expect(whole).toBe(digestOfAll(length, 40));
        }
      }
    });

    for (const patched of [0, 1] as const) {
      it(`signers of manifest version ${patched} that are ahead count, ours for hypercore ${version} and its for us`, async () => {
        const theirs = peers.hypercore(version);
        const fields = { version: patched, quorum: 2, allowPatch: true };
        const ahead = createManifest({ ...fields, signers: pairs });
        const mine = create();
        const core = await mine.core({ manifest: ahead, keyPair: pairs[0] }).ready();
        const shared = { core: 'one', seed: seeds[2], publicKeys, ...fields };
        expect((await theirs.command('createShared', shared)).key).toBe(hex(core.key));
        await theirs.command('create', { core: 'draft', seed: seeds[0], attach: false });
        await theirs.command('append', { core: 'draft', count: 30, size: 40 });
        await connect(mine, theirs);
        // Across roots of several sizes: 1, 4, then 11 blocks of what the others have signed further.
        for (const count of [1, 3, 7]) {
          const { length } = core;
          const blocks = written(count, 40, length);
          const signed = await theirs.command('sign', { core: 'one', count, size: 40, draft: 'draft' });
          const own = await core.log.sign({ append: blocks, ahead: written(4, 40, length + count) });
          await core.append(blocks, { signatures: [own, unhex(signed.signature)] });
          await theirs.event('append', grown => grown.length === length + count);
          const { sha256: whole } = await theirs.command('download', { core: 'one', end: length + count });
          expect(whole).toBe(digestOfAll(length + count, 40));
        }
      });
    }

    it(`hypercore ${version} appends what we have signed with it, and we read`, async () => {
      const theirs = peers.hypercore(version);
      const { core: signer } = await open(1);
      const { mine, core } = await open();
      await theirs.command('createShared', { core: 'one', seed: seeds[0], publicKeys, quorum: 2 });
      const { signature } = await theirs.command('sign', { core: 'one', count: 7, size: 40 });
      const own = await signer.log.sign({ append: written(7, 40) });
      await theirs.command('appendSigned', {
        core: 'one',
        count: 7,
        size: 40,
        signatures: [hex(own), signature],
      });
      await connect(mine, theirs);
      const read = core.blocks({ live: true, end: 7 }).pipe(map(digestOf), toArray());
      expect(await lastValueFrom(read)).toEqual(expected(7, 40));
    });

    it(`two of ours sign and a third cuts, and hypercore ${version} follows`, async () => {
      const theirs = peers.hypercore(version);
      const { core: one } = await open(0);
      const { core: two } = await open(2);
      const { mine, core } = await open();
      const change = async (blocks: Uint8Array[]): Promise<void> => {
        const signatures = await Promise.all([one, two].map(signer => signer.log.sign({ append: blocks })));
        for (const copy of [one, two, core]) await copy.append(blocks, { signatures });
      };
      await change(written(9, 40));
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
