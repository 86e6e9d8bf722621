import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/ed25519-dh.json' with { type: 'json' };

interface DhVectors {
  valid: { secretA: string; publicB: string; secretB?: string; publicA?: string; shared: string }[];
  points: { secretKey: string; cases: { what: string; publicKey: string; shared?: string }[] };
  sizes: { publicKey?: string; secretKeyLength?: number }[];
}

const { valid, points, sizes } = vectors as DhVectors;

/** Diffie–Hellman on the Ed25519 curve: noise-curve-ed's results, and libsodium's refusals. */
export function ed25519DhSuite(crypto: CryptoBackend): void {
  const shared = (secretKey: string, publicKey: string): string | null => {
    const result = crypto.dh(unhex(secretKey), unhex(publicKey));
    return result === null ? null : hex(result);
  };

  describe('dh', () => {
    it('gives both sides the same, as noise-curve-ed does', () => {
      for (const { secretA, publicB, secretB, publicA, shared: expected } of valid) {
        expect(shared(secretA, publicB)).toBe(expected);
        if (secretB !== undefined && publicA !== undefined) expect(shared(secretB, publicA)).toBe(expected);
      }
    });

    points.cases.forEach(({ what, publicKey, shared: expected }, i) => {
      it(`${expected === undefined ? 'refuses' : 'accepts'} what libsodium does: ${what} (${i})`, () => {
        expect(shared(points.secretKey, publicKey)).toBe(expected ?? null);
      });
    });

    it('throws for keys of another length, and for what is not bytes', () => {
      for (const { publicKey, secretKeyLength } of sizes) {
        const secret = secretKeyLength === undefined ? unhex(points.secretKey) : fill(secretKeyLength, 1);
        const remote = publicKey === undefined ? unhex(valid[0].publicB) : unhex(publicKey);
        expect(() => crypto.dh(secret, remote)).toThrowError(RangeError);
      }
      const words = 'text' as unknown as Uint8Array;
      expect(() => crypto.dh(words, fill(32, 1))).toThrowError(TypeError);
      expect(() => crypto.dh(fill(64, 1), words)).toThrowError(TypeError);
    });

    it('leaves its inputs alone and gives a fresh array', () => {
      const [secretKey, publicKey] = [unhex(valid[0].secretA), unhex(valid[0].publicB)];
      const result = crypto.dh(secretKey, publicKey);
      expect(result?.buffer.byteLength).toBe(32);
      expect(hex(secretKey)).toBe(valid[0].secretA);
      expect(hex(publicKey)).toBe(valid[0].publicB);
    });

    it('uses the seed in the secret key alone', () => {
      // The second half of a secret key is the public key, which takes no part.
      const { secretA, publicB, shared: expected } = valid[0];
      expect(shared(secretA.slice(0, 64) + '00'.repeat(32), publicB)).toBe(expected);
    });
  });
}
