import { blocksUnder, endOf, firstBlockOf, rootIndexes, treeCursor } from '../../lib/tree/flatTree.js';
import { Random } from '../helpers/random.js';

/** Depth and place of a node by its definition, in integers of any size. */
function definition(index: bigint): { depth: bigint; offset: bigint } {
  let depth = 0n;
  while (((index >> depth) & 1n) === 1n) depth++;
  return { depth, offset: index >> (depth + 1n) };
}
const nodeAt = (depth: bigint, offset: bigint): number => Number((1n + 2n * offset) * (1n << depth) - 1n);

describe('flatTree', () => {
  const random = new Random('flatTree');
  const indexes = (): number[] => {
    const some = [
      0,
      1,
      2,
      3,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 31 + 1,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 32 + 1,
      2 ** 50 - 1,
    ];
    for (let bits = 3; bits <= 50; bits++) {
      for (let i = 0; i < 8; i++) some.push(Math.floor(random.next() * 2 ** bits));
      some.push(2 ** bits - 1);
    }
    return some;
  };

  it('moves by the definition of the tree, beyond 32 bits too', () => {
    for (const index of indexes()) {
      const { depth, offset } = definition(BigInt(index));
      const at = treeCursor(index);
      expect(at.sibling())
        .withContext(`sibling of ${index}`)
        .toBe(nodeAt(depth, offset ^ 1n));
      expect(at.sibling()).toBe(index);
      expect(at.parent())
        .withContext(`parent of ${index}`)
        .toBe(nodeAt(depth + 1n, offset >> 1n));
      if (depth === 0n) continue;
      const down = treeCursor(index);
      expect(down.leftChild())
        .withContext(`left child of ${index}`)
        .toBe(nodeAt(depth - 1n, offset * 2n));
      expect(down.sibling()).toBe(nodeAt(depth - 1n, offset * 2n + 1n));
    }
  });

  it('knows what lies under a node', () => {
    for (const index of indexes()) {
      const { depth, offset } = definition(BigInt(index));
      const first = offset << depth;
      const count = 1n << depth;
      expect(firstBlockOf(index)).toBe(Number(first));
      expect(blocksUnder(index)).toBe(Number(count));
      expect(endOf(index)).toBe(Number(2n * (first + count) - 1n));
      expect(treeCursor(index).contains(endOf(index) - 1)).toBeTrue();
      expect(treeCursor(index).contains(endOf(index) + 1)).toBeFalse();
    }
  });

  it('has one root for each bit of the length', () => {
    for (const index of indexes()) {
      const length = Math.floor(index / 2);
      const roots: number[] = [];
      let first = 0n;
      for (let bit = 50n; bit >= 0n; bit--) {
        if (((BigInt(length) >> bit) & 1n) === 0n) continue;
        roots.push(Number(2n * first + (1n << bit) - 1n));
        first += 1n << bit;
      }
      expect(rootIndexes(length)).withContext(`${length}`).toEqual(roots);
    }
  });
});
