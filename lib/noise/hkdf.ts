import type { CryptoBackend } from '../crypto/CryptoBackend.js';

/** Bytes of a digest of the handshake's hash function, BLAKE2b-512. @internal */
export const HASH_BYTES = 64;

/** Bytes that BLAKE2b works on at a time, to which HMAC pads its key. */
const BLOCK_BYTES = 128;

/**
 * HMAC (RFC 2104) over unkeyed BLAKE2b-512: 64 bytes. Noise asks for this construction (rev 34 §4.3); it is not the
 * keyed mode that BLAKE2b has of its own.
 *
 * @internal
 */
export function hmac(crypto: CryptoBackend, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const short = key.length > BLOCK_BYTES ? crypto.hash(HASH_BYTES, [key]) : key;
  const pad = new Uint8Array(BLOCK_BYTES).fill(0x36);
  for (let i = 0; i < short.length; i++) pad[i] ^= short[i];
  const inner = crypto.hash(HASH_BYTES, [pad, ...parts]);
  for (let i = 0; i < BLOCK_BYTES; i++) pad[i] ^= 0x36 ^ 0x5c;
  const digest = crypto.hash(HASH_BYTES, [pad, inner]);
  crypto.wipe(pad);
  crypto.wipe(inner);
  if (short !== key) crypto.wipe(short);
  return digest;
}

/**
 * The HKDF of Noise (rev 34 §4.3) with two outputs of 64 bytes, which are the caller's to wipe.
 *
 * @internal
 */
export function hkdf(
  crypto: CryptoBackend,
  chainingKey: Uint8Array,
  input: Uint8Array,
): [Uint8Array, Uint8Array] {
  const extracted = hmac(crypto, chainingKey, [input]);
  const first = hmac(crypto, extracted, [Uint8Array.of(1)]);
  const second = hmac(crypto, extracted, [first, Uint8Array.of(2)]);
  crypto.wipe(extracted);
  return [first, second];
}
