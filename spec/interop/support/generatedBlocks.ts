import RandomAccessStorage from 'random-access-storage';
import { blockBytes } from '../peers/blockBytes.mjs';

/** How many blocks differ; then they repeat. */
const DISTINCT = 16;

/** The blocks that {@link generatedBlocks} repeats. */
export const distinctBlocks = (size: number): Uint8Array[] =>
  Array.from({ length: DISTINCT }, (_, index) => blockBytes(index, size));

/**
 * The `data` file of a core whose blocks all have one size and repeat, so that a core of any length takes no memory. What
 * is written is dropped, and made anew where it is read.
 */
export function generatedBlocks(size: number): RandomAccessStorage {
  const blocks = distinctBlocks(size);
  return new RandomAccessStorage({
    read: request => {
      const { offset } = request;
      if (request.size !== size || offset % size !== 0) {
        return request.callback(new Error('only whole blocks can be read'));
      }
      request.callback(null, Buffer.from(blocks[(offset / size) % DISTINCT]));
    },
    write: request => request.callback(null),
    del: request => request.callback(null),
  });
}
