import { lastValueFrom, map, type Observable, take, tap, timer, toArray } from 'rxjs';
import { pullFrom } from 'rx-hypercore';
import { type CoreBlock, type Peer as OurPeer } from 'rx-hypercore/log';
import { hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { logPeers } from './support/logPeers.js';
import type { HypercoreVersion } from './support/Peer.js';
import { digestOf, digestOfAll, expected, sha256, written } from './support/writtenBlocks.js';

const seed = '07'.repeat(32);
const encryptionKey = '11'.repeat(32);

describe('interop: replication', () => {
  const peers = logPeers();
  const { connect, create, watched } = peers;
  const all = (blocks: Observable<CoreBlock>): Promise<string[]> =>
    lastValueFrom(blocks.pipe(map(digestOf), toArray()));
  const ourCore = async (
    mine: OurPeer,
    blocks: readonly Uint8Array[],
    manifest = false,
    encrypted = false,
  ) => {
    const core = watched(
      mine.core({
        seed: unhex(seed),
        compat: !manifest,
        ...(encrypted && { encryptionKey: unhex(encryptionKey) }),
      }),
    );
    await core.append(blocks);
    return core;
  };

  for (const version of [10, 11] as const) {
    const other: HypercoreVersion = version === 10 ? 11 : 10;

    describe(`hypercore ${version}`, () => {
      for (const manifest of [false, true]) {
        const kind = manifest ? 'manifest' : 'compat';

        it(`writes a ${kind} core and we read it`, async () => {
          const theirs = peers.hypercore(version);
          const { key } = await theirs.command('create', { core: 'one', seed, manifest });
          await theirs.command('append', { core: 'one', count: 1000, size: 100 });
          const mine = create();
          await connect(mine, theirs, manifest);
          const core = watched(mine.core(unhex(key)));
          expect(await all(core.blocks())).toEqual(expected(1000, 100));
          expect(core.contiguousLength).toBe(1000);
        });

        it(`reads a ${kind} core that we write`, async () => {
          const mine = create();
          const core = await ourCore(mine, written(1000, 100), manifest);
          const theirs = peers.hypercore(version);
          await theirs.command('open', { core: 'one', key: hex(core.key) });
          await connect(mine, theirs, !manifest);
          const whole = await theirs.command('download', { core: 'one', end: 1000 });
          expect(whole.sha256).toBe(digestOfAll(1000, 100));
        });
      }

      it(`writes, we carry it on, hypercore ${other} reads`, async () => {
        const writer = peers.hypercore(version);
        const { key } = await writer.command('create', { core: 'one', seed, manifest: version === 11 });
        await writer.command('append', { core: 'one', count: 300, size: 50 });
        const reader = peers.hypercore(other);
        await reader.command('open', { core: 'one', key });
        const mine = create();
        await connect(mine, reader);
        await connect(mine, writer);
        const core = watched(mine.core(unhex(key)));
        const carrying = core.download({ live: true }).subscribe();
        await reader.event('append', ({ length }) => length === 300);
        expect((await reader.command('download', { core: 'one', end: 300 })).sha256).toBe(
          digestOfAll(300, 50),
        );
        await writer.command('append', { core: 'one', count: 50, size: 50 });
        await reader.event('append', ({ length }) => length === 350);
        expect((await reader.command('download', { core: 'one', end: 350 })).sha256).toBe(
          digestOfAll(350, 50),
        );
        carrying.unsubscribe();
      });

      it('appends while we follow', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        const mine = create();
        await connect(mine, theirs);
        const followed = all(
          watched(mine.core(unhex(key)))
            .blocks({ live: true })
            .pipe(take(60)),
        );
        for (const count of [1, 2, 49, 7, 1])
          await theirs.command('append', { core: 'one', count, size: 50 });
        expect(await followed).toEqual(expected(60, 50));
      });

      it('follows while we append', async () => {
        const mine = create();
        const core = await ourCore(mine, []);
        const theirs = peers.hypercore(version);
        await theirs.command('open', { core: 'one', key: hex(core.key) });
        await connect(mine, theirs, false);
        for (const count of [1, 2, 50, 1]) {
          await core.append(written(count, 50, core.length));
          const { length } = core;
          await theirs.event('append', grown => grown.length === length);
          const last = await theirs.command('get', { core: 'one', index: length - 1 });
          expect(last.sha256).toBe(sha256(blockBytes(length - 1, 50)));
        }
      });

      it('truncates, and we follow it to the other fork', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 40, size: 30 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        const seen: string[] = [];
        const following = core
          .blocks({ live: true })
          .subscribe(block => seen.push(`${block.fork}: ${digestOf(block)}`));
        while (seen.length < 40) await lastValueFrom(timer(5));
        await theirs.command('truncate', { core: 'one', length: 23 });
        await theirs.command('append', { core: 'one', count: 9, size: 31, seed: 5 });
        while (core.fork === 0 || core.contiguousLength < 32 || seen.length < 49)
          await lastValueFrom(timer(5));
        await lastValueFrom(timer(20)); // and nothing more
        following.unsubscribe();
        expect(core.length).toBe(32);
        expect(seen).toEqual([
          ...expected(40, 30).map(line => `0: ${line}`),
          ...expected(9, 31, 23, 5).map(line => `1: ${line}`),
        ]);
      });

      it('is at another fork when we meet it first', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 10, size: 30 });
        await theirs.command('truncate', { core: 'one', length: 4 });
        await theirs.command('append', { core: 'one', count: 2, size: 30 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        expect(await all(core.blocks({ end: 6 }))).toEqual(expected(6, 30));
        expect(core.fork).toBe(1);
      });

      it('follows us to another fork', async () => {
        const mine = create();
        const core = await ourCore(mine, written(40, 30));
        const theirs = peers.hypercore(version);
        await theirs.command('open', { core: 'one', key: hex(core.key) });
        await connect(mine, theirs);
        await theirs.event('append', ({ length }) => length === 40);
        await theirs.command('download', { core: 'one', end: 40 });
        await core.truncate(23);
        await core.append(written(9, 31, 23, 5));
        await theirs.event('truncate', ({ fork }) => fork === 1);
        const last = await theirs.command('get', { core: 'one', index: 31 });
        expect(last.sha256).toBe(sha256(blockBytes(31, 31, 5)));
        const kept = await theirs.command('get', { core: 'one', index: 22 });
        expect(kept.sha256).toBe(sha256(blockBytes(22, 30)));
        expect(await theirs.command('info', { core: 'one' })).toEqual(
          jasmine.objectContaining({ fork: 1, length: 32 }),
        );
      });

      it('is read here and there, in no order', async () => {
        const random = new Random(`sparse reads from hypercore ${version}`);
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 5000, size: 40 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        await core.update();
        const indexes = new Set(Array.from({ length: 150 }, () => random.integer(0, 4999)));
        const digests = [...indexes].map(async index => [index, sha256(await core.get(index))]);
        for (const [index, digest] of await Promise.all(digests)) {
          expect(digest).toBe(sha256(blockBytes(Number(index), 40)));
        }
        let here = 0;
        for (let index = 0; index < 5000; index++) here += Number(await core.has(index));
        expect(here).toBe(indexes.size);
        for (let look = 0; look < 20; look++) {
          const byte = random.integer(0, 5000 * 40 - 1);
          expect(await core.seek(byte)).toEqual({ index: Math.floor(byte / 40), offset: byte % 40 });
        }
      });

      it('reads ours here and there, in no order', async () => {
        const random = new Random(`sparse reads by hypercore ${version}`);
        const mine = create();
        const core = await ourCore(mine, written(3000, 40), version === 11);
        const theirs = peers.hypercore(version);
        await theirs.command('open', { core: 'one', key: hex(core.key) });
        await connect(mine, theirs);
        await theirs.event('append', ({ length }) => length === 3000);
        const indexes = Array.from({ length: 60 }, () => random.integer(0, 2999));
        for (const answer of await Promise.all(
          indexes.map(index => theirs.command('get', { core: 'one', index })),
        )) {
          expect(answer.sha256).toBe(sha256(blockBytes(answer.index, 40)));
        }
        for (let look = 0; look < 10; look++) {
          const byte = random.integer(0, 3000 * 40 - 1);
          const { index, offset } = await theirs.command('seek', { core: 'one', byte });
          expect({ index, offset }).toEqual({ index: Math.floor(byte / 40), offset: byte % 40 });
        }
      });

      it('has cleared blocks, which are waited for and do no harm', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 100, size: 40 });
        await theirs.command('clear', { core: 'one', start: 10, end: 13 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        expect(await all(core.blocks({ start: 13 }))).toEqual(expected(87, 40, 13));
        await expectAsync(core.get(11, { timeoutMs: 200 })).toBeRejectedWith(
          jasmine.objectContaining({ code: 'ERR_TIMEOUT' }),
        );
        expect(await core.get(9)).toEqual(new Uint8Array(blockBytes(9, 40)));
        // And one that is cleared after it was announced.
        await theirs.command('clear', { core: 'one', start: 3, end: 4 });
        await expectAsync(core.get(3, { timeoutMs: 200 })).toBeRejectedWith(
          jasmine.objectContaining({ code: 'ERR_TIMEOUT' }),
        );
        expect(await core.get(4)).toEqual(new Uint8Array(blockBytes(4, 40)));
      });

      it('reads on while we clear blocks', async () => {
        const mine = create();
        const core = await ourCore(mine, written(100, 40), version === 11);
        await core.clear(10, 13);
        const theirs = peers.hypercore(version);
        await theirs.command('open', { core: 'one', key: hex(core.key) });
        const side = await connect(mine, theirs);
        let refusals = 0;
        side.protocol.channels[0]?.subscribe(message => (refusals += Number(message.type === 'request')));
        await theirs.event('append', ({ length }) => length === 100);
        await theirs.command('download', { core: 'one', start: 13, end: 60 });
        await core.clear(70, 71);
        await theirs.command('download', { core: 'one', start: 71, end: 100 });
        await expectAsync(theirs.command('get', { core: 'one', index: 70, timeout: 200 })).toBeRejected();
        await expectAsync(theirs.command('get', { core: 'one', index: 11, timeout: 200 })).toBeRejected();
        expect(refusals).toBeLessThan(130);
      });

      it('comes and goes while we read', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 3000, size: 200 });
        const mine = create();
        let side = await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        let cuts = 0;
        const reading = all(
          core.blocks({ end: 3000, live: true }).pipe(
            tap(({ index }) => {
              if (index % 1000 !== 500) return;
              cuts++;
              side.drop();
              void connect(mine, theirs, cuts % 2 === 0).then(next => (side = next));
            }),
          ),
        );
        expect(await reading).toEqual(expected(3000, 200));
        expect(cuts).toBe(3);
        const { bytesDown } = await lastValueFrom(core.progress.pipe(take(1)));
        expect(bytesDown).toBeLessThan(3000 * 200 + 3 * 64 * 200); // at most what was on its way comes twice
      });

      it('has many cores on one connection', async () => {
        const theirs = peers.hypercore(version);
        const mine = create();
        const keys: string[] = [];
        for (let n = 0; n < 12; n++) {
          const own = n.toString(16).padStart(2, '0').repeat(32);
          const { key } = await theirs.command('create', {
            core: `core ${n}`,
            seed: own,
            manifest: n % 2 === 1,
          });
          await theirs.command('append', { core: `core ${n}`, count: 20 + n, size: 30, seed: n });
          keys.push(key);
          if (n === 5) await connect(mine, theirs);
        }
        const read = keys.map((key, n) => {
          const whole = watched(mine.core(unhex(key))).blocks({ live: true, end: 20 + n });
          return lastValueFrom(
            whole.pipe(
              map(({ value }) => sha256(value)),
              toArray(),
            ),
          );
        });
        for (const [n, digests] of (await Promise.all(read)).entries()) {
          expect(digests).toEqual(
            Array.from({ length: 20 + n }, (_, index) => sha256(blockBytes(index, 30, n))),
          );
        }
      });

      it('encrypts, and we read it', async () => {
        const theirs = peers.hypercore(version);
        const manifest = version === 11;
        const { key } = await theirs.command('create', { core: 'one', seed, manifest, encryptionKey });
        await theirs.command('append', { core: 'one', count: 100, size: 30 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core({ key: unhex(key), encryptionKey: unhex(encryptionKey) }));
        expect(await all(core.blocks())).toEqual(expected(100, 30));
        expect(await core.seek(30 * 77 + 4)).toEqual({ index: 77, offset: 4 });
      });

      it('reads what we encrypt', async () => {
        const mine = create();
        const core = await ourCore(mine, written(100, 30), version === 11, true);
        const theirs = peers.hypercore(version);
        await theirs.command('open', { core: 'one', key: hex(core.key), encryptionKey });
        await connect(mine, theirs);
        await theirs.event('append', ({ length }) => length === 100);
        expect((await theirs.command('download', { core: 'one', end: 100 })).sha256).toBe(
          digestOfAll(100, 30),
        );
      });

      it('is asked for no more than a slow consumer takes', async () => {
        const theirs = peers.hypercore(version);
        const { key } = await theirs.command('create', { core: 'one', seed, manifest: version === 11 });
        await theirs.command('append', { core: 'one', count: 400, size: 30 });
        const mine = create();
        await connect(mine, theirs);
        const core = watched(mine.core(unhex(key)));
        let taken = 0;
        for await (const { index } of pullFrom(core.blocks({ window: 8 }), { highWaterMark: 1 })) {
          expect(index).toBe(taken++);
          if (index % 10 === 0) await lastValueFrom(timer(2));
          const ahead = core.contiguousLength - index;
          if (ahead > 8 + 2) fail(`${ahead} blocks ahead of a consumer at ${index}`);
        }
        expect(taken).toBe(400);
      });
    });
  }

  it('both have a core, and we read it from both', async () => {
    const first = peers.hypercore(10);
    const { key } = await first.command('create', { core: 'one', seed });
    await first.command('append', { core: 'one', count: 2000, size: 100 });
    const second = peers.hypercore(11);
    await second.command('open', { core: 'one', key });
    const carrier = create();
    await connect(carrier, first);
    await connect(carrier, second);
    const carried = carrier.core(unhex(key)).download({ live: true }).subscribe();
    await second.event('append', ({ length }) => length === 2000);
    await second.command('download', { core: 'one', end: 2000 });
    carried.unsubscribe();
    const mine = create();
    await connect(mine, first);
    await connect(mine, second);
    const core = watched(mine.core(unhex(key)));
    expect(await all(core.blocks())).toEqual(expected(2000, 100));
  });
});
