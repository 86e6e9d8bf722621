import { uint as compactUint } from 'compact-encoding';
import { BadValueError, OutOfBoundsError } from '../errors.js';
import type { Codec, EncodingState } from './Codec.js';

/**
 * The variable-length unsigned integer: one byte up to 0xfc, else 0xfd, 0xfe or 0xff and 2, 4 or 8 bytes, little endian
 * (compact-encoding `uint`).
 *
 * Reads forms that are longer than needed, never writes them. Reading fails with `ERR_OUT_OF_BOUNDS` on a truncated
 * integer and with `ERR_BAD_VALUE` above 2^53 - 1, where doubles stop being exact; a failed read leaves the cursor where
 * it was. Writing anything but an integer from 0 to 2^53 - 1 throws RangeError.
 *
 * @public
 */
export const uint: Codec<number> = {
  preencode(state, value) {
    if ((value & 0xff) === value && value <= 0xfc) state.end++;
    else compactUint.preencode(state, verified(value));
  },
  encode(state, value) {
    // One byte is nearly every integer on the wire. The comparison also refuses fractions, negatives and NaN.
    if ((value & 0xff) === value && value <= 0xfc) state.buffer![state.start++] = value;
    else compactUint.encode(state, verified(value));
  },
  decode(state) {
    const first = state.start < state.end ? state.buffer![state.start] : 0x100;
    if (first > 0xfc) return decodeLong(state, first);
    state.start++;
    return first;
  },
};

/** Checks first and then leaves the reading to compact-encoding, which so never gets to throw its untyped errors. */
function decodeLong(state: EncodingState, first: number): number {
  const { start, end } = state;
  const width = first === 0xfd ? 3 : first === 0xfe ? 5 : 9;
  if (width > end - start) throw new OutOfBoundsError('uint', start);
  if (first === 0xff) {
    const buffer = state.buffer!;
    // 2^53 - 1 has five bits in its seventh byte and none in its eighth.
    if (buffer[start + 8] !== 0 || buffer[start + 7] > 0x1f) {
      throw new BadValueError('uint', start, 'an integer above 2^53 - 1');
    }
  }
  return compactUint.decode(state);
}

function verified(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`a uint must be an integer from 0 to 2^53 - 1, not ${String(value)}`);
  }
  return value;
}
