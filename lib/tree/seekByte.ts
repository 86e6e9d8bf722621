import { StorageCorruptError } from '../logErrors.js';
import type { TreeNode } from '../messages/proof.js';
import { blocksUnder, endOf, firstBlockOf, treeCursor, type TreeCursor } from './flatTree.js';
import type { NodeReading } from './NodeReader.js';
import type { TreeHasher } from './TreeHasher.js';
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
 * @param hasher - compares the nodes on the way with those above them, up to the roots: storage may have changed them
 * @throws StorageCorruptError if they do not fit
 * @internal
 */
export function* seekByte(
  head: Pick<TreeHead, 'length' | 'roots'>,
  bytes: number,
  padding: number,
  hasher: TreeHasher,
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
    const rest = yield* descend(cursor, left, { root, padding, hasher });
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
function* descend(
  cursor: TreeCursor,
  bytes: number,
  {
    root,
    padding,
    hasher,
  }: { readonly root: TreeNode; readonly padding: number; readonly hasher: TreeHasher },
): NodeReading<number | null> {
  let left = bytes;
  let above = root;
  while ((cursor.index & 1) !== 0) {
    const first = cursor.leftChild();
    const [node, other] = yield [first, cursor.sibling()];
    if (node === null) {
      cursor.parent();
      return left;
    }
    if (other !== null) verifyPair(above, node, other, hasher);
    const size = unpaddedSize(node, padding);
    if (size > left) {
      cursor.sibling();
      above = node;
      continue;
    }
    if (size === left) {
      cursor.sibling();
      return null;
    }
    left -= size;
    // Of a tree that is known in part, this one may not be: then its blocks are all there is to tell.
    if (other === null) return left;
    above = other;
  }
  return left;
}

function verifyPair(parent: TreeNode, a: TreeNode, b: TreeNode, hasher: TreeHasher): void {
  if (a.size + b.size === parent.size && hasher.crypto.equal(hasher.parent(a, b), parent.hash)) return;
  throw new StorageCorruptError('tree', `node ${parent.index} is not the parent of those below it`);
}
