import { ProofError } from '../logErrors.js';
import { data, type Data } from '../messages/data.js';
import type { Manifest } from '../messages/manifest.js';
import type { TreeNode } from '../messages/proof.js';
import type { Request } from '../messages/request.js';
import { endOf, firstBlockOf, MAX_TREE_LENGTH, treeCursor } from '../tree/flatTree.js';
import { byteOffset } from '../tree/byteOffset.js';
import type { NodeReading } from '../tree/NodeReader.js';
import { unpaddedSize } from '../tree/seekByte.js';
import type { TreeHead } from '../tree/TreeHead.js';
import { upgradeIndexes } from './SignatureRules.js';

/** What a request is answered from. @internal */
export interface ProofSource {
  readonly tree: TreeHead;
  /** `null` for cores without one (compat). */
  readonly manifest: Manifest | null;
  /** The block that is asked for; `null` if none is, or it is not here. The answer holds it as it is. */
  readonly block: Uint8Array | null;
}

/** Numbers of the nodes in each part of a proof; `null` for a part that is not there. */
interface Plan {
  node: number[] | null;
  seek: number[] | null;
  upgrade: number[] | null;
}

/** Which part of the tree a request asks for: a leaf, or a node. */
interface Target {
  readonly index: number;
  readonly isBlock: boolean;
}

/**
 * Answers a request, in the very shape of hypercore's answers (`lib/merkle-tree.js`, `generateProof`).
 *
 * @returns `null` if it cannot be answered: another fork, a block that is not here, a node that is not known
 * @throws ProofError if no honest peer asks that
 * @internal
 */
export function* proveRequest(source: ProofSource, request: Request): NodeReading<Data | null> {
  const { tree } = source;
  const manifest = request.manifest ? source.manifest : null;
  if (request.fork !== tree.fork) return null;
  if (request.block !== null && source.block === null) return null;
  if (tree.length === 0) return data({ request: request.id, fork: tree.fork, manifest });
  const plan: Plan = { node: null, seek: null, upgrade: null };
  const upgrade = upgradeOf(source, request);
  const additional = yield* planProof(tree, request, upgrade, plan);
  if (additional === null) return null;
  const nodes = yield* readAll(plan.node ?? [], plan.seek ?? [], plan.upgrade ?? [], additional);
  if (nodes === null) return null;
  const [nodeNodes, seekNodes, upgradeNodes, additionalNodes] = nodes;
  const { block, hash, seek } = request;
  return {
    type: 'data',
    request: request.id,
    fork: tree.fork,
    block: block && source.block ? { index: block.index, value: source.block, nodes: nodeNodes } : null,
    hash: hash && !block ? { index: hash.index, nodes: nodeNodes } : null,
    seek: seek && plan.seek ? { bytes: seek.bytes, nodes: seekNodes } : null,
    upgrade: upgrade && { ...upgrade, nodes: upgradeNodes, additionalNodes, signature: tree.signature },
    manifest,
  };
}

/** The upgrade that is asked for; one that starts inside of the prologue leads from nothing to its end. */
function upgradeOf(source: ProofSource, request: Request): { start: number; length: number } | null {
  const { upgrade } = request;
  if (upgrade === null) return null;
  const prologue = source.manifest?.prologue ?? null;
  if (prologue && upgrade.start < prologue.length) return { start: 0, length: prologue.length };
  return { start: upgrade.start, length: upgrade.length };
}

/** Fills in the plan. Returns the additional nodes, or `null` if a node is not known that tells where a byte lies. */
function* planProof(
  tree: TreeHead,
  request: Request,
  upgrade: { start: number; length: number } | null,
  plan: Plan,
): NodeReading<number[] | null> {
  const { block, hash, seek } = request;
  const wanted = block ?? hash;
  const from = upgrade ? upgrade.start : 0;
  const to = upgrade ? upgrade.start + upgrade.length : tree.length;
  if (from >= to || to > tree.length) throw new ProofError('an upgrade that is none, or past the end');
  if (block && !(block.index < MAX_TREE_LENGTH)) throw new ProofError(`there is no block ${block.index}`);
  const target = block
    ? { index: 2 * block.index, isBlock: true }
    : hash
      ? { index: hash.index, isBlock: false }
      : null;
  if (target && endOf(target.index) > 2 * to) throw new ProofError(`node ${target.index} is past the end`);
  if (seek && upgrade && target && target.index >= 2 * from) {
    throw new ProofError('a seek together with a block or hash in the upgrade');
  }
  if (target && wanted && (!upgrade || endOf(target.index) < 2 * from)) {
    const root = climbed(target.index, wanted.nodes, to);
    const seekRoot = seek ? yield* seekWithin(tree, root, seek.bytes, seek.padding) : -1;
    if (seekRoot === null) return null;
    planNodeAndSeek(target, seekRoot, root, plan);
  }
  if (!upgrade) return [];
  const before = plan.node === null && plan.seek === null;
  let subtree = -1;
  if (before && seek) {
    const found = yield* seekFromRoots(to, seek.bytes, seek.padding);
    if (found === null) return null;
    subtree = found;
  } else if (before && target) subtree = target.index;
  planUpgrade(target, seek !== null, subtree, from, to, plan);
  if (target && plan.node === null) throw notOfUpgrade(target);
  return to < tree.length ? upgradeIndexes(to, tree.length) : [];
}

/** The node that is `levels` above another one, within a tree of `length` blocks. */
function climbed(index: number, levels: number, length: number): number {
  const cursor = treeCursor(index);
  for (let i = 0; i < levels; i++) {
    cursor.parent();
    if (cursor.contains(2 * length)) throw new ProofError(`there are no ${levels} nodes above ${index}`);
  }
  return cursor.index;
}

/** Siblings from the node up to the root; those of the seek part instead of the one that it leads to. */
function planNodeAndSeek(target: Target | null, seekRoot: number, root: number, plan: Plan): void {
  if (target === null) return planSeek(seekRoot, root, plan);
  const nodes: number[] = [];
  plan.node = nodes;
  const cursor = treeCursor(target.index);
  if (!target.isBlock) nodes.push(target.index);
  while (cursor.index !== root) {
    const sibling = cursor.sibling();
    if (seekRoot !== -1 && sibling !== seekRoot && cursor.contains(seekRoot))
      planSeek(seekRoot, sibling, plan);
    else nodes.push(sibling);
    cursor.parent();
  }
}

function planSeek(seekRoot: number, root: number, plan: Plan): void {
  const nodes = [seekRoot];
  plan.seek = nodes;
  const cursor = treeCursor(seekRoot);
  while (cursor.index !== root) {
    nodes.push(cursor.sibling());
    cursor.parent();
  }
}

/** The nodes of the upgrade, of which the one that covers the subtree is left out: the other parts lead to it. */
function planUpgrade(
  target: Target | null,
  seeks: boolean,
  subtree: number,
  from: number,
  to: number,
  plan: Plan,
): void {
  const nodes: number[] = [];
  plan.upgrade = nodes;
  let open = subtree !== -1;
  for (const index of upgradeIndexes(from, to)) {
    const cursor = treeCursor(index);
    if (open && cursor.contains(subtree)) {
      open = false;
      // With a seek the subtree is that of the byte, and whoever climbs from beside it climbs for ever, as hypercore 10 does.
      if (target && !cursor.contains(target.index)) throw notOfUpgrade(target);
      planNodeAndSeek(target, seeks ? subtree : -1, index, plan);
    } else nodes.push(index);
  }
}

function notOfUpgrade({ index }: Target): ProofError {
  return new ProofError(`node ${index} does not belong to the upgrade`);
}

/** The node to which a seek leads in a tree of `length` blocks; -1 if the byte is past its end. */
function* seekFromRoots(length: number, bytes: number, padding: number): NodeReading<number | null> {
  const indexes = upgradeIndexes(0, length);
  const roots = yield indexes;
  let left = bytes;
  for (const root of roots) {
    if (root === null) return null;
    const size = unpaddedSize(root, padding);
    if (left === size) return root.index;
    if (left < size) return yield* seekBelow(root.index, left, padding);
    left -= size;
  }
  return -1;
}

/** The node to which a seek leads below another one. */
function* seekWithin(
  tree: TreeHead,
  root: number,
  bytes: number,
  padding: number,
): NodeReading<number | null> {
  const before = yield* byteOffset(tree, root);
  if (before === null) return null;
  const offset = before - padding * firstBlockOf(root);
  if (offset > bytes) throw new ProofError('the byte is not below the node');
  if (offset === bytes) return root;
  const [node] = yield [root];
  if (node === null) return null;
  if (unpaddedSize(node, padding) <= bytes - offset) throw new ProofError('the byte is not below the node');
  return yield* seekBelow(root, bytes - offset, padding);
}

/** Goes down to the byte, as far as nodes are known. */
function* seekBelow(root: number, bytes: number, padding: number): NodeReading<number> {
  if (bytes === 0) return root;
  const cursor = treeCursor(root);
  let left = bytes;
  while ((cursor.index & 1) !== 0) {
    const parent = cursor.index;
    const [node] = yield [cursor.leftChild()];
    if (node === null) return parent;
    const size = unpaddedSize(node, padding);
    if (size === left) return node.index;
    if (size > left) continue;
    left -= size;
    cursor.sibling();
  }
  return cursor.index;
}

/** Reads the nodes of all lists together; `null` if one is not known. */
function* readAll(...lists: readonly (readonly number[])[]): NodeReading<TreeNode[][] | null> {
  const all = lists.flat();
  const read = all.length === 0 ? [] : yield all;
  let at = 0;
  const nodes: TreeNode[][] = [];
  for (const list of lists) {
    const part: TreeNode[] = [];
    for (let i = 0; i < list.length; i++) {
      const node = read[at++];
      if (node === null) return null;
      part.push(node);
    }
    nodes.push(part);
  }
  return nodes;
}
