import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { checkKeyPair, generateKeyPair, keyPairFromSeed } from '../../lib/keys/keyPair.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

const { keyPairs } = vectors as { keyPairs: { seed: string; publicKey: string; secretKey: string }[] };

describe('keys: key pairs', () => {
  it('gives the key pairs of the seeds', () => {
    for (const { seed, publicKey, secretKey } of keyPairs) {
      const pair = keyPairFromSeed(crypto, unhex(seed));
      expect(hex(pair.publicKey)).toBe(publicKey);
      expect(hex(pair.secretKey)).toBe(secretKey);
      checkKeyPair(crypto, pair);
    }
  });

  it('throws for a seed of another length', () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => keyPairFromSeed(crypto, fill(length, 1))).toThrowError(RangeError);
    }
    expect(() => keyPairFromSeed(crypto, 'x'.repeat(32) as unknown as Uint8Array)).toThrowError(TypeError);
  });

  it('generates another pair each time, and one that belongs together', () => {
    const [a, b] = [generateKeyPair(crypto), generateKeyPair(crypto)];
    expect(hex(a.publicKey)).not.toBe(hex(b.publicKey));
    for (const pair of [a, b]) {
      checkKeyPair(crypto, pair);
      expect(hex(pair.secretKey.subarray(32))).toBe(hex(pair.publicKey));
    }
  });

  it('wipes the seed that it generates a pair from', () => {
    const seeds: Uint8Array[] = [];
    const watched: CryptoBackend = {
      ...crypto,
      randomBytes: length => {
        const seed = crypto.randomBytes(length);
        seeds.push(seed);
        return seed;
      },
    };
    const { secretKey } = generateKeyPair(watched);
    expect(seeds.map(hex)).toEqual(['00'.repeat(32)]);
    expect(hex(secretKey.subarray(0, 32))).not.toBe('00'.repeat(32));
  });

  it('tells halves that do not belong together, and shows neither', () => {
    const a = keyPairFromSeed(crypto, fill(32, 1));
    const b = keyPairFromSeed(crypto, fill(32, 2));
    const wrongTail = new Uint8Array(a.secretKey);
    wrongTail[63] ^= 1;
    for (const pair of [
      { publicKey: a.publicKey, secretKey: b.secretKey },
      { publicKey: b.publicKey, secretKey: a.secretKey },
      { publicKey: a.publicKey, secretKey: wrongTail },
      { publicKey: wrongTail.subarray(32), secretKey: wrongTail },
    ]) {
      expect(() => checkKeyPair(crypto, pair)).toThrowError(
        RangeError,
        'publicKey and secretKey do not belong together',
      );
    }
  });

  it('tells keys of another length', () => {
    const { publicKey, secretKey } = keyPairFromSeed(crypto, fill(32, 1));
    const words = 'text' as unknown as Uint8Array;
    const short = publicKey.subarray(1);
    expect(() => checkKeyPair(crypto, { publicKey: short, secretKey })).toThrowError(RangeError);
    expect(() => checkKeyPair(crypto, { publicKey, secretKey: publicKey })).toThrowError(RangeError);
    expect(() => checkKeyPair(crypto, { publicKey: words, secretKey })).toThrowError(TypeError);
    expect(() => checkKeyPair(crypto, { publicKey, secretKey: words })).toThrowError(TypeError);
  });
});
