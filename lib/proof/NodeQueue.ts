import { ProofError } from '../logErrors.js';
import type { TreeNode } from '../messages/proof.js';

/**
 * The nodes of one list of a proof, which must be there in the order in which they are needed; and one more, computed from
 * another part of the message, which is taken where it fits.
 *
 * @internal
 */
export class NodeQueue {
  private next = 0;

  constructor(
    private readonly nodes: readonly TreeNode[],
    private extra: TreeNode | null,
  ) {}

  /** How many are left. */
  get length(): number {
    return this.nodes.length - this.next + (this.extra === null ? 0 : 1);
  }

  /** Whether the one more is still there. */
  get hasExtra(): boolean {
    return this.extra !== null;
  }

  /** @throws ProofError if the next node is another one, or there is none. */
  shift(index: number): TreeNode {
    const { extra } = this;
    if (extra !== null && extra.index === index) {
      this.extra = null;
      return extra;
    }
    const node = this.nodes[this.next];
    if (node === undefined) throw new ProofError(`node ${index} is missing`);
    if (node.index !== index) throw new ProofError(`node ${node.index} is in the place of ${index}`);
    this.next++;
    return node;
  }
}
