import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';
import { uint32Array } from '../encoding/uint32Array.js';
import { verifyCount } from '../encoding/verifyCount.js';

/** Which blocks of a window the sender has (wire type 7). @public */
export interface Bitfield {
  readonly type: 'bitfield';
  /** Block of the first bit. Hypercore drops the bits unless it is a multiple of 32. */
  readonly start: number;
  /** Block `start + i` is bit `i & 31`, counted from the lowest, of word `i >> 5`. Read from the wire it is a copy. */
  readonly bitfield: Uint32Array;
}

/** Builds a {@link Bitfield}. @public */
export function bitfield(fields: Omit<Bitfield, 'type'>): Bitfield {
  return { type: 'bitfield', start: fields.start, bitfield: fields.bitfield };
}

/** `start words` (hypercore `lib/messages.js`, `wire.bitfield`). @internal */
export const bitfieldCodec: Codec<Bitfield> = {
  preencode(state, message) {
    uint.preencode(state, message.start);
    uint32Array.preencode(state, message.bitfield);
  },
  encode(state, message) {
    uint.encode(state, message.start);
    uint32Array.encode(state, message.bitfield);
  },
  decode(state) {
    const start = uint.decode(state);
    verifyCount(state, 'maxBitfieldWords', 4);
    return { type: 'bitfield', start, bitfield: uint32Array.decode(state) };
  },
};
