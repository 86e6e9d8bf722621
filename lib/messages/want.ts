import type { Codec, EncodingState } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/**
 * Asks which blocks of a window the receiver has (wire type 5). The answer is a {@link Range}, one or more
 * {@link Bitfield}, or nothing at all when it has none of them.
 *
 * @public
 */
export interface Want {
  readonly type: 'want';
  /** First block of the window. */
  readonly start: number;
  /** Blocks in the window. Hypercore asks for whole segments of 2,097,152. */
  readonly length: number;
  /** Any one block will do (hypercore 11; ignored by 10). */
  readonly any: boolean;
}

/** What {@link want} and {@link unwant} need to know. @public */
export type WantFields = Pick<Want, 'start' | 'length'> & Partial<Pick<Want, 'any'>>;

/** Builds a {@link Want}. @public */
export function want(fields: WantFields): Want {
  return { type: 'want', start: fields.start, length: fields.length, any: fields.any ?? false };
}

/** `start length [flags]` (hypercore `lib/messages.js`, `wire.want`). @internal */
export const wantCodec: Codec<Want> = {
  preencode: preencodeWindow,
  encode: encodeWindow,
  decode(state) {
    return {
      type: 'want',
      start: uint.decode(state),
      length: uint.decode(state),
      any: decodeAny(state),
    };
  },
};

const ANY = 1;

/** The window of a want or unwant; the flags are written only if there is one. @internal */
export function preencodeWindow(state: EncodingState, window: Omit<Want, 'type'>): void {
  uint.preencode(state, window.start);
  uint.preencode(state, window.length);
  if (window.any) state.end++;
}

/** The writing half of {@link preencodeWindow}. @internal */
export function encodeWindow(state: EncodingState, window: Omit<Want, 'type'>): void {
  uint.encode(state, window.start);
  uint.encode(state, window.length);
  if (window.any) state.buffer![state.start++] = ANY;
}

/** Whether flags follow, and `any` is among them. @internal */
export function decodeAny(state: EncodingState): boolean {
  return state.start < state.end && (uint.decode(state) & ANY) !== 0;
}
