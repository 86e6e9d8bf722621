import { endOf, MAX_TREE_LENGTH, treeCursor } from './flatTree.js';
import type { NodeReading } from './NodeReader.js';
import type { TreeHead } from './TreeHead.js';

/**
 * How many nodes from a node upwards are not known here, up to the first one that is: what `request.block.nodes` and
 * `request.hash.nodes` say. 0 if the node is known, or lies beyond the tree and so hangs off an upgrade.
 *
 * @internal
 */
export function* missingNodes(head: Pick<TreeHead, 'length'>, index: number): NodeReading<number> {
  const end = 2 * head.length;
  if (!(index >= 0 && index < 2 * MAX_TREE_LENGTH) || endOf(index) > end) return 0;
  const cursor = treeCursor(index);
  let missing = 0;
  while (!cursor.contains(end)) {
    const [node] = yield [cursor.index];
    if (node !== null) break;
    missing++;
    cursor.parent();
  }
  return missing;
}

/**
 * The same from what is in memory, for who asks for every block.
 *
 * @returns `undefined` if a node must be read to tell
 * @internal
 */
export function missingNodesAtOnce(
  head: Pick<TreeHead, 'length'>,
  index: number,
  nodes: { knows(index: number): boolean | undefined },
): number | undefined {
  const end = 2 * head.length;
  if (!(index >= 0 && index < 2 * MAX_TREE_LENGTH) || endOf(index) > end) return 0;
  const cursor = treeCursor(index);
  for (let missing = 0; ; missing++, cursor.parent()) {
    if (cursor.contains(end)) return missing;
    const known = nodes.knows(cursor.index);
    if (known !== false) return known === undefined ? undefined : missing;
  }
}
