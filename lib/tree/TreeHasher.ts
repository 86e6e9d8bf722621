import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import type { TreeNode } from '../messages/proof.js';

const LEAF = 0;
const PARENT = 1;
const ROOTS = 2;

/**
 * The three hashes of the tree, each told from the others by its first byte (hypercore-crypto `data`, `parent`, `tree`).
 * It keeps the bytes that go in front of each, so that a hash allocates nothing but its result.
 *
 * @internal
 */
export class TreeHasher {
  /** Type and size. */
  private readonly leafHead = new Uint8Array(9);
  /** Type, size, and the hashes of two children. */
  private readonly pair = new Uint8Array(73);
  private readonly pairParts = [this.pair];

  constructor(readonly crypto: CryptoBackend) {
    this.leafHead[0] = LEAF;
    this.pair[0] = PARENT;
  }

  /** Hash of a block: BLAKE2b-256 of `0 ‖ u64le(size) ‖ block`. The 32 bytes belong to the caller. */
  leaf(block: Uint8Array): Uint8Array {
    writeUint64(this.leafHead, 1, block.length);
    return this.crypto.hash(32, [this.leafHead, block]);
  }

  /** Hash of the parent of two siblings, in either order: `1 ‖ u64le(size of both) ‖ left ‖ right`. */
  parent(a: TreeNode, b: TreeNode): Uint8Array {
    const { pair } = this;
    writeUint64(pair, 1, a.size + b.size);
    pair.set(a.hash, a.index < b.index ? 9 : 41);
    pair.set(b.hash, a.index < b.index ? 41 : 9);
    return this.crypto.hash(32, this.pairParts);
  }

  /** Hash of a whole tree: `2`, then for each root from left to right `hash ‖ u64le(index) ‖ u64le(size)`. */
  tree(roots: readonly TreeNode[]): Uint8Array {
    const bytes = new Uint8Array(1 + 48 * roots.length);
    bytes[0] = ROOTS;
    let at = 1;
    for (const { index, size, hash } of roots) {
      bytes.set(hash, at);
      writeUint64(bytes, at + 32, index);
      writeUint64(bytes, at + 40, size);
      at += 48;
    }
    return this.crypto.hash(32, [bytes]);
  }
}

/** Writes an integer of up to 53 bits as eight bytes, little endian. @internal */
export function writeUint64(bytes: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  const high = (value - low) / 0x100000000;
  bytes[at] = low;
  bytes[at + 1] = low >>> 8;
  bytes[at + 2] = low >>> 16;
  bytes[at + 3] = low >>> 24;
  bytes[at + 4] = high;
  bytes[at + 5] = high >>> 8;
  bytes[at + 6] = high >>> 16;
  bytes[at + 7] = high >>> 24;
}
