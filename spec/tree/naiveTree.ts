import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { concat } from '../helpers/bytes.js';

/** Eight bytes, little endian, by the platform's own arithmetic. */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** The tree of some blocks, straight from its definition: no cursor, no merging, each subtree by recursion. */
export class NaiveTree {
  readonly nodes = new Map<number, TreeNode>();
  readonly roots: TreeNode[] = [];

  constructor(
    private readonly crypto: CryptoBackend,
    private readonly blocks: readonly Uint8Array[],
  ) {
    for (let first = 0; first < blocks.length;) {
      let count = 1;
      while (count * 2 <= blocks.length - first) count *= 2;
      this.roots.push(this.subtree(first, count));
      first += count;
    }
  }

  hash(): Uint8Array {
    const roots = this.roots.map(({ hash, index, size }) => concat(hash, uint64(index), uint64(size)));
    return this.crypto.hash(32, [Uint8Array.of(2), ...roots]);
  }

  /** Bytes before a block. */
  offset(block: number): number {
    return this.blocks.slice(0, block).reduce((sum, { length }) => sum + length, 0);
  }

  private subtree(first: number, count: number): TreeNode {
    const node = count === 1 ? this.leaf(first) : this.parent(first, count);
    this.nodes.set(node.index, node);
    return node;
  }

  private leaf(block: number): TreeNode {
    const bytes = this.blocks[block];
    const hash = this.crypto.hash(32, [concat(Uint8Array.of(0), uint64(bytes.length), bytes)]);
    return { index: 2 * block, size: bytes.length, hash };
  }

  private parent(first: number, count: number): TreeNode {
    const left = this.subtree(first, count / 2);
    const right = this.subtree(first + count / 2, count / 2);
    const size = left.size + right.size;
    const hash = this.crypto.hash(32, [concat(Uint8Array.of(1), uint64(size), left.hash, right.hash)]);
    return { index: 2 * first + count - 1, size, hash };
  }
}
