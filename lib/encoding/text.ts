import { string as compactString } from 'compact-encoding';
import { OutOfBoundsError } from '../errors.js';
import type { Codec } from './Codec.js';
import { uint } from './uint.js';

/**
 * A string as UTF-8 behind its length in bytes (compact-encoding `string`).
 *
 * Neither direction fails over the text: a lone surrogate is written, and bytes that are not UTF-8 are read, as U+FFFD.
 * A length beyond the end is `ERR_OUT_OF_BOUNDS`.
 *
 * @public
 */
export const text: Codec<string> = {
  preencode(state, value) {
    compactString.preencode(state, value);
  },
  encode(state, value) {
    compactString.encode(state, value);
  },
  decode(state) {
    const from = state.start;
    const length = uint.decode(state);
    const start = state.start;
    if (length > state.end - start) {
      state.start = from;
      throw new OutOfBoundsError('text', from);
    }
    const buffer = state.buffer!;
    // The package reads through Buffer in Node and TextDecoder in browsers, and the latter would drop a leading U+FEFF:
    // the same bytes would be two different texts. So what may begin with one is read here.
    if (length > 0 && buffer[start] === 0xef) {
      state.start = start + length;
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer.subarray(start, start + length));
    }
    state.start = from;
    return compactString.decode(state);
  },
};
