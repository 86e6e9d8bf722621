import { ChecksumError, ProofError, SignatureError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { Manifest } from '../messages/manifest.js';
import type { TreeNode } from '../messages/proof.js';
import type { NodeReading } from '../tree/NodeReader.js';
import { TreeBatch } from '../tree/TreeBatch.js';
import type { TreeHead } from '../tree/TreeHead.js';
import { climb } from './climb.js';
import type { CoreAuthority } from './CoreAuthority.js';
import { growTree } from './growTree.js';

/** A message that was proved, whole: what there is to store. @internal */
export interface VerifiedData {
  /** Nodes that were proved, some perhaps known before or listed twice. They hold views of nothing. */
  readonly nodes: readonly TreeNode[];
  /**
   * The lowest two siblings of a hash or seek proof, which are among the nodes too: their hashes are proved, but of their
   * sizes only the sum. A remote can so shift the bounds of blocks until one of these arrives, whose size is proved.
   */
  readonly loose: readonly TreeNode[];
  /** The block: `value` is a view of the message. */
  readonly block: { readonly index: number; readonly value: Uint8Array } | null;
  /** The tree after the upgrade; `null` if it did not grow. */
  readonly head: TreeHead | null;
  /** The manifest, if it was not known. */
  readonly manifest: Manifest | null;
}

/**
 * Verifies a message against a tree, of which nothing is changed: the block, hash and seek parts must lead to a node that
 * is known, or become part of a longer tree, which must be signed. The result is valid for this tree alone: if it became
 * another one while nodes were read, verify anew.
 *
 * @throws ProofError, ChecksumError, SignatureError
 * @internal
 */
export function* verifyData(authority: CoreAuthority, tree: TreeHead, data: Data): NodeReading<VerifiedData> {
  if (data.fork !== tree.fork) throw new ProofError(`it is of fork ${data.fork}`);
  const { rules, learned } = authority.rulesFor(data.manifest);
  const climbed = climb(authority.hasher, data);
  let batch: TreeBatch | null = null;
  let joined = false;
  if (data.upgrade !== null) {
    batch = new TreeBatch(authority.hasher, tree);
    joined = growTree(batch, data.upgrade, climbed?.root ?? null, rules.prologue);
    if (batch.nodes.length === 0) batch = null;
  }
  let stored: readonly TreeNode[] = climbed?.nodes ?? [];
  if (climbed !== null && !joined) {
    const { root } = climbed;
    const [known] = root.index < 2 * tree.length ? yield [root.index] : [null];
    if (known === null) throw new ProofError(`node ${root.index} is not known`);
    if (!authority.hasher.crypto.equal(known.hash, root.hash)) throw new ChecksumError(root.index);
    // A node that was sent as it is, and is known, tells nothing: not even its size is covered by its hash.
    if (stored.length === 1 && data.block === null) stored = [];
  }
  let head: TreeHead | null = null;
  if (batch !== null) {
    const signature = data.upgrade?.signature ?? null;
    if (!rules.verify(batch, signature)) throw new SignatureError('of the upgraded tree');
    head = ownHead(batch, signature);
  }
  return {
    nodes: ownNodes(stored, batch?.nodes ?? []),
    loose: climbed === null || climbed.loose.length === 0 ? [] : climbed.loose.map(ownNode),
    block: data.block,
    head,
    manifest: learned,
  };
}

/** A node that holds no view of the message it came in, which a view of 32 bytes would keep in memory. @internal */
export function ownNode(node: TreeNode): TreeNode {
  const { index, size, hash } = node;
  return hash.length === hash.buffer.byteLength ? node : { index, size, hash: new Uint8Array(hash) };
}

/** The tree of a batch, which holds no view of a message. @internal */
export function ownHead(batch: TreeBatch, signature: Uint8Array | null): TreeHead {
  const head = batch.head(signature === null ? null : new Uint8Array(signature));
  return { ...head, roots: head.roots.map(ownNode) };
}

function ownNodes(some: readonly TreeNode[], others: readonly TreeNode[]): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (const node of some) nodes.push(ownNode(node));
  for (const node of others) nodes.push(ownNode(node));
  return nodes;
}
