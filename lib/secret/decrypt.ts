import { concatMap, defer, EMPTY, finalize, of, type OperatorFunction } from 'rxjs';
import { type CryptoBackend, RECORD_OVERHEAD, type SecretStreamPull } from '../crypto/CryptoBackend.js';
import { DecryptFailedError, FrameEmptyError } from '../errors.js';
import { requireKeys } from './SecureOptions.js';
import type { SessionKeys } from './Session.js';
import { readStreamHeader } from './streamHeader.js';

/**
 * Turns the bodies of frames into the payloads they carry. The first must be the remote's stream header; each later one
 * is a record. Empty payloads are keep-alives and not emitted.
 *
 * ```
 * bodies     h--A--k--B--|
 * payloads   ---a-----b--|
 * ```
 *
 * Bodies are only read; every payload is a fresh array.
 *
 * Completes with the source: nothing in the stream says that it is whole. Errors with the source's error, with
 * `ERR_FRAME_EMPTY` at an empty body, with `ERR_STREAM_HEADER` if the first body is not the header of this session, and
 * with `ERR_DECRYPT_FAILED` at a record that is altered, missing its predecessor, or shorter than 17 bytes.
 *
 * ```ts
 * transport.pipe(decodeFrames(), decrypt(keys, { crypto })).subscribe(payload => console.log(payload));
 * ```
 *
 * (Wire: `@hyperswarm/secret-stream`, libsodium secretstream.)
 *
 * @throws RangeError at once for keys of a wrong length.
 * @see {@link encrypt}, the reverse
 * @public
 */
export function decrypt(
  keys: SessionKeys,
  options: { readonly crypto: CryptoBackend },
): OperatorFunction<Uint8Array, Uint8Array> {
  const { crypto } = options;
  requireKeys(keys);
  return source =>
    defer(() => {
      let pull: SecretStreamPull | null = null;
      return source.pipe(
        concatMap(body => {
          if (body.length === 0) throw new FrameEmptyError();
          if (pull === null) {
            pull = crypto.secretStreamPull(keys.rx, readStreamHeader(crypto, keys, body));
            return EMPTY;
          }
          const payload = body.length < RECORD_OVERHEAD ? null : pull.open(body);
          if (payload === null) throw new DecryptFailedError();
          return payload.length === 0 ? EMPTY : of(payload);
        }),
        finalize(() => pull?.wipe()),
      );
    });
}
