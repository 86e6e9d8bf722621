import { concatMap, defer, finalize, merge, of, type OperatorFunction } from 'rxjs';
import { type CryptoBackend, RECORD_OVERHEAD } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';
import { FrameTooLargeError } from '../errors.js';
import { defaultLimits } from '../limits.js';
import { requireKeys } from './SecureOptions.js';
import type { SessionKeys } from './Session.js';
import { createStreamHeader, randomHeader } from './streamHeader.js';

/**
 * Turns payloads into the bodies of the frames that carry them: the stream header (56 bytes) first, at once, then one
 * record for each payload, 17 bytes longer. An empty payload becomes a record that peers take for a keep-alive.
 *
 * ```
 * payloads   ---a--b--|
 * bodies     h--A--B--|
 * ```
 *
 * Payloads are only read; every body is a fresh array. Each subscription begins a stream of its own, and a remote expects
 * one stream.
 *
 * Completes with the source. Errors with the source's error, and with `ERR_FRAME_TOO_LARGE` at a payload of more than
 * 16,777,198 bytes.
 *
 * ```ts
 * payloads.pipe(encrypt(keys, { crypto }), encodeFrames()).subscribe(transport);
 * ```
 *
 * (Wire: `@hyperswarm/secret-stream`, libsodium secretstream.)
 *
 * @param options - `crypto`: the backend; `header`: 24 bytes instead of random ones, for specs.
 * @throws RangeError at once for keys of a wrong length.
 * @see {@link decrypt}, the reverse
 * @public
 */
export function encrypt(
  keys: SessionKeys,
  options: { readonly crypto: CryptoBackend; readonly header?: Uint8Array },
): OperatorFunction<Uint8Array, Uint8Array> {
  const { crypto } = options;
  requireKeys(keys);
  if (options.header !== undefined) requireBytes('header', options.header, 24);
  return source =>
    defer(() => {
      const header = options.header ?? randomHeader(crypto);
      const push = crypto.secretStreamPush(keys.tx, header);
      let begun = false;
      // The source is subscribed before the header is out, so that an answer to the header is not missed; concatMap
      // keeps it in line behind the header.
      return merge(source, of(null)).pipe(
        concatMap(payload => {
          const bodies: Uint8Array[] = [];
          if (!begun) bodies.push(createStreamHeader(crypto, keys, header));
          begun = true;
          if (payload !== null) bodies.push(seal(payload));
          return bodies;
        }),
        finalize(() => push.wipe()),
      );

      function seal(payload: Uint8Array): Uint8Array {
        const length = payload.length + RECORD_OVERHEAD;
        if (length > defaultLimits.maxFrameBytes)
          throw new FrameTooLargeError(length, defaultLimits.maxFrameBytes);
        const record = new Uint8Array(length);
        record.set(payload, 1);
        push.seal(record, 0, length);
        return record;
      }
    });
}
