import type { OperatorFunction } from 'rxjs';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { portableCrypto } from '../crypto/portable/portable.js';
import { decrypt as decryptWith } from '../secret/decrypt.js';
import { encrypt as encryptWith } from '../secret/encrypt.js';
import { secure as secureWith } from '../secret/secure.js';
import type { SecureLink } from '../secret/SecureLink.js';
import type { SecureLinkOptions } from '../secret/SecureLinkOptions.js';
import type { SessionKeys } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';

/**
 * Opens what the other side's {@link encrypt} sealed: frame bodies become payloads. The first body must be the stream
 * header of the session; empty records, which are keep-alives, are swallowed.
 *
 * Completes with the source. Errors with `ERR_STREAM_HEADER`, `ERR_FRAME_EMPTY`, `ERR_DECRYPT_FAILED`, and with the
 * source's error. Payloads are fresh arrays that belong to the subscriber; nothing is written into a body.
 *
 * @param keys - the result of a handshake
 * @param options - `crypto`: the backend, tweetnacl and StableLib by default
 * @throws RangeError at once if a key has the wrong length.
 * @example
 * ```ts
 * chunks.pipe(decodeFrames(), decrypt(session)).subscribe(payload => console.log(payload.length));
 * ```
 * @public
 */
export function decrypt(
  keys: SessionKeys,
  options: { readonly crypto?: CryptoBackend } = {},
): OperatorFunction<Uint8Array, Uint8Array> {
  return decryptWith(keys, { crypto: portableCrypto, ...options });
}

/**
 * Seals payloads into frame bodies: the stream header first, as soon as it is subscribed, then one record a payload.
 *
 * Completes with the source. Errors with `ERR_FRAME_TOO_LARGE` for a payload above 16,777,198 bytes, and with the source's
 * error. Payloads are only read; bodies are fresh arrays.
 *
 * @param keys - the result of a handshake
 * @param options - `crypto`: the backend, tweetnacl and StableLib by default
 * @throws RangeError at once if a key has the wrong length.
 * @example
 * ```ts
 * payloads.pipe(encrypt(session), encodeFrames()).subscribe(transport);
 * ```
 * @public
 */
export function encrypt(
  keys: SessionKeys,
  options: { readonly crypto?: CryptoBackend } = {},
): OperatorFunction<Uint8Array, Uint8Array> {
  return encryptWith(keys, { crypto: portableCrypto, ...options });
}

/**
 * Secures each transport: emits its {@link SecureLink}, a Duplex of payloads, once the session is open. See there for
 * what ends a link; a connection that fails before it is open errors this Observable.
 *
 * @param options - `initiator` has no default; `crypto` is tweetnacl and StableLib unless given
 * @throws TypeError or RangeError at once for options that make no sense.
 * @example
 * ```ts
 * transports.pipe(secure({ initiator: true }), switchMap(link => link)).subscribe(payload => console.log(payload));
 * ```
 * @public
 */
export function secure(
  options: Omit<SecureLinkOptions, 'crypto'> & { readonly crypto?: CryptoBackend },
): OperatorFunction<Transport, SecureLink> {
  return secureWith({ crypto: portableCrypto, ...options });
}
