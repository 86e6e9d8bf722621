import { BLAKE2b } from '@stablelib/blake2b';
import { ChaCha20Poly1305 } from '@stablelib/chacha20poly1305';
import nacl from 'tweetnacl';
import type { CryptoBackend } from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import { ed25519Dh } from './ed25519Dh.js';
import { ed25519Verify } from './ed25519Verify.js';
import { PortableSecretStreamPull, PortableSecretStreamPush } from './secretStream.js';

/** `getRandomValues` gives no more at a time. */
const RANDOM_PIECE = 65_536;

/**
 * The default backend: tweetnacl and StableLib, plain JavaScript that runs wherever JavaScript does. Keys, nonces and
 * headers of a wrong length throw `RangeError`, what is not a `Uint8Array` throws `TypeError`; what came from the
 * remote (a signature, a sealed text, a record) is answered with `false` or `null` whatever its length.
 *
 * @public
 */
export const portableCrypto: CryptoBackend = {
  name: 'portable',

  randomBytes(length) {
    requireInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += RANDOM_PIECE) {
      globalThis.crypto.getRandomValues(bytes.subarray(at, at + RANDOM_PIECE));
    }
    return bytes;
  },

  hash(length, parts, key) {
    requireInteger('length', length, 1, 64);
    if (key !== undefined) requireBytes('key', key, 1, 64);
    const hash = key === undefined ? new BLAKE2b(length) : new BLAKE2b(length, { key });
    for (const part of parts) {
      requireBytes('part', part, 0, Infinity);
      hash.update(part);
    }
    const digest = hash.digest();
    hash.clean();
    return digest;
  },

  keyPair(seed) {
    requireBytes('seed', seed, 32);
    const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
    return { publicKey, secretKey };
  },

  sign(message, secretKey) {
    requireBytes('message', message, 0, Infinity);
    requireBytes('secretKey', secretKey, 64);
    return nacl.sign.detached(message, secretKey);
  },

  verify(message, signature, publicKey) {
    requireBytes('message', message, 0, Infinity);
    requireBytes('signature', signature, 0, Infinity);
    requireBytes('publicKey', publicKey, 0, Infinity);
    return ed25519Verify(message, signature, publicKey);
  },

  dh: ed25519Dh,

  seal(key, nonce, plaintext, associated) {
    const cipher = aead(key, nonce, plaintext, associated);
    const sealed = cipher.seal(nonce, plaintext, associated);
    cipher.clean();
    return sealed;
  },

  open(key, nonce, sealed, associated) {
    const cipher = aead(key, nonce, sealed, associated);
    const plaintext = cipher.open(nonce, sealed, associated);
    cipher.clean();
    return plaintext;
  },

  secretStreamPush: (key, header) => new PortableSecretStreamPush(key, header),

  secretStreamPull: (key, header) => new PortableSecretStreamPull(key, header),

  equal(a, b) {
    // tweetnacl compares without an early exit, but takes two empty arrays for different ones.
    return a.length === 0 && b.length === 0 ? true : nacl.verify(a, b);
  },

  wipe(bytes) {
    bytes.fill(0);
  },
};

function aead(
  key: Uint8Array,
  nonce: Uint8Array,
  text: Uint8Array,
  associated: Uint8Array,
): ChaCha20Poly1305 {
  requireBytes('key', key, 32);
  requireBytes('nonce', nonce, 12);
  requireBytes('text', text, 0, Infinity);
  requireBytes('associated', associated, 0, Infinity);
  return new ChaCha20Poly1305(key);
}
