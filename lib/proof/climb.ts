import { ProofError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { TreeNode } from '../messages/proof.js';
import { MAX_TREE_LENGTH, treeCursor, type TreeCursor } from '../tree/flatTree.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import { NodeQueue } from './NodeQueue.js';

/** What {@link climb} found. @internal */
export interface Climbed {
  /** The node that all others lead to. It is not trusted until it is one that is known, or becomes part of what is signed. */
  readonly root: TreeNode;
  /** All nodes met on the way, the root as well. Those that came in the message hold views of it. */
  readonly nodes: readonly TreeNode[];
  /**
   * The lowest two siblings, if both came in the message: once the root is trusted their hashes are, but of their sizes only
   * the sum. Empty if a block is at the bottom, because its size is part of its hash.
   */
  readonly loose: readonly TreeNode[];
}

/**
 * Computes the node to which the block, hash and seek parts of a message lead: the seek part first, whose result is one of
 * the siblings on the way up from the block or hash.
 *
 * @returns `null` if there is none of these parts
 * @throws ProofError if a node is missing, or not in its place
 * @internal
 */
export function climb(hasher: TreeHasher, message: Pick<Data, 'block' | 'hash' | 'seek'>): Climbed | null {
  const { block, hash, seek } = message;
  if (block && hash) throw new ProofError('a block and a hash in one message');
  const nodes: TreeNode[] = [];
  let loose: readonly TreeNode[] = [];
  let root: TreeNode | null = null;
  if (seek && seek.nodes.length > 0) {
    const start = seek.nodes[0].index;
    const queue = new NodeQueue(seek.nodes, null);
    root = climbFrom(hasher, queue.shift(start), treeCursor(start), queue, nodes);
    if (nodes.length > 1) loose = seek.nodes.slice(0, 2);
  }
  if (block) {
    if (!(block.index < MAX_TREE_LENGTH)) throw new ProofError(`there is no block ${block.index}`);
    const leaf = { index: 2 * block.index, size: block.value.length, hash: hasher.leaf(block.value) };
    root = climbFrom(hasher, leaf, treeCursor(leaf.index), new NodeQueue(block.nodes, root), nodes);
  } else if (hash) {
    const queue = new NodeQueue(hash.nodes, root);
    const below = nodes.length;
    root = climbFrom(hasher, queue.shift(hash.index), treeCursor(hash.index), queue, nodes);
    const [first, second] = hash.nodes;
    if (nodes[below] === first && nodes[below + 1] === second && second !== undefined) {
      loose = [...loose, first, second];
    }
  }
  return root === null ? null : { root, nodes, loose };
}

function climbFrom(
  hasher: TreeHasher,
  from: TreeNode,
  cursor: TreeCursor,
  queue: NodeQueue,
  nodes: TreeNode[],
): TreeNode {
  let root = from;
  nodes.push(root);
  while (queue.length > 0) {
    const sibling = queue.shift(cursor.sibling());
    const size = root.size + sibling.size;
    if (size > Number.MAX_SAFE_INTEGER) throw new ProofError('a node is larger than numbers can say');
    root = { index: cursor.parent(), size, hash: hasher.parent(root, sibling) };
    nodes.push(sibling, root);
  }
  return root;
}
