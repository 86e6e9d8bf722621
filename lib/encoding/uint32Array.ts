import { OutOfBoundsError } from '../errors.js';
import type { Codec } from './Codec.js';
import { uint } from './uint.js';

/**
 * Words of 32 bits, little endian, behind their count (compact-encoding `uint32array`).
 *
 * Reading copies: on the wire the words lie at any offset, a Uint32Array only at multiples of four, and compact-encoding's
 * own codec checks the count against the buffer instead of the end of the message, so it would read the next message of
 * a batch. A count that does not fit is `ERR_OUT_OF_BOUNDS`, before any memory is reserved.
 *
 * @public
 */
export const uint32Array: Codec<Uint32Array> = {
  preencode(state, value) {
    uint.preencode(state, value.length);
    state.end += value.byteLength;
  },
  encode(state, value) {
    uint.encode(state, value.length);
    const buffer = state.buffer!;
    const view = new DataView(buffer.buffer, buffer.byteOffset + state.start, value.byteLength);
    for (let i = 0; i < value.length; i++) view.setUint32(4 * i, value[i], true);
    state.start += value.byteLength;
  },
  decode(state) {
    const from = state.start;
    const count = uint.decode(state);
    if (count > (state.end - state.start) / 4) {
      state.start = from;
      throw new OutOfBoundsError('uint32Array', from);
    }
    const buffer = state.buffer!;
    const words = new Uint32Array(count);
    const view = new DataView(buffer.buffer, buffer.byteOffset + state.start, 4 * count);
    for (let i = 0; i < count; i++) words[i] = view.getUint32(4 * i, true);
    state.start += 4 * count;
    return words;
  },
};
