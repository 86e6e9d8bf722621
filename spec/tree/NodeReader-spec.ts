import type { TreeNode } from '../../lib/messages/proof.js';
import { readNodes, type NodeReading } from '../../lib/tree/NodeReader.js';

const node = (index: number): TreeNode => ({ index, size: index, hash: new Uint8Array(32) });

function* sum(...groups: number[][]): NodeReading<number> {
  let total = 0;
  for (const group of groups) for (const read of yield group) total += read?.size ?? 1000;
  return total;
}

describe('readNodes', () => {
  it('gives the result at once where all nodes are at hand', () => {
    expect(readNodes(sum([1, 2], [], [3, 4]), { get: index => (index === 4 ? null : node(index)) })).toBe(
      1006,
    );
  });

  it('reads what is asked for together at once, and waits only where something must be waited for', async () => {
    const asked: number[] = [];
    let waiting = 0;
    let most = 0;
    const get = (index: number): TreeNode | Promise<TreeNode> => {
      asked.push(index);
      if (index % 2 === 1) return node(index);
      most = Math.max(most, ++waiting);
      return Promise.resolve(node(index)).finally(() => waiting--);
    };
    const result = readNodes(sum([1], [2, 3, 4], [5], [6]), { get });
    expect(asked).toEqual([1, 2, 3, 4]);
    expect(await result).toBe(21);
    expect(asked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });

  it('knows promises of another make', async () => {
    const thenable = (index: number): Promise<TreeNode> =>
      ({
        then: (...on: Parameters<Promise<TreeNode>['then']>) => Promise.resolve(node(index)).then(...on),
      }) as never;
    expect(await readNodes(sum([1], [2]), { get: thenable })).toBe(3);
  });

  it('throws at once what is thrown before anything was waited for, and rejects later', async () => {
    const broken = (): never => {
      throw new RangeError('broken');
    };
    expect(() => readNodes(sum([1]), { get: broken })).toThrowError('broken');
    const later = readNodes(sum([1], [2]), {
      get: index => (index === 1 ? Promise.resolve(node(1)) : broken()),
    });
    await expectAsync(later as Promise<number>).toBeRejectedWithError('broken');
    const rejected = readNodes(sum([1, 2]), { get: () => Promise.reject(new Error('unreadable')) });
    await expectAsync(rejected as Promise<number>).toBeRejectedWithError('unreadable');
  });
});
