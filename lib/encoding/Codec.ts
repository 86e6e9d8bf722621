/** The cursor every codec works on: bytes `[start, end)` of `buffer`. The same shape as compact-encoding's state. @public */
export interface EncodingState {
  start: number;
  end: number;
  buffer: Uint8Array | null;
}

/**
 * Measure, write, read: the three functions of a compact-encoding codec, which any codec of that package satisfies.
 *
 * `preencode` adds the encoded size to `state.end`; `encode` writes at `state.start` and advances it; `decode` reads at
 * `state.start`, advances it and never reads at or past `state.end`.
 *
 * @public
 */
export interface Codec<T> {
  preencode(state: EncodingState, value: T): void;
  encode(state: EncodingState, value: T): void;
  decode(state: EncodingState): T;
}
