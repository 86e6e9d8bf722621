import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { Random } from '../../helpers/random.js';
import { allBackends, comparedKinds, compareBackends } from './compareBackends.js';

/** `scripts/differential.mjs` does many more, with the portable backend among them. */
const CASES = 2_000;

describe('the fast backends beside libsodium', () => {
  let fast: CryptoBackend[];
  let seed: number;

  beforeAll(async () => {
    fast = (await allBackends()).slice(1);
    seed = new Random('the fast backends').seed;
  });

  for (const kind of comparedKinds) {
    it(`agree on ${CASES} cases of ${kind}`, () => {
      expect(() => compareBackends(fast, kind, seed, CASES)).not.toThrow();
    });
  }

  it('agree with the portable one on short digests', async () => {
    const all = await allBackends();
    expect(all.map(({ name }) => name)).toEqual([
      'portable',
      'libsodium-wasm',
      'sodium-native',
      'sodium-native + libsodium-wasm',
    ]);
    expect(() => compareBackends(all, 'shortHash', seed, CASES)).not.toThrow();
  });

  it('are seen to differ when they do', async () => {
    const [portable, wasm] = await allBackends();
    const wrong = { ...portable, name: 'wrong', hash: () => new Uint8Array(20) };
    expect(() => compareBackends([wasm, wrong], 'shortHash', seed, 10)).toThrowError(/shortHash/);
    expect(() => compareBackends([wrong], 'hash', seed, 10)).toThrowError(/hash with wrong/);
  });
});
