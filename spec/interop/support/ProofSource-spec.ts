import Hypercore from 'hypercore-10';
import RAM from 'random-access-memory';
import { request } from 'rx-hypercore';
import { firstValueFrom, take, toArray } from 'rxjs';
import { hex } from '../../helpers/bytes.js';
import { blockBytes } from '../peers/blockBytes.mjs';
import { ProofSource } from './ProofSource.js';

const seed = '07'.repeat(32);
describe('interop: proofs of the real hypercore in this process', () => {
  let source: ProofSource;
  afterEach(() => source.close());

  for (const manifest of [false, true]) {
    it(`convince a real reader of a ${manifest ? 'manifest' : 'compat'} core`, async () => {
      source = await ProofSource.create({ seed, manifest });
      await source.append(5, 33);
      const reader = new Hypercore(() => new RAM(), source.key);
      await reader.ready();
      const upgrade = await source.proof(
        request({ id: 1, upgrade: { start: 0, length: 3 }, manifest: true }),
      );
      if (upgrade === null) return fail('no proof');
      expect(upgrade.manifest !== null).toBe(manifest);
      expect(await reader.core.verify(upgrade)).toBeTrue();
      expect(reader.length).toBe(5); // the additional nodes lead on to the signed length
      for (let index = 0; index < 5; index++) {
        const proof = await source.proof(request({ id: 1, block: { index, nodes: index === 4 ? 0 : 2 } }));
        if (proof === null) return fail('no proof');
        expect(await reader.core.verify(proof)).toBeTrue();
        expect(hex(await reader.get(index))).toBe(hex(blockBytes(index, 33)));
      }
      await reader.close();
    });
  }

  it('has the key that is known for the seed', async () => {
    source = await ProofSource.create({ seed, manifest: true });
    expect(hex(source.key)).toBe('04dc2c70d9b3954c86f4d0ffeae59b601b9739d285d5bb1849a9f93f45d95c18');
    await source.close();
    source = await ProofSource.create({ seed });
    expect(hex(source.key)).toBe('ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c');
  });

  it('has no answer for another fork or for a block that is not there', async () => {
    source = await ProofSource.create({ seed });
    await source.append(2, 10);
    expect(await source.proof(request({ id: 1, fork: 1, block: { index: 0, nodes: 0 } }))).toBeNull();
    expect(await source.proof(request({ id: 1, block: { index: 2, nodes: 0 } }))).toBeNull();
  });

  it('tells its length at once and as it grows', async () => {
    source = await ProofSource.create({ seed });
    const lengths = firstValueFrom(source.lengths.pipe(take(2), toArray()));
    await source.append(3, 10);
    expect(await lengths).toEqual([0, 3]);
  });
});
