import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { fill, hex } from '../helpers/bytes.js';

/** The parts of a backend that are no cryptography: randomness, comparison, wiping. */
export function plainSuite(crypto: CryptoBackend): void {
  describe('randomness, comparison, wiping', () => {
    it('has a name for people', () => {
      expect(crypto.name).toMatch(/^\S.*$/);
    });

    it('gives as many random bytes as asked for, beyond the 65,536 that the platform gives at a time', () => {
      for (const length of [0, 1, 32, 65_535, 65_536, 65_537, 200_000]) {
        const bytes = crypto.randomBytes(length);
        expect(bytes.length).toBe(length);
        expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
        // Every stretch of it was written: 32 zeros in a row do not happen.
        for (let at = 0; at + 32 <= length; at += 32) {
          if (bytes.subarray(at, at + 32).every(byte => byte === 0)) fail(`zeros at ${at} of ${length}`);
        }
      }
      expect(hex(crypto.randomBytes(32))).not.toBe(hex(crypto.randomBytes(32)));
    });

    it('refuses a number of random bytes that is none', () => {
      for (const length of [-1, 0.5, NaN, Infinity]) {
        expect(() => crypto.randomBytes(length)).toThrowError(RangeError);
      }
    });

    it('compares by content and length', () => {
      const a = fill(64, 7);
      expect(crypto.equal(a, fill(64, 7))).toBe(true);
      expect(crypto.equal(a, a)).toBe(true);
      expect(crypto.equal(a, fill(65, 7))).toBe(false);
      expect(crypto.equal(a, fill(63, 7))).toBe(false);
      expect(crypto.equal(a, fill(0, 7))).toBe(false);
      expect(crypto.equal(fill(0, 0), fill(0, 0))).toBe(true);
      for (let i = 0; i < 64; i++) {
        const b = fill(64, 7);
        b[i] ^= 1 << (i % 8);
        expect(crypto.equal(a, b)).withContext(`byte ${i}`).toBe(false);
      }
      expect(crypto.equal(fill(80, 9).subarray(8, 72), fill(64, 9))).toBe(true);
    });

    it('wipes the bytes of a view and nothing beside them', () => {
      const bytes = fill(8, 1);
      crypto.wipe(bytes.subarray(2, 6));
      expect([...bytes]).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
    });
  });
}
