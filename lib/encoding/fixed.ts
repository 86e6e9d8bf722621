import type { Codec, EncodingState } from './Codec.js';
import { takeView } from './takeView.js';

/**
 * Exactly `length` bytes without a prefix (compact-encoding `fixed`). Reading gives a view, `ERR_OUT_OF_BOUNDS` if fewer
 * bytes are left; writing bytes of another length throws RangeError.
 *
 * @public
 */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    preencode: (state, value) => preencodeFixed(state, value, length),
    encode: (state, value) => encodeFixed(state, value, length),
    decode: state => takeView(state, length, 'fixed', state.start),
  };
}

/** 32 bytes without a prefix: a key, a hash, a capability. @public */
export const fixed32: Codec<Uint8Array> = {
  preencode: (state, value) => preencodeFixed(state, value, 32),
  encode: (state, value) => encodeFixed(state, value, 32),
  decode: state => takeView(state, 32, 'fixed32', state.start),
};

function preencodeFixed(state: EncodingState, value: Uint8Array, length: number): void {
  if (value.length !== length) throw new RangeError(`expected ${length} bytes, not ${value.length}`);
  state.end += length;
}

function encodeFixed(state: EncodingState, value: Uint8Array, length: number): void {
  // Checked here too: written without having been measured, a longer value would run into the next field.
  if (value.length !== length) throw new RangeError(`expected ${length} bytes, not ${value.length}`);
  state.buffer!.set(value, state.start);
  state.start += length;
}
