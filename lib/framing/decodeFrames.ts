import { concat, concatMap, defer, EMPTY, type OperatorFunction } from 'rxjs';
import { verifyLimits } from '../limits.js';
import { FrameDecoder } from './FrameDecoder.js';

/**
 * Turns chunks of any size into the bodies of the frames they carry: `uint24 little-endian length ‖ body`.
 *
 * A frame is emitted as soon as its last byte has arrived; one without a body is an empty array. A frame that lies in one
 * chunk is a view of that chunk, so nobody may write into it or into the chunk; a split frame is an array of its own.
 *
 * Completes with the source. Errors with `ERR_FRAME_TOO_LARGE` when a prefix announces more than `maxFrameBytes` (then
 * the source is unsubscribed before the body arrives), with `ERR_FRAME_TRUNCATED` when the source completes inside a
 * frame, and with the source's error. Frames before the error are emitted first.
 *
 * ```ts
 * transport.pipe(decodeFrames({ maxFrameBytes: 1 << 20 })).subscribe(body => console.log(body.length));
 * ```
 *
 * @param options - `maxFrameBytes`: the longest body to accept, 1 to 16,777,215 bytes (the default).
 * @throws RangeError at once if the limit is not in that range.
 * @see {@link encodeFrames}, the reverse; {@link FrameDecoder}, the same without RxJS
 * @public
 */
export function decodeFrames(
  options: { maxFrameBytes?: number } = {},
): OperatorFunction<Uint8Array, Uint8Array> {
  const { maxFrameBytes } = verifyLimits(options);
  return source =>
    defer(() => {
      const decoder = new FrameDecoder(maxFrameBytes);
      // A chunk that arrives while the frames of another are being emitted waits for its turn in concatMap.
      return concat(
        source.pipe(concatMap(chunk => framesOf(decoder, chunk))),
        defer(() => {
          decoder.finish();
          return EMPTY;
        }),
      );
    });
}

function* framesOf(decoder: FrameDecoder, chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
  decoder.push(chunk);
  for (let frame = decoder.next(); frame !== null; frame = decoder.next()) yield frame;
}
