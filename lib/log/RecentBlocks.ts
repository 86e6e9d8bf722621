import { blockIn, type BlockRow, blockRow, type BlockRows, rowEnd } from './BlockRow.js';

/** Rows that are looked through for a block. */
const MOST_ROWS = 64;

/**
 * Rows of blocks as they were written or read in one piece, for whoever reads them next: a row goes as a whole, so that
 * none of its blocks needs a buffer of its own.
 *
 * @internal
 */
export class RecentBlocks implements BlockRows {
  /** Oldest first. */
  private readonly rows: BlockRow[] = [];
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes held now; never more than `maxBytes`. */
  get bytes(): number {
    return this.held;
  }

  get(index: number): Uint8Array | undefined {
    for (let i = this.rows.length - 1; i >= 0; i--) {
      const block = blockIn(this.rows[i], index);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  keep(first: number, bytes: Uint8Array, sizes: readonly number[]): void {
    const weight = bytes.buffer.byteLength;
    if (weight > this.maxBytes) return;
    this.rows.push(blockRow(first, bytes, sizes));
    this.held += weight;
    while (this.held > this.maxBytes || this.rows.length > MOST_ROWS) this.drop(0);
  }

  /** Forgets every row that has one of these blocks. */
  forget(start: number, end: number): void {
    for (let i = this.rows.length - 1; i >= 0; i--) {
      const row = this.rows[i];
      if (row.first < end && rowEnd(row) > start) this.drop(i);
    }
  }

  private drop(row: number): void {
    for (const { bytes } of this.rows.splice(row, 1)) this.held -= bytes.buffer.byteLength;
  }
}
