import { BadValueError } from '../errors.js';
import type { Codec } from './Codec.js';
import { rest } from './rest.js';

/**
 * JSON in UTF-8 up to the end of the message: what Hypercore's extensions call the encoding `json`.
 *
 * The value is whatever the remote sent: check it before you trust its type. Bytes that are not JSON fail with
 * `ERR_BAD_VALUE`.
 *
 * @example
 * ```ts
 * const chat = channel.extension('chat', jsonCodec<{ text: string }>());
 * ```
 *
 * @public
 */
export function jsonCodec<T>(): Codec<T> {
  const bytesOf = (value: T): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return {
    preencode: (state, value) => rest.preencode(state, bytesOf(value)),
    encode: (state, value) => rest.encode(state, bytesOf(value)),
    decode(state) {
      const offset = state.start;
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rest.decode(state))) as T;
      } catch {
        throw new BadValueError('json', offset, 'not JSON', 'channel');
      }
    },
  };
}
