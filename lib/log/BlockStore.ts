import { StorageCorruptError } from '../logErrors.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { byteOffset } from '../tree/byteOffset.js';
import { readNodes, type NodeReader, type NodeReading } from '../tree/NodeReader.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import type { TreeHead } from '../tree/TreeHead.js';
import type { ByteCache } from './ByteCache.js';

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
  constructor(
    private readonly file: RandomAccess,
    private readonly nodes: NodeReader,
    private readonly hasher: TreeHasher,
    private readonly cache: ByteCache<Uint8Array>,
    /** Whether what is read is compared with the tree. */
    private readonly verifies: boolean,
  ) {}

  /** The block if it is in memory. It must not be changed. */
  cached(index: number): Uint8Array | undefined {
    return this.cache.get(index);
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
   * Reads a block as it is stored. It must not be changed.
   *
   * @throws StorageCorruptError if it is not what the tree says
   */
  async read(head: TreeHead, index: number): Promise<Uint8Array> {
    const cached = this.cache.get(index);
    if (cached !== undefined) return cached;
    const { offset, size, hash } = await this.place(head, index);
    // A size that is damaged must not reserve memory: nothing is read behind the end of the file.
    const bytes = Number.isSafeInteger(offset + size) ? await this.file.read(offset, size) : null;
    if (bytes === null) throw new StorageCorruptError('data', `block ${index} is not whole`);
    if (this.verifies && !this.holds(bytes, hash)) {
      throw new StorageCorruptError('data', `block ${index} is not what the tree says`);
    }
    return bytes;
  }

  /** Whether the file has, at that place, a block of that hash. */
  async has({ offset, size, hash }: BlockPlace): Promise<boolean> {
    const bytes = Number.isSafeInteger(offset + size) ? await this.file.read(offset, size) : null;
    return bytes !== null && this.holds(bytes, hash);
  }

  /** Keeps a block in memory; the array is kept as it is. */
  keep(index: number, bytes: Uint8Array): void {
    this.cache.set(index, bytes);
  }

  /** Forgets blocks that are in memory. */
  forget(start: number, end: number): void {
    if (end - start > 1024) this.cache.clear();
    else for (let index = start; index < end; index++) this.cache.delete(index);
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.file.write(offset, bytes);
  }

  /** Gives room back. */
  punch(offset: number, length: number): Promise<void> {
    return this.file.punch(offset, length);
  }

  /** Cuts off what lies behind the last block of a tree that was cut. */
  async truncate(byteLength: number): Promise<void> {
    if ((await this.file.length()) > byteLength) await this.file.truncate(byteLength);
  }

  flush(): Promise<void> {
    return this.file.flush();
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
