import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };
import { forgedSignatures } from './forgedSignatures.js';
import { printedSignatures } from './printedSignatures.js';

interface SignVectors {
  keyPairs: { seed: string; publicKey: string; secretKey: string }[];
  signables: {
    seed: string;
    publicKey: string;
    signable: string;
    signature: string;
    signableCompat: string;
    signatureCompat: string;
    signableLegacy: string;
    signatureLegacy: string;
  }[];
  verify: { what: string; message: string; signature: string; publicKey: string; valid: boolean }[];
  defaultSigner: { seed: string; publicKey: string; signable: string; signature: string }[];
}

const { keyPairs, signables, verify, defaultSigner } = vectors as SignVectors;

/** Ed25519 keys and signatures: the printed vectors, those of libsodium, and what libsodium refuses. */
export function ed25519SignSuite(crypto: CryptoBackend): void {
  const signs = (seed: string, publicKey: string, message: string, signature: string): void => {
    const pair = crypto.keyPair(unhex(seed));
    expect(hex(pair.publicKey)).toBe(publicKey);
    expect(hex(crypto.sign(unhex(message), pair.secretKey))).toBe(signature);
    expect(crypto.verify(unhex(message), unhex(signature), pair.publicKey)).toBe(true);
  };

  describe('keyPair, sign and verify', () => {
    for (const { test, seed, publicKey, message, signature } of printedSignatures) {
      it(`give what is printed in RFC 8032 section 7.1 as ${test}`, () => {
        signs(seed, publicKey, hex(unhex(message)), signature);
      });
    }

    it('give the key pairs of libsodium', () => {
      for (const { seed, publicKey, secretKey } of keyPairs) {
        const pair = crypto.keyPair(unhex(seed));
        expect(hex(pair.publicKey)).toBe(publicKey);
        expect(hex(pair.secretKey)).toBe(secretKey);
      }
    });

    it('give the signatures of Hypercore trees', () => {
      for (const of of signables) {
        signs(of.seed, of.publicKey, of.signable, of.signature);
        signs(of.seed, of.publicKey, of.signableCompat, of.signatureCompat);
        signs(of.seed, of.publicKey, of.signableLegacy, of.signatureLegacy);
      }
      for (const of of defaultSigner) signs(of.seed, of.publicKey, of.signable, of.signature);
    });

    verify.forEach(({ what, message, signature, publicKey, valid }, i) => {
      it(`${valid ? 'accept' : 'refuse'} what libsodium does: ${what} (${i})`, () => {
        expect(crypto.verify(unhex(message), unhex(signature), unhex(publicKey))).toBe(valid);
      });
    });

    it('refuse signatures that prove nothing, although their equation holds', () => {
      for (const { what, message, signature, publicKey } of forgedSignatures()) {
        expect(crypto.verify(message, signature, publicKey))
          .withContext(what)
          .toBe(false);
      }
    });

    it('leave their inputs alone and give fresh arrays', () => {
      const seed = fill(32, 3);
      const pair = crypto.keyPair(seed);
      const message = fill(50, 4);
      const signature = crypto.sign(message, pair.secretKey);
      const [publicKey, secretKey, sealed] = [pair.publicKey, pair.secretKey, signature].map(hex);
      crypto.verify(message, signature, pair.publicKey);
      expect([pair.publicKey, pair.secretKey, signature].map(hex)).toEqual([publicKey, secretKey, sealed]);
      expect(hex(seed)).toBe(hex(fill(32, 3)));
      expect(hex(message)).toBe(hex(fill(50, 4)));
      expect([pair.publicKey, pair.secretKey, signature].map(bytes => bytes.buffer.byteLength)).toEqual([
        32, 64, 64,
      ]);
      expect(pair.publicKey.buffer).not.toBe(pair.secretKey.buffer);
    });

    it('throw for own keys of another length, and for what is not bytes', () => {
      const words = 'text' as unknown as Uint8Array;
      for (const length of [0, 31, 33, 64]) {
        expect(() => crypto.keyPair(fill(length, 1))).toThrowError(RangeError);
      }
      for (const length of [0, 32, 63, 65]) {
        expect(() => crypto.sign(fill(1, 1), fill(length, 1))).toThrowError(RangeError);
      }
      expect(() => crypto.keyPair(words)).toThrowError(TypeError);
      expect(() => crypto.sign(words, fill(64, 1))).toThrowError(TypeError);
      expect(() => crypto.sign(fill(1, 1), words)).toThrowError(TypeError);
      expect(() => crypto.verify(words, fill(64, 1), fill(32, 1))).toThrowError(TypeError);
      expect(() => crypto.verify(fill(1, 1), words, fill(32, 1))).toThrowError(TypeError);
      expect(() => crypto.verify(fill(1, 1), fill(64, 1), words)).toThrowError(TypeError);
    });
  });
}
