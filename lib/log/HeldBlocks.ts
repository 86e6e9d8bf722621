import { blockIn, type BlockRow, blockRow, type BlockRows, rowEnd } from './BlockRow.js';

/** Blocks whose rows are found together. */
const PAGE_BLOCKS = 256;

/**
 * All blocks of a core that is kept in memory alone, in the rows in which they came: no block is copied to be kept, or to
 * be read. No two rows have a block in common.
 *
 * @internal
 */
export class HeldBlocks implements BlockRows {
  /** The rows that have blocks of a page, by the number of their first one. */
  private readonly pages = new Map<number, BlockRow[]>();

  get(index: number): Uint8Array | undefined {
    const rows = this.pages.get(Math.floor(index / PAGE_BLOCKS));
    if (rows === undefined) return undefined;
    const at = placeIn(rows, index);
    return at === 0 ? undefined : blockIn(rows[at - 1], index);
  }

  keep(first: number, bytes: Uint8Array, sizes: readonly number[]): void {
    const row = blockRow(first, bytes, sizes);
    const last = Math.floor((rowEnd(row) - 1) / PAGE_BLOCKS);
    for (let page = Math.floor(first / PAGE_BLOCKS); page <= last; page++) {
      const rows = this.pages.get(page);
      if (rows === undefined) this.pages.set(page, [row]);
      else rows.splice(placeIn(rows, first), 0, row);
    }
  }

  /** What is left of a row that loses some of its blocks moves, so that their memory comes free. */
  forget(start: number, end: number): void {
    const hit = new Set<BlockRow>();
    for (const page of this.pagesOf(start, end)) {
      for (const row of this.pages.get(page)!) if (row.first < end && rowEnd(row) > start) hit.add(row);
    }
    for (const row of hit) {
      this.remove(row);
      this.keepPart(row, row.first, start);
      this.keepPart(row, end, rowEnd(row));
    }
  }

  private keepPart({ first, bounds, bytes }: BlockRow, start: number, end: number): void {
    if (start >= end) return;
    const [from, to] = [start - first, end - first];
    const sizes: number[] = [];
    for (let i = from; i < to; i++) sizes.push(bounds[i + 1] - bounds[i]);
    this.keep(start, bytes.slice(bounds[from], bounds[to]), sizes);
  }

  private remove(row: BlockRow): void {
    for (const page of this.pagesOf(row.first, rowEnd(row))) {
      const rows = this.pages.get(page)!.filter(other => other !== row);
      if (rows.length === 0) this.pages.delete(page);
      else this.pages.set(page, rows);
    }
  }

  /** Numbers of the pages that have rows and may have these blocks: in steps of what is fewer, numbers or pages. */
  private pagesOf(start: number, end: number): number[] {
    const [first, behind] = [Math.floor(start / PAGE_BLOCKS), Math.ceil(end / PAGE_BLOCKS)];
    if (behind - first > this.pages.size) {
      return [...this.pages.keys()].filter(page => page >= first && page < behind);
    }
    const numbers: number[] = [];
    for (let page = first; page < behind; page++) if (this.pages.has(page)) numbers.push(page);
    return numbers;
  }
}

/** How many of the rows begin at or before a block. */
function placeIn(rows: readonly BlockRow[], index: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle].first <= index) low = middle + 1;
    else high = middle;
  }
  return low;
}
