/**
 * The content of block `index`: `length` bytes that depend on the index and the seed, the same in every process.
 */
export function blockBytes(index: number, length: number, seed?: number): Uint8Array;
