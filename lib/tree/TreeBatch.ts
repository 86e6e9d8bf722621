import type { TreeNode } from '../messages/proof.js';
import { ProofError } from '../logErrors.js';
import { MAX_TREE_LENGTH, treeCursor, type TreeCursor } from './flatTree.js';
import type { TreeHasher } from './TreeHasher.js';
import type { TreeHead } from './TreeHead.js';

/**
 * A tree that grows from another one, which stays as it is: blocks are appended, or whole subtrees that a proof brings.
 * What came to be is in {@link TreeBatch.nodes} and {@link TreeBatch.head}, to be stored or dropped as a whole.
 *
 * @internal
 */
export class TreeBatch {
  readonly fork: number;
  /** Every node that the batch added, parents after their children. */
  readonly nodes: TreeNode[] = [];
  private readonly ownRoots: TreeNode[];
  private readonly cursor: TreeCursor;
  private blocks: number;
  private bytes: number;

  /** @param fork - that of the tree it grows from, unless told */
  constructor(
    readonly hasher: TreeHasher,
    from: TreeHead | TreeBatch,
    fork: number = from.fork,
  ) {
    this.fork = fork;
    this.blocks = from.length;
    this.bytes = from.byteLength;
    this.ownRoots = [...from.roots];
    this.cursor = treeCursor(0);
  }

  /** Blocks. */
  get length(): number {
    return this.blocks;
  }

  /** Bytes of all blocks. */
  get byteLength(): number {
    return this.bytes;
  }

  /** Left to right; changes with every append. */
  get roots(): readonly TreeNode[] {
    return this.ownRoots;
  }

  /** Appends a block, which is only read. */
  append(block: Uint8Array): void {
    this.cursor.seek(2 * this.blocks);
    this.appendRoot(
      { index: this.cursor.index, size: block.length, hash: this.hasher.leaf(block) },
      this.cursor,
    );
  }

  /**
   * Appends the root of a subtree that begins where the tree ends, and joins it with the roots that become its siblings.
   *
   * @param cursor - stands on the node, and afterwards on the last root
   * @throws ProofError if the tree would become larger than numbers can say
   */
  appendRoot(node: TreeNode, cursor: TreeCursor): void {
    const roots = this.ownRoots;
    this.blocks += cursor.factor / 2;
    this.bytes += node.size;
    if (this.blocks > MAX_TREE_LENGTH || this.bytes > Number.MAX_SAFE_INTEGER) {
      throw new ProofError('the tree is larger than numbers can say');
    }
    this.nodes.push(node);
    let last = node;
    while (roots.length > 0) {
      const left = roots[roots.length - 1];
      if (cursor.sibling() !== left.index) {
        cursor.sibling(); // and back
        break;
      }
      last = { index: cursor.parent(), size: left.size + last.size, hash: this.hasher.parent(left, last) };
      roots.pop();
      this.nodes.push(last);
    }
    roots.push(last);
  }

  /** The tree hash (32 bytes), which is what is signed. */
  hash(): Uint8Array {
    return this.hasher.tree(this.ownRoots);
  }

  /** The tree as it is now, under its signature. */
  head(signature: Uint8Array | null): TreeHead {
    const { fork, length, byteLength } = this;
    return { fork, length, byteLength, roots: [...this.ownRoots], signature };
  }
}
