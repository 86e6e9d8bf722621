import type { TreeNode } from '../messages/proof.js';

/** Where tree nodes are read from. @internal */
export interface NodeReader {
  /**
   * A node that is known, or `null`. Nodes beyond the tree as it is now are not known, whatever storage still holds.
   * A promise only where something must be waited for: what is in memory is returned as it is.
   */
  get(index: number): TreeNode | null | Promise<TreeNode | null>;
}

/**
 * A computation that asks for nodes as it goes and waits for none itself: it yields the numbers of all it needs for its
 * next step, and is resumed with these nodes in the same order. Run it with {@link readNodes}.
 *
 * @internal
 */
export type NodeReading<T> = Generator<readonly number[], T, readonly (TreeNode | null)[]>;

/**
 * Runs a computation to its end. The result comes at once, without any promise, if every node does; nodes that are asked
 * for together are read together.
 *
 * @throws what the computation or the reader throws; once something had to be waited for, the promise rejects with it.
 * @internal
 */
export function readNodes<T>(reading: NodeReading<T>, reader: NodeReader): T | Promise<T> {
  let step = reading.next();
  while (step.done !== true) {
    const nodes = getAll(reader, step.value);
    if (isPromise(nodes)) return readLater(reading, reader, nodes);
    step = reading.next(nodes);
  }
  return step.value;
}

async function readLater<T>(
  reading: NodeReading<T>,
  reader: NodeReader,
  first: Promise<(TreeNode | null)[]>,
): Promise<T> {
  let step = reading.next(await first);
  while (step.done !== true) step = reading.next(await getAll(reader, step.value));
  return step.value;
}

function getAll(
  reader: NodeReader,
  indexes: readonly number[],
): (TreeNode | null)[] | Promise<(TreeNode | null)[]> {
  const nodes: (TreeNode | null)[] = [];
  let awaited: Promise<void>[] | null = null;
  for (let i = 0; i < indexes.length; i++) {
    const node = reader.get(indexes[i]);
    nodes.push(null);
    if (isPromise(node)) {
      awaited ??= [];
      awaited.push(
        node.then(read => {
          nodes[i] = read;
        }),
      );
    } else nodes[i] = node;
  }
  return awaited === null ? nodes : Promise.all(awaited).then(() => nodes);
}

/** Not by `instanceof`: zone.js puts another class in the place of `Promise`, and async functions return the old one. */
function isPromise<T extends object | null>(value: T | Promise<T>): value is Promise<T> {
  return value !== null && 'then' in value;
}
