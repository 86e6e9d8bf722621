import { BadValueError, isHypercoreError, OutOfBoundsError } from '../errors.js';
import type { Codec } from './Codec.js';

/**
 * Makes a codec from outside, such as one of compact-encoding's own, fail as those of this library do.
 *
 * Its `Out of bounds`, and a read past the end that it did not notice, become `ERR_OUT_OF_BOUNDS`; whatever else it throws
 * while reading becomes `ERR_BAD_VALUE`, without its text, which may quote what was read. A failed read leaves the cursor
 * where it was. What it throws while writing is the caller's mistake and passes.
 *
 * @param name - names the codec in errors
 *
 * @example
 * ```ts
 * import { float64 } from 'compact-encoding';
 * const temperature = compactCodec('temperature', float64);
 * ```
 * @public
 */
export function compactCodec<T>(name: string, codec: Codec<T>): Codec<T> {
  return {
    preencode: (state, value) => codec.preencode(state, value),
    encode: (state, value) => codec.encode(state, value),
    decode(state) {
      const { start, end } = state;
      try {
        const value = codec.decode(state);
        if (state.start <= state.end) return value;
      } catch (error) {
        state.start = start;
        state.end = end; // codecs for parts narrow it for a while
        if (isHypercoreError(error)) throw error;
        if (!isOutOfBounds(error)) throw new BadValueError(name, start, 'malformed');
      }
      state.start = start;
      throw new OutOfBoundsError(name, start);
    },
  };
}

/** compact-encoding's only mark for it is the text; a RangeError is what a DataView throws. */
function isOutOfBounds(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.message === 'Out of bounds');
}
