import { treeCursor } from '../tree/flatTree.js';
import type { Asked } from './RequestTable.js';

/**
 * The tree nodes that one remote was already asked for, with the request that brings each: the request for a neighbouring
 * block stops where they begin, so that a row of blocks takes about one node a block, however many are on their way.
 *
 * A remote may answer in another order than it was asked, or leave one out. Whoever leans on a node waits for the request
 * that brings it, see {@link Asked.leansOn}.
 *
 * @internal
 */
export class ComingNodes {
  private readonly bringers = new Map<number, Asked>();

  /**
   * How many nodes to ask for with a block of which `missing` are not known here, and notes what they bring.
   *
   * @param alone - whether the answer must be provable by itself
   */
  plan(asked: Asked, missing: number, alone: boolean): number {
    const cursor = treeCursor(2 * asked.block);
    let levels = 0;
    for (; levels < missing && !alone; levels++) {
      asked.leansOn = this.bringers.get(cursor.index) ?? null;
      if (asked.leansOn !== null) break;
      cursor.parent();
    }
    if (alone) levels = missing;
    asked.levels = levels;
    if (levels === 0) return 0;
    const climbing = treeCursor(2 * asked.block);
    for (let level = 0; level < levels; level++) {
      this.bringers.set(climbing.index, asked);
      this.bringers.set(climbing.sibling(), asked);
      climbing.parent();
    }
    return levels;
  }

  /** Its nodes are here, or will not come. */
  forget(asked: Asked): void {
    const { levels } = asked;
    if (levels === 0) return;
    asked.levels = 0;
    const cursor = treeCursor(2 * asked.block);
    for (let level = 0; level < levels; level++) {
      this.remove(cursor.index, asked);
      this.remove(cursor.sibling(), asked);
      cursor.parent();
    }
  }

  clear(): void {
    this.bringers.clear();
  }

  private remove(index: number, asked: Asked): void {
    if (this.bringers.get(index) === asked) this.bringers.delete(index);
  }
}
