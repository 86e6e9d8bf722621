import { map, type OperatorFunction } from 'rxjs';
import { encodeFrame } from './encodeFrame.js';

/**
 * Puts a length prefix before every body: one fresh array per value, in order; the bodies are only read.
 *
 * Completes with the source. Errors with `ERR_FRAME_TOO_LARGE` at a body of more than 16,777,215 bytes.
 *
 * ```ts
 * bodies.pipe(encodeFrames()).subscribe(transport);
 * ```
 *
 * @see {@link decodeFrames}, the reverse
 * @public
 */
export function encodeFrames(): OperatorFunction<Uint8Array, Uint8Array> {
  return map(body => encodeFrame(body));
}
