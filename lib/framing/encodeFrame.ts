import { FrameTooLargeError } from '../errors.js';

/** Bytes of the length prefix before every frame: an unsigned 24-bit integer, little endian. @public */
export const FRAME_HEADER_BYTES = 3;

/** The longest body that the prefix can announce. @internal */
export const HIGHEST_FRAME_BYTES = 0xffffff;

/**
 * Writes the three bytes that announce a body of `length` bytes, at `offset`.
 *
 * For a caller that lays out prefix and body in one buffer of its own; {@link encodeFrame} is for everybody else.
 * (Wire: the framing of `@hyperswarm/secret-stream`.)
 *
 * @throws FrameTooLargeError if `length` is more than 16,777,215.
 * @throws RangeError if `length` is not a whole number, or the prefix does not fit into the buffer.
 * @public
 */
export function writeFrameHeader(buffer: Uint8Array, offset: number, length: number): void {
  if (!Number.isInteger(length) || length < 0) throw new RangeError('length must be a non-negative integer');
  if (length > HIGHEST_FRAME_BYTES) throw new FrameTooLargeError(length, HIGHEST_FRAME_BYTES);
  if (!(offset >= 0 && offset + FRAME_HEADER_BYTES <= buffer.length)) {
    throw new RangeError('the buffer has no room for a frame header');
  }
  buffer[offset] = length;
  buffer[offset + 1] = length >>> 8;
  buffer[offset + 2] = length >>> 16;
}

/**
 * A body as one frame: length prefix and a copy of the body, in one fresh array of `body.length + 3` bytes.
 *
 * @throws FrameTooLargeError if the body is longer than 16,777,215 bytes; nothing is allocated then.
 * @public
 */
export function encodeFrame(body: Uint8Array): Uint8Array {
  if (body.length > HIGHEST_FRAME_BYTES) throw new FrameTooLargeError(body.length, HIGHEST_FRAME_BYTES);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(frame, 0, body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}
