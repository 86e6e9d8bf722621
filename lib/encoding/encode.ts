import type { Codec } from './Codec.js';

/**
 * Encodes one value into a buffer of its exact size.
 *
 * @returns a plain Uint8Array that nobody else holds; compact-encoding's own `encode` hands out pooled Buffers in Node.
 * @public
 */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const state = { start: 0, end: 0, buffer: null as Uint8Array | null };
  codec.preencode(state, value);
  const buffer = new Uint8Array(state.end);
  state.buffer = buffer;
  codec.encode(state, value);
  return buffer;
}
