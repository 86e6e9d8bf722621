import { ChecksumError, ProofError, SignatureError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { Manifest } from '../messages/manifest.js';
import type { TreeNode } from '../messages/proof.js';
import { emptyHead, type TreeHead } from '../tree/TreeHead.js';
import { endOf, firstBlockOf, treeCursor } from '../tree/flatTree.js';
import type { NodeReading } from '../tree/NodeReader.js';
import { TreeBatch } from '../tree/TreeBatch.js';
import { climb } from './climb.js';
import type { CoreAuthority } from './CoreAuthority.js';
import { growTree } from './growTree.js';
import { ownHead, ownNode } from './verifyData.js';

/** What to ask for next: any leaf in a range, as a `hash` request on the fork. @internal */
export interface WantedLeaf {
  /** Number of the node of the first block in the range; any even number below 2 × `end` serves as well. */
  readonly index: number;
  /** How many nodes above it, for `request.hash.nodes`. */
  readonly nodes: number;
  /** Blocks of which one is wanted. */
  readonly start: number;
  readonly end: number;
}

/**
 * A fork of a remote: its tree is signed as a whole, and then compared with the one that is here, message by message, until
 * it is known how many blocks both share (hypercore `lib/merkle-tree.js`, `ReorgBatch`). Nothing of the tree that is here
 * changes; if it changes meanwhile, begin anew.
 *
 * @internal
 */
export class ForkProof {
  private readonly found: TreeNode[];
  /** The highest node that is known to differ. */
  private differs: TreeNode | null = null;
  private shared: number;
  private want: WantedLeaf | null = null;

  private constructor(
    private readonly authority: CoreAuthority,
    /** Blocks in the tree that is here. */
    private readonly oldLength: number,
    /** The remote's tree. */
    readonly head: TreeHead,
    /** The manifest, if it was not known. */
    readonly manifest: Manifest | null,
    nodes: readonly TreeNode[],
  ) {
    this.found = nodes.map(ownNode);
    this.shared = Math.min(oldLength, head.length);
  }

  /**
   * Takes the first message: an upgrade from nothing.
   *
   * @throws ProofError, SignatureError
   */
  static *from(authority: CoreAuthority, tree: TreeHead, data: Data): NodeReading<ForkProof> {
    const { upgrade } = data;
    if (data.fork <= tree.fork) throw new ProofError(`fork ${data.fork} is not a newer one`);
    if (upgrade === null) throw new ProofError('a fork without an upgrade');
    const { rules, learned } = authority.rulesFor(data.manifest);
    const climbed = climb(authority.hasher, data);
    const batch = new TreeBatch(authority.hasher, emptyHead, data.fork);
    const joined = growTree(batch, upgrade, climbed?.root ?? null, rules.prologue);
    if (climbed !== null && !joined) throw new ProofError('a part that does not belong to the upgrade');
    if (!rules.verify(batch, upgrade.signature)) throw new SignatureError('of the forked tree');
    const head = ownHead(batch, upgrade.signature);
    const nodes = [...(climbed?.nodes ?? []), ...batch.nodes];
    const fork = new ForkProof(authority, tree.length, head, learned, nodes);
    const known = yield head.roots.map(root => root.index);
    const first = head.roots.findIndex((root, i) => !fork.isSame(known[i], root));
    if (first !== -1) {
      fork.differFrom(head.roots[first]);
      yield* fork.narrow(fork.found);
    }
    return fork;
  }

  /** Blocks that are known to be shared. */
  get ancestors(): number {
    return this.shared;
  }

  /** What to ask for next; `null` once all is known. */
  get wanted(): WantedLeaf | null {
    return this.want;
  }

  /** The nodes that were proved, to be stored after the log was cut to {@link ForkProof.ancestors}. */
  get nodes(): readonly TreeNode[] {
    return this.found;
  }

  /**
   * Takes the answer to a request for what is wanted. Once all is known, answers are ignored.
   *
   * @throws ProofError, ChecksumError, and nothing is changed then
   */
  *add(data: Data): NodeReading<void> {
    const { differs } = this;
    if (this.want === null || differs === null) return;
    if (data.fork !== this.head.fork) throw new ProofError(`it is of fork ${data.fork}`);
    const climbed = climb(this.authority.hasher, data);
    if (climbed === null) throw new ProofError('nothing that was wanted');
    const { crypto } = this.authority.hasher;
    if (climbed.root.index !== differs.index) throw new ProofError(`it leads to node ${climbed.root.index}`);
    if (!crypto.equal(climbed.root.hash, differs.hash)) throw new ChecksumError(climbed.root.index);
    const nodes = climbed.nodes.map(ownNode);
    if (!(yield* this.narrow(nodes))) throw new ProofError('nothing that was wanted');
    this.found.push(...nodes);
  }

  /** Goes down from the node that differs, as far as the nodes lead. Returns whether they lead anywhere. */
  private *narrow(nodes: readonly TreeNode[]): NodeReading<boolean> {
    const from = this.differs;
    if (from === null) return false;
    const byIndex = new Map(nodes.map(node => [node.index, node]));
    const cursor = treeCursor(from.index);
    let differs = from;
    while ((cursor.index & 1) !== 0) {
      const left = byIndex.get(cursor.leftChild());
      if (left === undefined) break;
      const [known] = yield [left.index];
      if (!this.isSame(known, left)) {
        differs = left;
        continue;
      }
      const right = byIndex.get(cursor.sibling());
      if (right === undefined) throw new ProofError(`node ${cursor.index} is missing`);
      differs = right;
    }
    if (differs === from) return false;
    // While nodes were read, another answer may have led further.
    if (this.differs === from) this.differFrom(differs);
    return true;
  }

  private differFrom(node: TreeNode): void {
    const start = firstBlockOf(node.index);
    const last = (endOf(node.index) + 1) / 2;
    const end = Math.min(this.oldLength, last);
    this.differs = node;
    this.shared = Math.min(start, this.oldLength);
    const isLeaf = (node.index & 1) === 0;
    this.want =
      isLeaf || start >= end ? null : { index: 2 * start, nodes: Math.log2(last - start), start, end };
  }

  private isSame(known: TreeNode | null, node: TreeNode): boolean {
    if (known === null || endOf(node.index) > 2 * this.oldLength) return false;
    return this.authority.hasher.crypto.equal(known.hash, node.hash);
  }
}
