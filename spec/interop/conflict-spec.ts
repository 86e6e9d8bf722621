import { type Core, type CoreEvent } from 'rx-hypercore/log';
import { filter, lastValueFrom } from 'rxjs';
import { unhex } from '../helpers/bytes.js';
import { logPeers } from './support/logPeers.js';
import { soon } from './support/OurSide.js';
import { sha256, written } from './support/writtenBlocks.js';

const seed = '07'.repeat(32);
const ofLength = (length: number): jasmine.AsymmetricMatcher<never> =>
  jasmine.objectContaining({ code: 'ERR_CONFLICT', length, fork: 0 } as never);

/** The writer's key is used twice, for other blocks: a restored backup, or a stolen key. */
describe('interop: two signed trees', () => {
  const peers = logPeers();
  const { connect, create } = peers;
  const conflictOf = (core: Core): Promise<CoreEvent> =>
    soon(core.events.pipe(filter(({ type }) => type === 'conflict')), 'the conflict');

  for (const [first, second, manifest] of [
    [10, 11, false],
    [10, 11, true],
    [11, 10, false],
    [11, 10, true],
  ] as const) {
    const kind = manifest ? 'manifest' : 'compat';
    /** Writes `here` blocks on the one, `there` others on the other, and connects us with the one. */
    const begin = async (here: number, there: number) => {
      const [one, other] = [peers.hypercore(first), peers.hypercore(second)];
      const { key } = await one.command('create', { core: 'one', seed, manifest });
      await one.command('append', { core: 'one', count: here, size: 40 });
      await other.command('create', { core: 'one', seed, manifest });
      await other.command('append', { core: 'one', count: there, size: 40, seed: 1 });
      const mine = create();
      const side = await connect(mine, one);
      const core = mine.core(unhex(key));
      return { one, other, mine, side, core };
    };
    /** What was there before is there still, and nothing else comes. */
    const expectFrozen = async (core: Core, blocks: readonly Uint8Array[]): Promise<void> => {
      expect(core.length).toBe(blocks.length);
      for (const [index, block] of blocks.entries()) {
        if (await core.has(index)) expect(sha256(await core.get(index))).toBe(sha256(block));
      }
      await expectAsync(core.get(core.length)).toBeRejectedWith(ofLength(10));
      await expectAsync(lastValueFrom(core.download({ end: 99, live: true }))).toBeRejectedWith(ofLength(10));
    };

    for (const [here, there] of [
      [10, 12],
      [12, 10],
    ] as const) {
      it(`${kind}: we have the ${here} blocks of hypercore ${first}, and meet hypercore ${second} with ${there} others`, async () => {
        const { other, mine, core } = await begin(here, there);
        for (let index = 0; index < here; index++) await core.get(index);
        const seen: number[] = [];
        const failure = new Promise(resolve => {
          core.blocks({ live: true }).subscribe({ next: ({ index }) => seen.push(index), error: resolve });
        });
        const waiting = core.get(30).catch((error: unknown) => error);
        const told = conflictOf(core);
        await connect(mine, other);
        expect(await told).toEqual({ type: 'conflict', error: ofLength(10) });
        expect([await waiting, await failure]).toEqual([ofLength(10), ofLength(10)]);
        expect(seen).toEqual(Array.from({ length: here }, (_, index) => index));
        await other.event('conflict', ({ length, fork }) => length === 10 && fork === 0);
        await expectFrozen(core, written(here, 40));
      });
    }

    it(`${kind}: we have half of the 10 blocks of hypercore ${first}, and ask hypercore ${second} for the rest`, async () => {
      const { one, other, mine, side, core } = await begin(10, 10);
      for (let index = 0; index < 5; index++) await core.get(index);
      side.drop();
      await one.event('closed');
      const told = conflictOf(core);
      await connect(mine, other);
      await expectAsync(core.get(7)).toBeRejectedWith(ofLength(10));
      expect(await told).toEqual({ type: 'conflict', error: ofLength(10) });
      await other.event('conflict', ({ length, fork }) => length === 10 && fork === 0);
      await expectFrozen(core, written(10, 40));
      // Nor with anybody else.
      const again = await connect(mine, one);
      await again.event('discovery-key');
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(again.protocol.channels).toEqual([]);
    });

    it(`${kind}: we wrote, and hypercore ${first} holds others under the same key`, async () => {
      const mine = create();
      const core = mine.core({ seed: unhex(seed), compat: !manifest });
      await core.append(written(10, 40));
      const one = peers.hypercore(first);
      await one.command('create', { core: 'one', seed, manifest });
      await one.command('append', { core: 'one', count: 11, size: 40, seed: 1 });
      const told = conflictOf(core);
      await connect(mine, one);
      expect(await told).toEqual({ type: 'conflict', error: ofLength(10) });
      await one.event('conflict', ({ length, fork }) => length === 10 && fork === 0);
      await expectAsync(core.append(written(1, 40))).toBeRejectedWith(ofLength(10));
      await expectFrozen(core, written(10, 40));
    });
  }
});
