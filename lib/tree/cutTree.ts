import { ProofError } from '../logErrors.js';
import type { TreeNode } from '../messages/proof.js';
import { rootIndexes, treeCursor } from './flatTree.js';
import type { NodeReading } from './NodeReader.js';
import type { TreeHead } from './TreeHead.js';

/**
 * The tree as it was when it had `length` blocks, without a signature.
 *
 * @throws RangeError if the length is not one the tree had
 * @throws ProofError if a root it had then is not known
 * @internal
 */
export function* cutTree(head: TreeHead, length: number, fork: number): NodeReading<TreeHead> {
  if (!(Number.isSafeInteger(length) && length >= 0 && length <= head.length)) {
    throw new RangeError(`the tree never had ${length} blocks`);
  }
  const indexes = rootIndexes(length);
  let kept = 0;
  while (kept < indexes.length && head.roots[kept]?.index === indexes[kept]) kept++;
  const read = yield indexes.slice(kept);
  const roots: TreeNode[] = head.roots.slice(0, kept);
  for (const [i, node] of read.entries()) {
    if (node === null) throw new ProofError(`node ${indexes[kept + i]} is not known`);
    roots.push(node);
  }
  let byteLength = 0;
  for (const root of roots) byteLength += root.size;
  return { fork, length, byteLength, roots, signature: null };
}

/**
 * Nodes with numbers below 2 × `length` that cover blocks at or after `length`: in a tree that is cut to `length` they,
 * and all nodes from 2 × `length` on, are no more. 2 × `length` - 1, the parent of the last block or of a node above it, is
 * always among them, so a store of nodes may end there.
 *
 * @internal
 */
export function straddlingNodes(length: number): number[] {
  const straddling: number[] = [];
  if (length === 0) return straddling;
  const end = 2 * length;
  const cursor = treeCursor(end - 2);
  // Nodes on the way up lie left and right of the end in turns, until they begin with block 0.
  do {
    cursor.parent();
    if (cursor.index < end && cursor.contains(end)) straddling.push(cursor.index);
  } while (cursor.offset !== 0 || cursor.index < end);
  return straddling;
}
