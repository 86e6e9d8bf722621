import nacl from 'tweetnacl';
import { requireBytes } from '../byteChecks.js';
import { decodePoint, encodePoint, isIdentity, isTorsionFree, multiply, wipePoint } from './ed25519Point.js';

/**
 * Diffie–Hellman on the Ed25519 curve, the `Ed25519` of `Noise_XX_Ed25519_ChaChaPoly_BLAKE2b`: the remote point times
 * the scalar that signs with the same key (RFC 8032 §5.1.5). The product is not hashed; Noise mixes it into its key.
 *
 * @param secretKey 64 bytes, seed ‖ public key.
 * @param remotePublicKey 32 bytes, chosen by the remote.
 * @returns 32 bytes that belong to the caller, or null for a point that libsodium refuses.
 * @throws RangeError for any other length.
 * @internal
 */
export function ed25519Dh(secretKey: Uint8Array, remotePublicKey: Uint8Array): Uint8Array | null {
  requireBytes('secretKey', secretKey, 64);
  requireBytes('remotePublicKey', remotePublicKey, 32);
  const expanded = nacl.hash(secretKey.subarray(0, 32));
  const scalar = expanded.subarray(0, 32);
  scalar[0] &= 0xf8;
  scalar[31] = (scalar[31] & 0x7f) | 0x40;
  const shared = scalarMultiply(scalar, remotePublicKey);
  expanded.fill(0);
  return shared;
}

/**
 * A scalar as it is times an encoded point, with the refusals of libsodium's `crypto_scalarmult_ed25519_noclamp`.
 *
 * Without them a remote could choose a point whose product is one of eight known ones, and a transcript with
 * "contributory" secrets that it did not contribute to.
 *
 * @internal
 */
export function scalarMultiply(scalar: Uint8Array, encodedPoint: Uint8Array): Uint8Array | null {
  requireBytes('scalar', scalar, 32);
  requireBytes('encodedPoint', encodedPoint, 32);
  const point = decodePoint(encodedPoint);
  if (point === null || !isTorsionFree(point)) return null;
  const unsigned = new Uint8Array(scalar);
  unsigned[31] &= 0x7f;
  const product = multiply(unsigned, point);
  unsigned.fill(0);
  // Of the points of small order only the neutral element comes this far.
  const shared = isIdentity(product) ? null : encodePoint(product);
  wipePoint(product);
  return shared;
}
