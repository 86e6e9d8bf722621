import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';

/**
 * A new Ed25519 key pair from the platform's secure randomness. The arrays belong to the caller; the seed it came from
 * is wiped, though it lives on as the first half of the secret key.
 *
 * @public
 */
export function generateKeyPair(crypto: CryptoBackend): KeyPair {
  const seed = crypto.randomBytes(32);
  const pair = crypto.keyPair(seed);
  crypto.wipe(seed);
  return pair;
}

/**
 * The Ed25519 key pair of a seed (RFC 8032 §5.1.5): the same 32 bytes always give the same pair.
 *
 * @throws RangeError if the seed is not 32 bytes long, TypeError if it is not bytes.
 * @public
 */
export function keyPairFromSeed(crypto: CryptoBackend, seed: Uint8Array): KeyPair {
  requireBytes('seed', seed, 32);
  return crypto.keyPair(seed);
}

/**
 * Checks a key pair from outside before anything is signed with it: lengths, and that both halves belong together.
 * Signatures under a public key that is not the secret one's own give the secret key away.
 *
 * @throws TypeError if a key is not bytes.
 * @throws RangeError if a key has the wrong length, or the keys do not belong together.
 * @public
 */
export function checkKeyPair(crypto: CryptoBackend, pair: KeyPair): void {
  requireBytes('publicKey', pair.publicKey, 32);
  requireBytes('secretKey', pair.secretKey, 64);
  const derived = crypto.keyPair(pair.secretKey.subarray(0, 32));
  const belong =
    crypto.equal(derived.publicKey, pair.publicKey) && crypto.equal(derived.secretKey, pair.secretKey);
  crypto.wipe(derived.secretKey);
  if (!belong) throw new RangeError('publicKey and secretKey do not belong together');
}
