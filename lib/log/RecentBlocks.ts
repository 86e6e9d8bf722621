/** Rows that are looked through for a block. */
const MOST_ROWS = 64;

interface Row {
  readonly first: number;
  /** Where each block begins, and where the last ends. */
  readonly bounds: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Rows of blocks as they were written or read in one piece, for whoever reads them next: a row goes as a whole, so that
 * none of its blocks needs a buffer of its own.
 *
 * @internal
 */
export class RecentBlocks {
  /** Oldest first. */
  private readonly rows: Row[] = [];
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes held now; never more than `maxBytes`. */
  get bytes(): number {
    return this.held;
  }

  /** A view of a block, which must not be changed. */
  get(index: number): Uint8Array | undefined {
    for (let i = this.rows.length - 1; i >= 0; i--) {
      const { first, bounds, bytes } = this.rows[i];
      const at = index - first;
      if (at >= 0 && at < bounds.length - 1) return bytes.subarray(bounds[at], bounds[at + 1]);
    }
    return undefined;
  }

  /** Keeps blocks that lie one behind the other in `bytes`, which must not be changed any more. */
  keep(first: number, bytes: Uint8Array, sizes: readonly number[]): void {
    const weight = bytes.buffer.byteLength;
    if (weight > this.maxBytes) return;
    const bounds = [0];
    let at = 0;
    for (const size of sizes) bounds.push((at += size));
    this.rows.push({ first, bounds, bytes });
    this.held += weight;
    while (this.held > this.maxBytes || this.rows.length > MOST_ROWS) this.drop(0);
  }

  /** Forgets every row that has one of these blocks. */
  forget(start: number, end: number): void {
    for (let i = this.rows.length - 1; i >= 0; i--) {
      const { first, bounds } = this.rows[i];
      if (first < end && first + bounds.length - 1 > start) this.drop(i);
    }
  }

  private drop(row: number): void {
    for (const { bytes } of this.rows.splice(row, 1)) this.held -= bytes.buffer.byteLength;
  }
}
