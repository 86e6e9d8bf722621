import { StorageCorruptError } from '../logErrors.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { byteOffset } from '../tree/byteOffset.js';
import { readNodes, type NodeReader, type NodeReading } from '../tree/NodeReader.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import type { TreeHead } from '../tree/TreeHead.js';
import type { BlockRows } from './BlockRow.js';
import type { ByteCache } from './ByteCache.js';

/** Blocks, and bytes of them, that are read in one go by who reads one after another. */
const ROW_BLOCKS = 64;
const ROW_BYTES = 0x10000;

/** Where a block lies in the file. @internal */
export interface BlockPlace {
  readonly offset: number;
  readonly size: number;
  /** Hash of the block. */
  readonly hash: Uint8Array;
}

/**
 * The blocks of a core, one after another in a file: the tree tells where each begins (hypercore 10 `lib/block-store.js`).
 *
 * @internal
 */
export class BlockStore {
  /** The block that was asked for last. */
  private last = -1;
  /** A row that is being read. */
  private row: { readonly first: number; readonly done: Promise<unknown> } | null = null;

  constructor(
    /** `null` for a core that is kept in memory alone: then the rows have all that is here. */
    private readonly file: RandomAccess | null,
    private readonly nodes: NodeReader,
    private readonly hasher: TreeHasher,
    private readonly cache: ByteCache<Uint8Array>,
    /** Whether what is read is compared with the tree. */
    private readonly verifies: boolean,
    /** What was written or read in rows. */
    private readonly rows: BlockRows,
  ) {}

  /** The block if it is in memory. It must not be changed. */
  cached(index: number): Uint8Array | undefined {
    const block = this.rows.get(index) ?? this.cache.get(index);
    if (block !== undefined) this.last = index;
    return block;
  }

  /**
   * Where a block lies.
   *
   * @throws StorageCorruptError if the tree does not tell
   */
  place(head: TreeHead, index: number): BlockPlace | Promise<BlockPlace> {
    return readNodes(placeOf(head, index), this.nodes);
  }

  /**
   * Reads a block as it is stored, and keeps it. Who reads one after another has the next ones read along with it. It must not
   * be changed.
   *
   * @param isHere - whether a block can be read along
   * @param isValid - whether what was read may be kept
   * @throws StorageCorruptError if it is not what the tree says
   */
  async read(
    head: TreeHead,
    index: number,
    isHere: (index: number) => boolean,
    isValid: () => boolean,
  ): Promise<Uint8Array> {
    for (;;) {
      const cached = this.cached(index);
      if (cached !== undefined) return cached;
      const { row } = this;
      if (row === null || index <= row.first || index >= row.first + ROW_BLOCKS) break;
      await row.done; // it may be part of that
    }
    const isNext = index === this.last + 1;
    this.last = index;
    if (isNext && this.row === null) {
      const reading = this.readRow(head, index, isHere, isValid);
      const row = { first: index, done: reading.catch(() => null) };
      this.row = row;
      const block = await row.done;
      this.row = null;
      if (block !== null) return block;
    }
    const block = await this.readOne(head, index);
    if (isValid()) this.cache.set(index, block);
    return block;
  }

  /** Reads a block and those behind it; `null` if there are none, or that failed. */
  private async readRow(
    head: TreeHead,
    first: number,
    isHere: (index: number) => boolean,
    isValid: () => boolean,
  ): Promise<Uint8Array | null> {
    const { offset, size, hash } = await this.place(head, first);
    const sizes = [size];
    const hashes = [hash];
    let length = size;
    for (let index = first + 1; index < head.length && sizes.length < ROW_BLOCKS && isHere(index); index++) {
      const leaf = this.nodes.get(2 * index);
      if (leaf === null || 'then' in leaf || length + leaf.size > ROW_BYTES) break;
      sizes.push(leaf.size);
      hashes.push(leaf.hash);
      length += leaf.size;
    }
    if (sizes.length === 1) return null;
    const bytes = await this.readBytes(offset, length);
    if (bytes === null) return null;
    for (let i = 0, at = 0; this.verifies && i < sizes.length; at += sizes[i++]) {
      if (!this.holds(bytes.subarray(at, at + sizes[i]), hashes[i])) return null;
    }
    if (isValid()) this.rows.keep(first, bytes, sizes);
    return bytes.subarray(0, size);
  }

  private async readOne(head: TreeHead, index: number): Promise<Uint8Array> {
    const { offset, size, hash } = await this.place(head, index);
    const bytes = await this.readBytes(offset, size);
    if (bytes === null) throw new StorageCorruptError('data', `block ${index} is not whole`);
    if (this.verifies && !this.holds(bytes, hash)) {
      throw new StorageCorruptError('data', `block ${index} is not what the tree says`);
    }
    return bytes;
  }

  /** Whether the file has, at that place, a block of that hash. */
  async has({ offset, size, hash }: BlockPlace): Promise<boolean> {
    const bytes = await this.readBytes(offset, size);
    return bytes !== null && this.holds(bytes, hash);
  }

  /** Keeps blocks that lie one behind the other, for a while at least; the array is kept as it is. */
  keepRow(first: number, bytes: Uint8Array, sizes: readonly number[]): void {
    this.rows.keep(first, bytes, sizes);
  }

  /** Forgets blocks that are in memory. */
  forget(start: number, end: number): void {
    this.rows.forget(start, end);
    if (end - start > 1024) this.cache.clear();
    else for (let index = start; index < end; index++) this.cache.delete(index);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    await this.file?.write(offset, bytes);
  }

  /** Gives room back. */
  async punch(offset: number, length: number): Promise<void> {
    await this.file?.punch(offset, length);
  }

  /** Cuts off what lies behind the last block of a tree that was cut. */
  async truncate(byteLength: number): Promise<void> {
    const { file } = this;
    if (file !== null && (await file.length()) > byteLength) await file.truncate(byteLength);
  }

  async flush(): Promise<void> {
    await this.file?.flush();
  }

  /** A size that is damaged must not reserve memory: nothing is read behind the end of the file. */
  private async readBytes(offset: number, length: number): Promise<Uint8Array | null> {
    return this.file !== null && Number.isSafeInteger(offset + length)
      ? this.file.read(offset, length)
      : null;
  }

  private holds(bytes: Uint8Array, hash: Uint8Array): boolean {
    return this.hasher.crypto.equal(this.hasher.leaf(bytes), hash);
  }
}

/** A block that is here has its way to the root here too. */
function* placeOf(head: TreeHead, index: number): NodeReading<BlockPlace> {
  const offset = yield* byteOffset(head, 2 * index);
  const [leaf] = yield [2 * index];
  if (offset === null || leaf === null)
    throw new StorageCorruptError('tree', `a node above block ${index} is missing`);
  return { offset, size: leaf.size, hash: leaf.hash };
}
