import { lastValueFrom, map, type Observable, take, toArray } from 'rxjs';
import type { Core, CoreBlock, Peer as OurPeer } from 'rx-hypercore/log';
import { hex, unhex } from '../helpers/bytes.js';
import { logPeers } from '../interop/support/logPeers.js';
import { soon } from '../interop/support/OurSide.js';
import { digestOf, digestOfAll, expected, written } from '../interop/support/writtenBlocks.js';
import { type PeerOptions, RustPeer } from './support/RustPeer.js';
import { RustSide } from './support/RustSide.js';

const seed = '07'.repeat(32);
const deadlineMs = 60_000;
const all = (blocks: Observable<CoreBlock>): Promise<string[]> =>
  soon(blocks.pipe(map(digestOf), toArray()), 'all blocks', deadlineMs);

for (const version of ['0.6', '0.7'] as const) {
  describe(`the verified log with crate ${version}`, () => {
    const peers = logPeers();
    const { create, watched } = peers;

    afterEach(async () => {
      RustSide.dropAll();
      await RustPeer.stopAll();
    });
    afterAll(() => expect(RustPeer.alive).toBe(0));

    const meet = async (
      mine: OurPeer,
      options: Omit<PeerOptions, 'dial'>,
      weDial = true,
    ): Promise<{ peer: RustPeer; ours: RustSide }> => {
      const met = await RustSide.meet({ version, weDial, crypto: peers.crypto }, { seed, ...options });
      mine.replicate(met.ours.protocol);
      return met;
    };
    const ourCore = async (mine: OurPeer, blocks: readonly Uint8Array[]): Promise<Core> => {
      const core = watched(mine.core({ seed: unhex(seed) }));
      await core.append(blocks);
      return core;
    };
    /** What the crate's log took, by index: it tells of answers in the order in which they came. */
    const blocksOf = (peer: RustPeer): string[] =>
      peer
        .untaken('block')
        .sort((a, b) => a.index - b.index)
        .map(block => `${block.index} ${block.length} ${block.sha256}`);

    for (const weDial of [true, false]) {
      const dialled = weDial ? 'we dial' : 'it dials';

      for (const [count, size] of [
        [1, 0],
        [700, 100],
        [20, 16_000],
      ] as const) {
        it(
          `${dialled}: it writes ${count} × ${size} bytes and we read`,
          async () => {
            const mine = create();
            const { peer } = await meet(mine, { role: 'writer', count, size }, weDial);
            const core = watched(mine.core(unhex(peer.key)));
            expect(await all(core.blocks({ end: count, live: true }))).toEqual(expected(count, size));
            expect(core.contiguousLength).toBe(count);
          },
          deadlineMs,
        );

        it(
          `${dialled}: we write ${count} × ${size} bytes and it reads`,
          async () => {
            const mine = create();
            const core = await ourCore(mine, written(count, size));
            const key = hex(core.key);
            const { peer } = await meet(mine, { role: 'reader', keys: [key], window: 8 }, weDial);
            expect((await peer.event('downloaded', () => true, deadlineMs)).length).toBe(count);
            expect(blocksOf(peer)).toEqual(expected(count, size));
          },
          deadlineMs,
        );
      }
    }

    it(
      'live: it appends while we follow',
      async () => {
        const mine = create();
        const { peer } = await meet(mine, { role: 'writer', count: 1, size: 50 });
        const core = watched(mine.core(unhex(peer.key)));
        await core.ready();
        const followed = all(core.blocks({ live: true }).pipe(take(60)));
        await peer.event('channel');
        for (const count of [2, 49, 7, 1])
          peer.tell({ do: 'append', discoveryKey: hex(core.discoveryKey), count, size: 50 });
        expect(await followed).toEqual(expected(60, 50));
      },
      deadlineMs,
    );

    it(
      'live: we append while it follows',
      async () => {
        const mine = create();
        const core = await ourCore(mine, []);
        const { peer } = await meet(mine, { role: 'reader', keys: [hex(core.key)] }, false);
        for (const count of [1, 2, 50, 1]) {
          await core.append(written(count, 50, core.length));
          const { length } = core;
          await peer.event('downloaded', event => event.length === length, deadlineMs);
        }
        expect(blocksOf(peer)).toEqual(expected(54, 50));
      },
      deadlineMs,
    );

    it(
      'is read here and there, and sought by hashes alone',
      async () => {
        const mine = create();
        const { peer, ours: side } = await meet(mine, { role: 'writer', count: 900, size: 40 });
        const core = watched(mine.core(unhex(peer.key)));
        await core.update();
        const [channel] = side.protocol.channels;
        expect(channel.remoteSeeks).toBeFalse();
        for (const index of [899, 0, 417, 512])
          expect(await core.get(index)).toEqual(written(1, 40, index)[0]);
        for (const byte of [0, 39, 40, 900 * 40 - 1, 333 * 40 + 7, 768 * 40]) {
          expect(await core.seek(byte)).toEqual({ index: Math.floor(byte / 40), offset: byte % 40 });
        }
        let here = 0;
        for (let index = 0; index < 900; index++) here += Number(await core.has(index));
        expect(here).toBeLessThan(4 + 6 + 1);
      },
      deadlineMs,
    );

    it(
      'has blocks that cannot reach it refused, and takes the others',
      async () => {
        const largest = version === '0.6' ? 16_000 : 65_000;
        const mine = create();
        const core = await ourCore(mine, [
          ...written(2, largest),
          ...written(1, 200_000, 2),
          ...written(2, 10, 3),
        ]);
        const { peer } = await meet(mine, { role: 'reader', keys: [hex(core.key)], window: 8 });
        await peer.event('block', ({ index }) => index === 4, deadlineMs);
        for (const index of [0, 1, 3]) {
          await peer.event('block', block => block.index === index, deadlineMs);
        }
        expect(peer.untaken('error')).toEqual([]);
        expect(peer.untaken('block')).toEqual([]);
      },
      deadlineMs,
    );

    for (const [other, crateWrites] of [
      [10, true],
      [11, true],
      [10, false],
      [11, false],
    ] as const) {
      const way = crateWrites ? `it writes, hypercore ${other} reads` : `hypercore ${other} writes, it reads`;
      it(
        `we carry on: ${way}`,
        async () => {
          const theirs = peers.hypercore(other);
          const mine = create();
          if (crateWrites) {
            const { peer } = await meet(mine, { role: 'writer', count: 300, size: 50 });
            await theirs.command('open', { core: 'one', key: peer.key });
            await peers.connect(mine, theirs);
            const core = watched(mine.core(unhex(peer.key)));
            const carrying = core.download({ live: true }).subscribe();
            for (const length of [300, 350]) {
              await theirs.event('append', event => event.length === length);
              const { sha256: whole } = await theirs.command('download', { core: 'one', end: length });
              expect(whole).toBe(digestOfAll(length, 50));
              if (length === 300)
                peer.tell({ do: 'append', discoveryKey: hex(core.discoveryKey), count: 50, size: 50 });
            }
            carrying.unsubscribe();
          } else {
            const { key } = await theirs.command('create', { core: 'one', seed });
            await theirs.command('append', { core: 'one', count: 300, size: 50 });
            const core = watched(mine.core(unhex(key)));
            const carrying = core.download({ live: true }).subscribe();
            const { peer } = await meet(mine, { role: 'reader', keys: [key], window: 8 }, false);
            await peers.connect(mine, theirs);
            await peer.event('downloaded', ({ length }) => length === 300, deadlineMs);
            await theirs.command('append', { core: 'one', count: 50, size: 50 });
            await peer.event('downloaded', ({ length }) => length === 350, deadlineMs);
            expect(blocksOf(peer)).toEqual(expected(350, 50));
            carrying.unsubscribe();
          }
        },
        deadlineMs,
      );
    }

    it(
      'comes back after it was killed, and only what is missing is asked for',
      async () => {
        const mine = create();
        const first = await meet(mine, { role: 'writer', count: 400, size: 100 });
        const core = watched(mine.core(unhex(first.peer.key)));
        const half = all(core.blocks({ end: 200, live: true }));
        expect(await half).toEqual(expected(200, 100));
        await first.peer.kill();
        first.ours.drop();
        const { peer } = await meet(mine, { role: 'writer', count: 400, size: 100 }, false);
        expect(peer.key).toBe(hex(core.key));
        expect(await all(core.blocks({ start: 200, end: 400, live: true }))).toEqual(expected(200, 100, 200));
        const { bytesDown } = await lastValueFrom(core.progress.pipe(take(1)));
        expect(bytesDown).toBeLessThan(400 * 100 + 64 * 100);
      },
      deadlineMs,
    );
  });
}
