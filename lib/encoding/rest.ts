import type { Codec } from './Codec.js';
import { takeView } from './takeView.js';

/**
 * All bytes up to the end, without a length (compact-encoding `raw`); only the last field of a message can be one.
 * What is read is a view.
 *
 * @public
 */
export const rest: Codec<Uint8Array> = {
  preencode(state, value) {
    state.end += value.length;
  },
  encode(state, value) {
    state.buffer!.set(value, state.start);
    state.start += value.length;
  },
  decode(state) {
    return takeView(state, state.end - state.start, 'rest', state.start);
  },
};
