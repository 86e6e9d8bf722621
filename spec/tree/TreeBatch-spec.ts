import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { byteOffset } from '../../lib/tree/byteOffset.js';
import { StorageCorruptError } from '../../lib/logErrors.js';
import { cutTree, straddlingNodes } from '../../lib/tree/cutTree.js';
import { treeCursor } from '../../lib/tree/flatTree.js';
import { missingNodes } from '../../lib/tree/missingNodes.js';
import { readNodes, type NodeReading } from '../../lib/tree/NodeReader.js';
import { seekByte } from '../../lib/tree/seekByte.js';
import { TreeBatch } from '../../lib/tree/TreeBatch.js';
import { TreeHasher } from '../../lib/tree/TreeHasher.js';
import { emptyHead } from '../../lib/tree/TreeHead.js';
import { hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { NaiveTree } from './naiveTree.js';

const hasher = new TreeHasher(crypto);

/** Runs where everything is in memory. */
function run<T>(reading: NodeReading<T>, nodes: ReadonlyMap<number, TreeNode>): T {
  const result = readNodes(reading, { get: index => nodes.get(index) ?? null });
  if (result instanceof Promise) throw new Error('a promise where all nodes are in memory');
  return result;
}

describe('TreeBatch, beside a tree built by recursion', () => {
  const random = new Random('TreeBatch');
  const drawBlocks = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => random.bytes(random.integer(0, 12)));
  const lengths = (): number[] => [1, 2, 3, 64, ...Array.from({ length: 20 }, () => random.integer(1, 300))];

  it('has the same nodes, roots and hash, in whatever pieces it grows', () => {
    for (const length of lengths()) {
      const blocks = drawBlocks(length);
      const naive = new NaiveTree(crypto, blocks);
      const nodes = new Map<number, TreeNode>();
      let head = emptyHead;
      while (head.length < length) {
        const before = structuredClone(head);
        const batch = new TreeBatch(hasher, head);
        const more = random.integer(1, length - head.length);
        for (let i = 0; i < more; i++) batch.append(blocks[head.length + i]);
        for (const node of batch.nodes) {
          expect(nodes.has(node.index)).toBeFalse();
          nodes.set(node.index, node);
        }
        expect(head).toEqual(before);
        head = batch.head(null);
        expect(batch.length).toBe(head.length);
        expect(hex(batch.hash())).toBe(hex(hasher.tree(head.roots)));
      }
      expect(nodes).toEqual(naive.nodes);
      expect(head.roots).toEqual(naive.roots);
      expect(head.byteLength).toBe(naive.offset(length));
      expect(hex(hasher.tree(head.roots))).toBe(hex(naive.hash()));
    }
  });

  it('tells the offset of each block, and the block of each byte', () => {
    for (const length of lengths()) {
      const blocks = drawBlocks(length);
      const { nodes, roots, ...naive } = new NaiveTree(crypto, blocks);
      const offsets = blocks.map((_, i) => NaiveTree.prototype.offset.call({ ...naive, blocks }, i));
      const byteLength = blocks.reduce((sum, block) => sum + block.length, 0);
      const head = { ...emptyHead, length, byteLength, roots };
      for (const [i, offset] of offsets.entries()) expect(run(byteOffset(head, 2 * i), nodes)).toBe(offset);
      expect(run(byteOffset(head, 2 * length), nodes)).toBe(byteLength);
      expect(() => run(byteOffset(head, 2 * length + 2), nodes)).toThrowError(RangeError);
      expect(() => run(byteOffset(head, -2), nodes)).toThrowError(RangeError);
      for (const index of nodes.keys()) {
        expect(run(byteOffset(head, index), nodes)).toBe(offsets[treeCursor(index).peekLeftSpan() / 2]);
      }
      for (let byte = 0; byte < byteLength; byte++) {
        const found = run(seekByte(head, byte, 0, hasher), nodes);
        if (!found.found) return fail(`byte ${byte} of ${length} blocks was not found`);
        // At a border hypercore may name an empty block in front of the one that has the byte.
        expect(offsets[found.block] + found.offset).toBe(byte);
        expect(found.offset).toBeLessThanOrEqual(blocks[found.block].length);
      }
      expect(run(seekByte(head, byteLength + 1, 0, hasher), nodes)).toEqual({
        found: false,
        start: length,
        end: length,
      });
      if (byteLength > 0) {
        const end = run(seekByte(head, byteLength, 0, hasher), nodes);
        // An empty block at the end is one that begins there as well.
        expect(end.found && (offsets[end.block] ?? byteLength) + end.offset).toBe(byteLength);
      }
    }
  });

  it('leaves out what encryption put in front of each block when it looks for a byte', () => {
    const blocks = Array.from({ length: 37 }, (_, i) => new Uint8Array(8 + 1 + (i % 5)));
    const { nodes, roots } = new NaiveTree(crypto, blocks);
    const head = { ...emptyHead, length: 37, roots };
    let block = 0;
    let offset = 0;
    const total = blocks.reduce((sum, { length }) => sum + length - 8, 0);
    for (let byte = 0; byte < total; byte++) {
      expect(run(seekByte(head, byte, 8, hasher), nodes)).toEqual({ found: true, block, offset });
      if (++offset < blocks[block].length - 8) continue;
      block++;
      offset = 0;
    }
  });

  it('narrows a byte down to what is known where nodes are missing', () => {
    const blocks = Array.from({ length: 8 }, () => new Uint8Array(10));
    const { nodes, roots } = new NaiveTree(crypto, blocks);
    const head = { ...emptyHead, length: 8, byteLength: 80, roots };
    expect(run(seekByte(head, 55, 0, hasher), new Map())).toEqual({ found: false, start: 0, end: 8 });
    const some = new Map([3, 11].map(index => [index, nodes.get(index)!]));
    expect(run(seekByte(head, 55, 0, hasher), some)).toEqual({ found: false, start: 4, end: 8 });
    expect(run(seekByte(head, 15, 0, hasher), some)).toEqual({ found: false, start: 0, end: 4 });
    expect(run(byteOffset(head, 10), some)).toBeNull();
    expect(run(byteOffset(head, 8), some)).toBe(40);
  });

  it('counts the nodes that are missing above one', () => {
    const { nodes, roots } = new NaiveTree(crypto, drawBlocks(10));
    const head = { ...emptyHead, length: 10, roots };
    const known = new Map(roots.map(root => [root.index, root]));
    expect([0, 6, 14, 16, 18, 3, 7, 17].map(index => run(missingNodes(head, index), known))).toEqual([
      3, 3, 3, 1, 1, 1, 0, 0,
    ]);
    known.set(3, nodes.get(3)!).set(10, nodes.get(10)!);
    expect([0, 6, 8, 10, 14].map(index => run(missingNodes(head, index), known))).toEqual([2, 2, 3, 0, 3]);
    // Beyond the tree nobody knows, and neither does hypercore.
    const beyond = [20, 15, 31, 2 ** 53 - 1, 2 ** 53 - 2];
    for (const index of beyond) expect(run(missingNodes(head, index), known)).toBe(0);
  });

  it('is cut to the tree it was', () => {
    for (const length of lengths()) {
      const blocks = drawBlocks(length);
      const { nodes, roots } = new NaiveTree(crypto, blocks);
      const shorter = random.integer(0, length);
      const naive = new NaiveTree(crypto, blocks.slice(0, shorter));
      const cut = run(cutTree({ ...emptyHead, length, roots }, shorter, 4), nodes);
      expect(cut.roots).toEqual(naive.roots);
      expect(cut).toEqual(jasmine.objectContaining({ length: shorter, fork: 4, signature: null }));
      expect(cut.byteLength).toBe(blocks.slice(0, shorter).reduce((sum, block) => sum + block.length, 0));
      const gone = new Set(straddlingNodes(shorter));
      const left = [...nodes.keys()].filter(index => index < 2 * shorter && !gone.has(index));
      expect(new Set(left)).toEqual(new Set(naive.nodes.keys()));
    }
    const head = { ...emptyHead, length: 3, roots: new NaiveTree(crypto, drawBlocks(3)).roots };
    for (const length of [-1, 4, 1.5, NaN]) {
      expect(() => run(cutTree(head, length, 1), new Map())).toThrowError(RangeError);
    }
    expect(() => run(cutTree(head, 2, 1), new Map())).not.toThrow();
    expect(() => run(cutTree({ ...head, length: 4, roots: [] }, 3, 1), new Map())).toThrowError(/node 1/);
  });

  it('is not believed where a node is not the parent of those below it', () => {
    const blocks = Array.from({ length: 11 }, (_, i) => new Uint8Array(10).fill(i));
    const { nodes, roots } = new NaiveTree(crypto, blocks);
    const head = { ...emptyHead, length: 11, byteLength: 110, roots };
    for (const [index, node] of nodes) {
      if (roots.includes(node)) continue;
      const changed = new Map(nodes).set(index, { ...node, size: node.size + 1 });
      // On the way to one of its own bytes it is met.
      const byte = 10 * (treeCursor(index).peekLeftSpan() / 2) + 1;
      expect(() => run(seekByte(head, byte, 0, hasher), changed)).toThrowError(StorageCorruptError);
    }
  });

  it('does not become larger than numbers can say', () => {
    const node = (index: number, size: number): TreeNode => ({ index, size, hash: new Uint8Array(32) });
    const large = new TreeBatch(hasher, emptyHead);
    large.appendRoot(node(0, Number.MAX_SAFE_INTEGER), treeCursor(0));
    expect(() => large.append(new Uint8Array(1))).toThrowError(/larger than numbers/);
    const long = new TreeBatch(hasher, emptyHead);
    const half = 2 ** 51 - 1;
    long.appendRoot(node(half, 1), treeCursor(half));
    expect(long.length).toBe(2 ** 50 * 2);
    expect(() => long.append(new Uint8Array(1))).toThrowError(/larger than numbers/);
  });
});
