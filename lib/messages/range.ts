import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/** The sender has, or has no longer, a row of blocks (wire type 8). @public */
export interface Range {
  readonly type: 'range';
  /** Has them no longer. */
  readonly drop: boolean;
  /** First block. */
  readonly start: number;
  /** How many. */
  readonly length: number;
}

/** What {@link range} needs to know. @public */
export type RangeFields = Pick<Range, 'start'> & Partial<Omit<Range, 'type' | 'start'>>;

/** Builds a {@link Range}: one block that is there, unless told otherwise. @public */
export function range(fields: RangeFields): Range {
  return {
    type: 'range',
    drop: fields.drop ?? false,
    start: fields.start,
    length: fields.length ?? 1,
  };
}

const DROP = 1;
const ONE = 2;

/** `flags start [length]`; a length of 1 is a flag (hypercore `lib/messages.js`, `wire.range`). @internal */
export const rangeCodec: Codec<Range> = {
  preencode(state, message) {
    state.end++; // flags
    uint.preencode(state, message.start);
    if (message.length !== 1) uint.preencode(state, message.length);
  },
  encode(state, message) {
    state.buffer![state.start++] = (message.drop ? DROP : 0) | (message.length === 1 ? ONE : 0);
    uint.encode(state, message.start);
    if (message.length !== 1) uint.encode(state, message.length);
  },
  decode(state) {
    const flags = uint.decode(state);
    return {
      type: 'range',
      drop: (flags & DROP) !== 0,
      start: uint.decode(state),
      length: flags & ONE ? 1 : uint.decode(state),
    };
  },
};
