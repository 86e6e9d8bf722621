/**
 * The content of block `index`: `length` bytes that depend on the index and the seed, the same in every process.
 *
 * An xorshift stream rather than a repeated pattern, so that two blocks of one length never agree by accident.
 *
 * @param {number} index
 * @param {number} length
 * @param {number} [seed]
 * @returns {Uint8Array}
 */
export function blockBytes(index, length, seed = 0) {
  const bytes = new Uint8Array(length);
  let state = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) | 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}
