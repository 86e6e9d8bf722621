import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { TreeHasher, writeUint64 } from '../../lib/tree/TreeHasher.js';
import { bytesOfRule, hex, unhex, type ByteRule } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };
import { uint64 } from './naiveTree.js';

interface HexNode {
  index: number;
  size: number;
  hash: string;
}
interface TreeVectors {
  leafHashes: { data: string; hash: string }[];
  leafLarge: { dataRule: ByteRule; hash: string }[];
  parentHashes: { a: HexNode; b: HexNode; hash: string }[];
  treeHashes: { roots: HexNode[]; hash: string }[];
}

const { leafHashes, leafLarge, parentHashes, treeHashes } = vectors as TreeVectors;
const node = ({ index, size, hash }: HexNode): TreeNode => ({ index, size, hash: unhex(hash) });

describe('TreeHasher', () => {
  const hasher = new TreeHasher(crypto);

  it('hashes blocks as hypercore does, empty and large ones too', () => {
    for (const { data, hash } of leafHashes) expect(hex(hasher.leaf(unhex(data)))).toBe(hash);
    for (const { dataRule, hash } of leafLarge) expect(hex(hasher.leaf(bytesOfRule(dataRule)))).toBe(hash);
  });

  it('hashes parents as hypercore does, with their children in either order', () => {
    for (const { a, b, hash } of parentHashes) {
      expect(hex(hasher.parent(node(a), node(b)))).toBe(hash);
      expect(hex(hasher.parent(node(b), node(a)))).toBe(hash);
    }
  });

  it('hashes roots as hypercore does', () => {
    for (const { roots, hash } of treeHashes) expect(hex(hasher.tree(roots.map(node)))).toBe(hash);
  });

  it('gives hashes that no later one overwrites', () => {
    const first = hasher.leaf(Uint8Array.of(1));
    const text = hex(first);
    hasher.leaf(Uint8Array.of(2));
    hasher.parent(node(parentHashes[0].a), node(parentHashes[0].b));
    expect(hex(first)).toBe(text);
  });

  it('writes integers of up to 53 bits', () => {
    for (const value of [0, 1, 255, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]) {
      const bytes = new Uint8Array(8).fill(0xee);
      writeUint64(bytes, 0, value);
      expect(bytes).toEqual(uint64(value));
    }
  });
});
