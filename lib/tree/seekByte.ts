import type { TreeNode } from '../messages/proof.js';
import { blocksUnder, endOf, firstBlockOf, treeCursor, type TreeCursor } from './flatTree.js';
import type { NodeReading } from './NodeReader.js';
import type { TreeHead } from './TreeHead.js';

/** Where a byte lies, as far as the nodes that are known tell. @internal */
export type SeekResult =
  /** In this block, `offset` bytes into it. At the very end of the log: the block after the last one, and 0. */
  | { readonly found: true; readonly block: number; readonly offset: number }
  /** In one of the blocks from `start` below `end`; past the end of the log both are its length. */
  | { readonly found: false; readonly start: number; readonly end: number };

/** Bytes under a node without those that encryption put in front of each block. @internal */
export function unpaddedSize(node: TreeNode, padding: number): number {
  return padding === 0 ? node.size : node.size - padding * blocksUnder(node.index);
}

/**
 * Finds the block that holds a byte.
 *
 * @param bytes - offset in the log
 * @param padding - bytes of each block that do not count
 * @internal
 */
export function* seekByte(
  head: Pick<TreeHead, 'length' | 'roots'>,
  bytes: number,
  padding: number,
): NodeReading<SeekResult> {
  if (bytes === 0) return { found: true, block: 0, offset: 0 };
  let left = bytes;
  for (const root of head.roots) {
    const size = unpaddedSize(root, padding);
    if (left === size) return { found: true, block: (endOf(root.index) + 1) / 2, offset: 0 };
    if (left > size) {
      left -= size;
      continue;
    }
    const cursor = treeCursor(root.index);
    const rest = yield* descend(cursor, left, padding);
    if (rest === null) return { found: true, block: (cursor.peekRightSpan() + 2) / 2, offset: 0 };
    if ((cursor.index & 1) === 0) return { found: true, block: cursor.index / 2, offset: rest };
    return { found: false, start: firstBlockOf(cursor.index), end: (endOf(cursor.index) + 1) / 2 };
  }
  return { found: false, start: head.length, end: head.length };
}

/**
 * Moves a cursor down to the node that holds the byte, as deep as nodes are known.
 *
 * @returns how many bytes into the node it lies; `null` if it is the first one after the node
 */
function* descend(cursor: TreeCursor, bytes: number, padding: number): NodeReading<number | null> {
  let left = bytes;
  while ((cursor.index & 1) !== 0) {
    const [node] = yield [cursor.leftChild()];
    if (node === null) {
      cursor.parent();
      return left;
    }
    const size = unpaddedSize(node, padding);
    if (size === left) return null;
    if (size > left) continue;
    left -= size;
    cursor.sibling();
  }
  return left;
}
