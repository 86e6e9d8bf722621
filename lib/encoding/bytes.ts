import type { Codec } from './Codec.js';
import { takeView } from './takeView.js';
import { uint } from './uint.js';

/**
 * Bytes behind their length as a `uint` (compact-encoding 3 `buffer`).
 *
 * What is read is a view of the bytes being read: copy what outlives them. The length is checked against what is left,
 * `ERR_OUT_OF_BOUNDS` if it is more.
 *
 * @public
 */
export const bytes: Codec<Uint8Array> = {
  preencode(state, value) {
    uint.preencode(state, value.length);
    state.end += value.length;
  },
  encode(state, value) {
    uint.encode(state, value.length);
    state.buffer!.set(value, state.start);
    state.start += value.length;
  },
  decode(state) {
    const from = state.start;
    return takeView(state, uint.decode(state), 'bytes', from);
  },
};

/**
 * Like {@link bytes}, with `null` for no bytes (compact-encoding 3 `optionalBuffer`). The wire has one form for absent and
 * empty, so an empty array is read back as `null`.
 *
 * @public
 */
export const optionalBytes: Codec<Uint8Array | null> = {
  preencode(state, value) {
    if (value === null) state.end++;
    else bytes.preencode(state, value);
  },
  encode(state, value) {
    if (value === null) state.buffer![state.start++] = 0;
    else bytes.encode(state, value);
  },
  decode(state) {
    const value = bytes.decode(state);
    return value.length === 0 ? null : value;
  },
};
