import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';

/**
 * The name under which a core is asked for without telling its key: BLAKE2b-256 of the nine letters `hypercore`, keyed
 * with the 32-byte key (hypercore-crypto `discoveryKey`). The key cannot be computed back from it.
 *
 * @returns 32 bytes that belong to the caller.
 * @throws RangeError if the key is not 32 bytes long, TypeError if it is not bytes.
 * @public
 */
export function discoveryKey(crypto: CryptoBackend, key: Uint8Array): Uint8Array {
  requireBytes('key', key, 32);
  // "hypercore" in ASCII
  return crypto.hash(32, [Uint8Array.of(0x68, 0x79, 0x70, 0x65, 0x72, 0x63, 0x6f, 0x72, 0x65)], key);
}

/**
 * Bytes as a string to be used in a `Map` or a `Set`, where arrays are compared by identity: lower-case hex, different
 * for different bytes. Made for public keys and discovery keys; strings cannot be wiped.
 *
 * @public
 */
export function keyString(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digitOf(byte >> 4), digitOf(byte & 15));
  // Built of characters one by one it would be a chain of strings, a hundred times its size.
  return String.fromCharCode(...codes);
}

function digitOf(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
