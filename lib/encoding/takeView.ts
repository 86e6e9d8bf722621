import { OutOfBoundsError } from '../errors.js';
import type { EncodingState } from './Codec.js';

/**
 * Takes the next `length` bytes as a view of the buffer that is being read, and moves past them.
 *
 * The view is a plain Uint8Array even when the buffer is a Node Buffer: `subarray` of a Buffer would be a Buffer, whose
 * `slice` and `toString` mean something else.
 *
 * @param name - what is being read, for the error
 * @param from - where the field begins, for the error; a failed read moves the cursor back there
 * @throws OutOfBoundsError if fewer bytes are left
 * @internal
 */
export function takeView(state: EncodingState, length: number, name: string, from: number): Uint8Array {
  const { start, end } = state;
  if (length > end - start) {
    state.start = from;
    throw new OutOfBoundsError(name, from);
  }
  state.start = start + length;
  const buffer = state.buffer!;
  return new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
}
