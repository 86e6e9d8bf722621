import { endOf, firstBlockOf, treeCursor } from './flatTree.js';
import type { NodeReading } from './NodeReader.js';
import type { TreeHead } from './TreeHead.js';

/**
 * How many bytes lie before a node of the tree; for block i ask for node 2i, for the end of the log for node 2 × length.
 * All nodes it takes are read together.
 *
 * @returns `null` if a node it takes is not known
 * @throws RangeError if the node is not in the tree
 * @internal
 */
export function* byteOffset(
  head: Pick<TreeHead, 'length' | 'byteLength' | 'roots'>,
  index: number,
): NodeReading<number | null> {
  if (index === 2 * head.length) return head.byteLength;
  if (!(index >= 0 && endOf(index) <= 2 * head.length))
    throw new RangeError(`node ${index} is not in the tree`);
  const leaf = 2 * firstBlockOf(index);
  let offset = 0;
  for (const root of head.roots) {
    if (leaf >= endOf(root.index)) {
      offset += root.size;
      continue;
    }
    const left: number[] = [];
    const cursor = treeCursor(root.index);
    while (cursor.index !== leaf) {
      const parent = cursor.index;
      cursor.leftChild();
      if (leaf < parent) continue;
      left.push(cursor.index);
      cursor.sibling();
    }
    const nodes = yield left;
    for (const node of nodes) {
      if (node === null) return null;
      offset += node.size;
    }
    return offset;
  }
  throw new RangeError(`node ${index} is not in the tree`);
}
