import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';
import { decodeAny, encodeWindow, preencodeWindow, type WantFields } from './want.js';

/** Takes a {@link Want} back (wire type 6); hypercore 10 ignores it. @public */
export interface Unwant {
  readonly type: 'unwant';
  /** First block of the window. */
  readonly start: number;
  /** Blocks in the window. */
  readonly length: number;
  /** As in the want that is taken back. */
  readonly any: boolean;
}

/** Builds an {@link Unwant}. @public */
export function unwant(fields: WantFields): Unwant {
  return { type: 'unwant', start: fields.start, length: fields.length, any: fields.any ?? false };
}

/** `start length [flags]` (hypercore `lib/messages.js`, `wire.unwant`). @internal */
export const unwantCodec: Codec<Unwant> = {
  preencode: preencodeWindow,
  encode: encodeWindow,
  decode(state) {
    return {
      type: 'unwant',
      start: uint.decode(state),
      length: uint.decode(state),
      any: decodeAny(state),
    };
  },
};
