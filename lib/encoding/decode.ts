import type { Codec } from './Codec.js';

/**
 * Decodes one value from the start of the bytes. Bytes after it are ignored: this is how the protocol is extended.
 *
 * Fails as the codec fails: the codecs of this library with `ERR_OUT_OF_BOUNDS` and `ERR_BAD_VALUE`. What is decoded may be
 * views of the bytes.
 *
 * @public
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.decode({ start: 0, end: bytes.length, buffer: bytes });
}
