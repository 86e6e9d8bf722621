import type { CryptoBackend, KeyPair } from '../lib/crypto/CryptoBackend.js';
import { hex } from '../spec/helpers/bytes.js';

/** Products kept; all are forgotten when there are more, so that no campaign is bounded by its memory. */
const MOST = 512;

/** A backend that multiplies each pair of keys once, which is what costs a handshake its time. */
export function memoryOfPoints(crypto: CryptoBackend): CryptoBackend {
  const products = new Map<string, Uint8Array | null>();
  const pairs = new Map<string, KeyPair>();
  return {
    ...crypto,
    keyPair(seed) {
      const name = hex(seed);
      let pair = pairs.get(name);
      if (pair === undefined) {
        if (pairs.size >= MOST) pairs.clear();
        pairs.set(name, (pair = crypto.keyPair(seed)));
      }
      return { publicKey: pair.publicKey.slice(), secretKey: pair.secretKey.slice() };
    },
    dh(secretKey, publicKey) {
      const name = hex(secretKey) + hex(publicKey);
      let product = products.get(name);
      if (product === undefined) {
        if (products.size >= MOST) products.clear();
        product = crypto.dh(secretKey, publicKey);
        products.set(name, product);
      }
      // A copy: what a handshake is given it wipes.
      return product === null ? null : product.slice();
    },
  };
}
