import { ProofError } from '../logErrors.js';
import type { ManifestPrologue } from '../messages/manifest.js';
import type { DataUpgrade, TreeNode } from '../messages/proof.js';
import { MAX_TREE_LENGTH, treeCursor } from '../tree/flatTree.js';
import type { TreeBatch } from '../tree/TreeBatch.js';
import { NodeQueue } from './NodeQueue.js';

/**
 * Lets a tree grow by the upgrade part of a message: first to the length that was asked for, then by the additional nodes
 * to the one that is signed. Nodes that are left over are ignored, as hypercore ignores them: a tree that grew in the
 * meantime needs fewer.
 *
 * @param climbed - the node to which the other parts of the message lead, which is not listed again
 * @returns whether that node became part of the tree
 * @throws ProofError if a node is missing, or not in its place
 * @internal
 */
export function growTree(
  batch: TreeBatch,
  upgrade: Pick<DataUpgrade, 'start' | 'length' | 'nodes' | 'additionalNodes'>,
  climbed: TreeNode | null,
  prologue: ManifestPrologue | null,
): boolean {
  const { start, length } = upgrade;
  if (start + length > MAX_TREE_LENGTH) throw new ProofError('the tree is larger than numbers can say');
  if (prologue && start < prologue.length && (start !== 0 || length < prologue.length)) {
    throw new ProofError('it stops inside the prologue');
  }
  const queue = new NodeQueue(upgrade.nodes, climbed);
  growTo(batch, 2 * (start + length), queue);
  if (
    prologue &&
    batch.length === prologue.length &&
    !batch.hasher.crypto.equal(prologue.hash, batch.hash())
  ) {
    throw new ProofError('it is another prologue');
  }
  if (upgrade.additionalNodes.length > 0) growBy(batch, upgrade.additionalNodes);
  return climbed !== null && !queue.hasExtra;
}

/** Appends what is missing up to the leaf `end`. */
function growTo(batch: TreeBatch, end: number, queue: NodeQueue): void {
  const cursor = treeCursor(0);
  const before = batch.roots.length;
  let joins = before > 0;
  let shared = 0;
  for (; cursor.fullRoot(end); cursor.nextTree()) {
    const { index } = cursor;
    if (shared < batch.roots.length && batch.roots[shared].index === index) {
      shared++;
      continue;
    }
    if (joins) {
      joins = false;
      if (shared < before) {
        // The last root is inside of the one that is needed: its siblings, one after the other, lead there.
        cursor.seek(lastRoot(batch).index);
        while (cursor.index !== index) batch.appendRoot(queue.shift(cursor.sibling()), cursor);
        continue;
      }
    }
    batch.appendRoot(queue.shift(index), cursor);
  }
}

/** Appends nodes that need no telling where they belong: siblings of the last root, then further roots. */
function growBy(batch: TreeBatch, nodes: readonly TreeNode[]): void {
  const cursor = treeCursor(lastRoot(batch).index);
  let next = 0;
  while (next < nodes.length && nodes[next].index === cursor.sibling())
    batch.appendRoot(nodes[next++], cursor);
  // The cursor is on the sibling that was not there: smaller trees follow, each further down to the left.
  for (; next < nodes.length; next++) {
    const node = nodes[next];
    while (node.index !== cursor.index) {
      if (cursor.factor === 2) throw new ProofError(`node ${node.index} has no place`);
      cursor.leftChild();
    }
    batch.appendRoot(node, cursor);
    cursor.sibling();
  }
}

function lastRoot(batch: TreeBatch): TreeNode {
  const { roots } = batch;
  if (roots.length === 0) throw new ProofError('an upgrade of nothing');
  return roots[roots.length - 1];
}
