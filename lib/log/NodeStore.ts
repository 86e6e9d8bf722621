import type { TreeNode } from '../messages/proof.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { settleAll } from '../storage/settleAll.js';
import { straddlingNodes } from '../tree/cutTree.js';
import type { NodeReader } from '../tree/NodeReader.js';
import { treeCursor } from '../tree/flatTree.js';
import { writeUint64 } from '../tree/TreeHasher.js';
import type { ByteCache } from './ByteCache.js';

/** Size and hash. */
const NODE_BYTES = 40;

/** Nodes that are read and kept together: a subtree of 32 blocks, with what leads down to it. */
const PAGE_NODES = 64;

/** Nodes whose size is not proved that are kept at a time. */
const MOST_LOOSE = 4096;

/** A node of which the hash is proved, but not the size: only `sum`, its size and that of its sibling together. */
interface Loose {
  readonly node: TreeNode;
  readonly sum: number;
}

/**
 * The nodes of a tree: in memory until they are flushed, then in a file in which node i lies at byte 40 i, and 40 zeros
 * are a node that is not known (hypercore 10 `lib/merkle-tree.js`). What is read is kept in a cache.
 *
 * Changes are made one at a time; reads may overlap with them.
 *
 * @internal
 */
export class NodeStore implements NodeReader {
  /** Nodes that are not in the file yet; `null` for one that is to be forgotten. */
  private readonly fresh = new Map<number, TreeNode | null>();
  /** Nodes that the file still has, and that are to be forgotten, whatever came in their place. */
  private readonly forgotten = new Set<number>();
  /** In memory alone, and in {@link NodeStore.andLoose} alone: a wrong size would put blocks in wrong places. */
  private readonly loose = new Map<number, Loose>();
  /** Nodes from here on are not known, but for the fresh ones. */
  private end = Infinity;
  /** Counts the changes of the file, so that a read that overlapped with one is not kept. */
  private version = 0;
  /** Pages that are being read, by their first node: whoever needs one of their nodes waits for the same read. */
  private readonly reading = new Map<number, Promise<Uint8Array | null>>();

  private constructor(
    private readonly file: RandomAccess,
    /** Bytes of the file that count: what lies behind them was cut, or is left of a flush that failed. */
    private fileBytes: number,
    /** Pages of the file as they are there; `null` keeps none. */
    private readonly pages: ByteCache<Uint8Array> | null,
  ) {}

  static async open(file: RandomAccess, pages: ByteCache<Uint8Array> | null): Promise<NodeStore> {
    return new NodeStore(file, await file.length(), pages);
  }

  /** Whether all that waits to be flushed is the end of nodes that were cut off. */
  get onlyCut(): boolean {
    if (this.end === Infinity) return false;
    for (const node of this.fresh.values()) if (node !== null) return false;
    return true;
  }

  get(index: number): TreeNode | null | Promise<TreeNode | null> {
    const fresh = this.fresh.get(index);
    if (fresh !== undefined) return fresh;
    if (index >= this.end || (index + 1) * NODE_BYTES > this.fileBytes) return null;
    if (this.pages === null) return this.read(index, 1, index);
    const first = index - (index % PAGE_NODES);
    const page = this.pages.get(first / PAGE_NODES) ?? this.readNow(first);
    return page === undefined ? this.read(first, PAGE_NODES, index) : nodeOf(page, index - first, index);
  }

  /** Whether a node is known, or known loosely; `undefined` if the file must be asked. */
  knows(index: number): boolean | undefined {
    const fresh = this.fresh.get(index);
    if (fresh !== undefined) return fresh !== null || this.loose.has(index);
    if (this.loose.has(index)) return true;
    if (index >= this.end || (index + 1) * NODE_BYTES > this.fileBytes) return false;
    const place = index % PAGE_NODES;
    const page = this.pages?.get((index - place) / PAGE_NODES) ?? this.readNow(index - place);
    return page === undefined ? undefined : isNode(page, place * NODE_BYTES);
  }

  /** The same with the nodes whose hashes alone are proved, for what asks for hashes. */
  readonly andLoose: NodeReader = {
    get: index => {
      const node = this.get(index);
      if (this.loose.size === 0) return node;
      if (node === null) return this.loose.get(index)?.node ?? null;
      return 'then' in node ? node.then(known => known ?? this.loose.get(index)?.node ?? null) : node;
    },
  };

  /**
   * Takes over nodes that were proved, or computed.
   *
   * @returns those of them that wait to be flushed from now on, and others whose size follows from them
   */
  put(nodes: readonly TreeNode[]): readonly TreeNode[] {
    const added: TreeNode[] = [];
    for (const node of nodes) {
      if ((this.fresh.get(node.index) ?? null) !== null) continue;
      this.fresh.set(node.index, node);
      added.push(node);
      if (this.loose.size > 0) this.settleLoose(node, added);
    }
    return added;
  }

  /** Takes back what {@link NodeStore.put} returned: it could not be stored. */
  takeBack(nodes: readonly TreeNode[]): void {
    for (const { index } of nodes) {
      if (this.forgotten.has(index)) this.fresh.set(index, null);
      else this.fresh.delete(index);
    }
  }

  /** Takes over pairs of siblings of which the hashes are proved, but only the sum of the sizes. */
  putLoose(pairs: readonly TreeNode[]): void {
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const sum = pairs[i].size + pairs[i + 1].size;
      for (const node of [pairs[i], pairs[i + 1]]) this.loose.set(node.index, { node, sum });
    }
    for (const index of this.loose.keys()) {
      if (this.loose.size <= MOST_LOOSE) return;
      this.loose.delete(index);
    }
  }

  /** Forgets every node that a tree of `length` blocks has not. */
  cut(length: number): void {
    const end = Math.max(0, 2 * length - 1);
    for (const index of this.fresh.keys()) if (index >= end) this.fresh.delete(index);
    this.loose.clear();
    for (const index of straddlingNodes(length)) {
      this.fresh.set(index, null);
      this.forgotten.add(index);
    }
    this.end = Math.min(this.end, end);
    this.fileBytes = Math.min(this.fileBytes, this.end * NODE_BYTES);
  }

  /** Brings the file up to date. If it fails nothing is lost, and it can be tried again. */
  async flush(): Promise<void> {
    if (this.fresh.size === 0 && this.end === Infinity) return;
    this.change();
    if ((await this.file.length()) > this.fileBytes) await this.file.truncate(this.fileBytes);
    if (this.end !== Infinity) this.pages?.clear();
    const indexes = [...this.fresh.keys()].sort((a, b) => a - b);
    const nodes = indexes.map(index => this.fresh.get(index) ?? null);
    const writes: Promise<void>[] = [];
    for (let i = 0; i < indexes.length;) {
      let next = i + 1;
      while (next < indexes.length && indexes[next] === indexes[next - 1] + 1) next++;
      writes.push(this.write(indexes[i], nodes, i, next));
      i = next;
    }
    await settleAll(writes);
    await this.file.flush();
    for (const [i, index] of indexes.entries()) {
      this.pages?.delete((index - (index % PAGE_NODES)) / PAGE_NODES);
      // Not one that came while the others were written.
      if (this.fresh.get(index) === nodes[i]) this.fresh.delete(index);
    }
    if (indexes.length > 0) {
      this.fileBytes = Math.max(this.fileBytes, (indexes[indexes.length - 1] + 1) * NODE_BYTES);
    }
    this.forgotten.clear();
    this.end = Infinity;
    this.change();
  }

  /** The size of a node tells that of its sibling. */
  private settleLoose(node: TreeNode, added: TreeNode[]): void {
    this.loose.delete(node.index);
    const sibling = treeCursor(node.index).sibling();
    const loose = this.loose.get(sibling);
    if (loose === undefined) return;
    this.loose.delete(sibling);
    if ((this.fresh.get(sibling) ?? null) !== null) return;
    const sized = { ...loose.node, size: loose.sum - node.size };
    this.fresh.set(sibling, sized);
    added.push(sized);
  }

  /** Writes nodes that follow each other, `nodes[from]` to `nodes[to - 1]`; zeros for one that is forgotten. */
  private write(first: number, nodes: readonly (TreeNode | null)[], from: number, to: number): Promise<void> {
    const bytes = new Uint8Array((to - from) * NODE_BYTES);
    for (let i = from; i < to; i++) {
      const node = nodes[i];
      if (node === null) continue;
      const at = (i - from) * NODE_BYTES;
      writeUint64(bytes, at, node.size);
      bytes.set(node.hash, at + 8);
    }
    return this.file.write(first * NODE_BYTES, bytes);
  }

  /** Reads a page and keeps it, if the file never waits and nodes are kept. What fails is left to the promise of a read. */
  private readNow(first: number): Uint8Array | undefined {
    const { file, pages } = this;
    if (file.readNow === undefined || pages === null) return undefined;
    try {
      const page = file.readNow(first * NODE_BYTES, this.bytesFrom(first, PAGE_NODES)) ?? undefined;
      if (page !== undefined) pages.set(first / PAGE_NODES, page);
      return page;
    } catch {
      return undefined;
    }
  }

  /** Bytes of so many nodes, as far as the file has them. */
  private bytesFrom(first: number, count: number): number {
    return Math.min(count * NODE_BYTES, this.fileBytes - first * NODE_BYTES);
  }

  private readPage(first: number): Promise<Uint8Array | null> {
    const already = this.reading.get(first);
    if (already !== undefined) return already;
    const reading = this.readBytes(first, PAGE_NODES).finally(() => {
      if (this.reading.get(first) === reading) this.reading.delete(first);
    });
    this.reading.set(first, reading);
    return reading;
  }

  /** The file is about to change, or has: nobody is to join a read that began before. */
  private change(): void {
    this.version++;
    this.reading.clear();
  }

  private readBytes(first: number, count: number): Promise<Uint8Array | null> {
    return this.file.read(first * NODE_BYTES, this.bytesFrom(first, count));
  }

  /** Reads `count` nodes from `first` on, keeps them if they are a page, and gives one of them. */
  private async read(first: number, count: number, index: number): Promise<TreeNode | null> {
    const { version } = this;
    const bytes = await (count === PAGE_NODES ? this.readPage(first) : this.readBytes(first, count));
    if (this.version !== version) return this.get(index);
    if (bytes === null) return null;
    if (count === PAGE_NODES) this.pages?.set(first / PAGE_NODES, bytes);
    // It may have come while the file was read.
    const fresh = this.fresh.get(index);
    if (fresh !== undefined) return fresh;
    return index >= this.end ? null : nodeOf(bytes, index - first, index);
  }
}

/** Reads a node, the number `place` of those in `bytes`. */
function nodeOf(bytes: Uint8Array, place: number, index: number): TreeNode | null {
  const at = place * NODE_BYTES;
  if (at + NODE_BYTES > bytes.length) return null;
  if (!isNode(bytes, at)) return null;
  let size = 0;
  for (let i = 7; i >= 0; i--) size = size * 256 + bytes[at + i];
  return { index, size, hash: bytes.slice(at + 8, at + NODE_BYTES) };
}

/** 40 zeros are no node. */
function isNode(bytes: Uint8Array, at: number): boolean {
  const end = at + NODE_BYTES;
  if (end > bytes.length) return false;
  for (let i = at; i < end; i++) if (bytes[i] !== 0) return true;
  return false;
}
