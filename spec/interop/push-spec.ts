import { ofType } from 'rx-hypercore';
import { type Core } from 'rx-hypercore/log';
import { filter, firstValueFrom, timeout } from 'rxjs';
import { hex, unhex } from '../helpers/bytes.js';
import { patienceMs } from '../support/patience.js';
import { blockBytes } from './peers/blockBytes.mjs';
import { logPeers } from './support/logPeers.js';
import type { Peer } from './support/Peer.js';
import { sha256, written } from './support/writtenBlocks.js';

const seed = '07'.repeat(32);

describe('interop: push with hypercore 11', () => {
  const peers = logPeers([11]);
  const { connect, create, watched } = peers;
  let theirs: Peer;
  beforeAll(() => {
    theirs = peers.hypercore(11);
  });

  /** Waits until something holds of the core. */
  const until = async (core: Core, holds: () => boolean): Promise<void> => {
    if (holds()) return;
    await firstValueFrom(core.log.changes.pipe(filter(holds), timeout(patienceMs)));
  };
  const here = async (core: Core): Promise<number[]> => {
    const indexes: number[] = [];
    for (let index = 0; index < core.length; index++) if (await core.has(index)) indexes.push(index);
    return indexes;
  };

  for (const manifest of [false, true]) {
    const kind = manifest ? 'manifest' : 'compat';

    it(`pushes blocks of a ${kind} core, which we have not asked for`, async () => {
      const { key } = await theirs.command('create', { core: 'one', seed, manifest });
      await theirs.command('append', { core: 'one', count: 5, size: 40 });
      const mine = create();
      const core = watched(mine.core({ key: unhex(key), allowPush: true }));
      await connect(mine, theirs);
      await core.ready();
      await until(core, () => core.length === 5);
      for (const index of [3, 0, 4]) await theirs.command('push', { core: 'one', index });
      await until(core, () => core.log.has(4));
      expect(await here(core)).toEqual([0, 3, 4]);
      // And such as it has just written.
      for (let index = 5; index < 30; index++) {
        await theirs.command('append', { core: 'one', count: 1, size: 40 });
        await theirs.command('push', { core: 'one', index });
      }
      await until(core, () => core.log.has(29));
      for (const index of await here(core))
        expect(sha256(await core.get(index))).toBe(sha256(blockBytes(index, 40)));
      expect((await here(core)).length).toBe(28);
    });

    it(`takes blocks of a ${kind} core that we push, and asks for none`, async () => {
      const mine = create();
      const core = watched(mine.core({ seed: unhex(seed), compat: !manifest }));
      await core.append(written(5, 40));
      await theirs.command('open', { core: 'one', key: hex(core.key), allowPush: true });
      const side = await connect(mine, theirs);
      await theirs.event('append', ({ length }) => length === 5);
      const [channel] = side.protocol.channels;
      let asked = 0;
      channel.pipe(ofType('request')).subscribe(({ block }) => (asked += Number(block !== null)));
      for (const index of [3, 0, 4]) {
        expect(await core.push(index)).toBe(1);
        await theirs.event('download', block => block.index === index);
      }
      for (let index = 5; index < 30; index++) {
        await core.append(written(1, 40, index));
        await core.push(index);
      }
      await theirs.event('download', ({ index }) => index === 29);
      for (let index = 0; index < 30; index++) {
        const { has } = await theirs.command('has', { core: 'one', index });
        expect(has)
          .withContext(`block ${index}`)
          .toBe(index !== 1 && index !== 2);
        if (!has) continue;
        const block = await theirs.command('get', { core: 'one', index });
        expect(block.sha256).toBe(sha256(blockBytes(index, 40)));
      }
      expect(asked).toBe(0);
    });
  }

  it('is asked for what it pushed before we came, and pushes on', async () => {
    const { key } = await theirs.command('create', { core: 'one', seed });
    await theirs.command('append', { core: 'one', count: 4, size: 40 });
    const mine = create();
    const core = watched(mine.core({ key: unhex(key), allowPush: true }));
    const side = await connect(mine, theirs);
    await core.ready();
    await until(core, () => core.length === 4);
    side.drop();
    await theirs.event('closed');
    await theirs.command('append', { core: 'one', count: 2, size: 40 });
    await connect(mine, theirs);
    await until(core, () => core.length === 6);
    await theirs.command('append', { core: 'one', count: 3, size: 40 });
    await theirs.command('push', { core: 'one', index: 7 });
    await until(core, () => core.log.has(7));
    expect(await core.get(8)).toEqual(blockBytes(8, 40));
  });

  it('is sent nothing, and takes nothing, where pushes are not allowed', async () => {
    const { key } = await theirs.command('create', { core: 'one', seed });
    await theirs.command('append', { core: 'one', count: 5, size: 40 });
    const mine = create();
    const core = watched(mine.core(unhex(key)));
    await connect(mine, theirs);
    await core.ready();
    await until(core, () => core.length === 5);
    await theirs.command('push', { core: 'one', index: 1 });
    expect(await core.get(0)).toEqual(blockBytes(0, 40));
    expect(await core.push(0)).toBe(0);
    await expectAsync(core.push(1)).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_BLOCK_NOT_AVAILABLE' }),
    );
    expect(await here(core)).toEqual([0]);
  });
});
