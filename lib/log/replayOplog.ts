import { BitfieldFile } from '../bitfield/BitfieldFile.js';
import { StorageCorruptError } from '../logErrors.js';
import type { Oplog } from '../oplog/Oplog.js';
import type { OplogEntry, OplogUserData } from '../oplog/OplogEntry.js';
import type { OplogHeader, OplogReorg } from '../oplog/OplogHeader.js';
import type { CoreAuthority } from '../proof/CoreAuthority.js';
import { rootIndexes } from '../tree/flatTree.js';
import type { TreeHead } from '../tree/TreeHead.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import type { TreeNode } from '../messages/proof.js';
import type { BlockStore } from './BlockStore.js';
import type { NodeStore } from './NodeStore.js';

/** What {@link replayOplog} needs. @internal */
export interface Replaying {
  readonly oplog: Oplog;
  readonly header: OplogHeader;
  readonly authority: CoreAuthority;
  readonly bitfieldFile: RandomAccess;
  openNodes(): Promise<NodeStore>;
  openBlocks(nodes: NodeStore): BlockStore;
  /** More than the last entry may not have come to be whole. */
  readonly batched: boolean;
}

/** A core as its oplog tells it. @internal */
export interface Replayed {
  readonly head: TreeHead;
  readonly nodes: NodeStore;
  readonly blocks: BlockStore;
  readonly bitfield: BitfieldFile;
  readonly userData: readonly OplogUserData[];
  readonly reorgs: readonly OplogReorg[];
  /** What is in memory is not what the oplog says: a header must be written before anything else. */
  readonly repaired: boolean;
}

/**
 * Does again what happened since the header was written. An entry can have come further than its blocks, if the machine
 * failed: an append of which a block is missing never was, and a downloaded block that is missing is not here.
 *
 * @throws StorageCorruptError if the files do not belong together
 * @internal
 */
export async function replayOplog(given: Replaying): Promise<Replayed> {
  const { entries } = given.oplog;
  for (let count = entries.length; ;) {
    const state = await replay(given, entries.slice(0, count));
    const { torn, missing } = await findMissing(state, entries.slice(0, count), given.batched);
    if (torn !== -1) {
      count = torn;
      continue;
    }
    for (const index of missing) state.bitfield.bits.set(index, false);
    return { ...state, repaired: count < entries.length || missing.length > 0 };
  }
}

async function replay(given: Replaying, entries: readonly OplogEntry[]): Promise<Replayed> {
  const { header, authority } = given;
  const nodes = await given.openNodes();
  const bitfield = await BitfieldFile.open(given.bitfieldFile);
  const { bits } = bitfield;
  let { userData } = header;
  let { reorgs } = header.hints;
  let { fork, length, signature } = header.tree;
  let upgraded = false;
  // The file may still have nodes that were cut off before the header was written; the entries have all that came after it.
  nodes.cut(length);
  for (const entry of entries) {
    if (entry.userData) userData = withUserData(userData, entry.userData);
    const upgrade = entry.treeUpgrade;
    if (upgrade && upgrade.ancestors < length) {
      nodes.cut(upgrade.ancestors);
      bits.setRange(upgrade.ancestors, length - upgrade.ancestors, false);
      if (upgrade.fork !== fork)
        reorgs = [...reorgs, { from: fork, to: upgrade.fork, ancestors: upgrade.ancestors }];
    }
    if (entry.treeNodes) nodes.put(entry.treeNodes.map(ownNode));
    if (upgrade) {
      upgraded = true;
      ({ fork, length } = upgrade);
      signature = upgrade.signature?.slice() ?? null;
    }
    const update = entry.bitfield;
    if (update) bits.setRange(update.start, update.length, !update.drop);
  }
  nodes.cut(length);
  const last = bits.lastSet();
  if (last >= length) bits.setRange(length, last + 1 - length, false);
  const roots: (TreeNode | null)[] = [];
  for (const index of rootIndexes(length)) roots.push(await nodes.get(index));
  const head = headOf(roots, fork, length, signature);
  verifyHead(authority, head, upgraded ? null : header);
  return { head, nodes, blocks: given.openBlocks(nodes), bitfield, userData, reorgs, repaired: false };
}

function headOf(
  found: readonly (TreeNode | null)[],
  fork: number,
  length: number,
  signature: Uint8Array | null,
): TreeHead {
  const roots: TreeNode[] = [];
  let byteLength = 0;
  for (const root of found) {
    if (root === null) throw new StorageCorruptError('tree', 'a root is missing');
    byteLength += root.size;
    roots.push(root);
  }
  return { fork, length, byteLength, roots, signature: signature?.length === 0 ? null : signature };
}

/** The hash in the header, or the signature of the last entry, tells whether the roots are those that were stored. */
function verifyHead(authority: CoreAuthority, head: TreeHead, header: OplogHeader | null): void {
  const { hasher } = authority;
  const rootHash = header?.tree.rootHash ?? null;
  if (header !== null && (head.length === 0 || rootHash === null)) {
    if (head.length > 0)
      throw new StorageCorruptError('oplog', 'the header does not tell the hash of the tree');
    return;
  }
  const holds =
    rootHash === null
      ? authority.rulesFor(null).rules.verify(head, head.signature)
      : hasher.crypto.equal(hasher.tree(head.roots), rootHash);
  if (!holds) throw new StorageCorruptError('tree', 'the roots are not those that were stored');
}

/** Blocks that entries say are here, and are not. `torn`: the first entry that is an append of such, or -1. */
async function findMissing(
  { head, blocks, bitfield }: Replayed,
  entries: readonly OplogEntry[],
  batched: boolean,
): Promise<{ readonly torn: number; readonly missing: readonly number[] }> {
  const missing: number[] = [];
  for (const [i, { bitfield: update, treeUpgrade: upgrade }] of entries.entries()) {
    if (!update || update.drop) continue;
    const appended = upgrade?.ancestors === update.start && upgrade.length === update.start + update.length;
    for (let index = update.start; index < update.start + update.length; index++) {
      if (index >= head.length || !bitfield.bits.get(index)) continue;
      if (await blocks.has(await blocks.place(head, index))) continue;
      // An append that was followed by others was whole once: then the block is damaged, which reading it will tell.
      if (appended && (batched || i === entries.length - 1)) return { torn: i, missing: [] };
      if (!appended) missing.push(index);
    }
  }
  return { torn: -1, missing };
}

/** Sets, or with an empty value removes, what an application keeps under a key. @internal */
export function withUserData(list: readonly OplogUserData[], entry: OplogUserData): readonly OplogUserData[] {
  const others = list.filter(other => other.key !== entry.key);
  return entry.value.length === 0 ? others : [...others, { key: entry.key, value: entry.value.slice() }];
}

/** Not a view of the oplog. */
function ownNode({ index, size, hash }: TreeNode): TreeNode {
  return { index, size, hash: hash.slice() };
}
