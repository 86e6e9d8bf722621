/** Blocks that lie one behind the other in memory. @internal */
export interface BlockRow {
  readonly first: number;
  /** Where each block begins, and where the last ends. */
  readonly bounds: readonly number[];
  readonly bytes: Uint8Array;
}

/** Holds rows of blocks, each of which goes as a whole. @internal */
export interface BlockRows {
  /** A view of a block, which must not be changed. */
  get(index: number): Uint8Array | undefined;
  /** Keeps blocks that lie one behind the other in `bytes`, which must not be changed any more. */
  keep(first: number, bytes: Uint8Array, sizes: readonly number[]): void;
  /** Forgets the blocks from `start` below `end`. */
  forget(start: number, end: number): void;
}

/** A row of blocks of these sizes. @internal */
export function blockRow(first: number, bytes: Uint8Array, sizes: readonly number[]): BlockRow {
  const bounds = [0];
  let at = 0;
  for (const size of sizes) bounds.push((at += size));
  return { first, bounds, bytes };
}

/** The number behind the last block of a row. @internal */
export function rowEnd({ first, bounds }: BlockRow): number {
  return first + bounds.length - 1;
}

/** A view of a block of a row; `undefined` if it is not in it. @internal */
export function blockIn({ first, bounds, bytes }: BlockRow, index: number): Uint8Array | undefined {
  const at = index - first;
  if (at < 0 || at >= bounds.length - 1) return undefined;
  // A row of one is the block itself.
  return bounds.length === 2 ? bytes : bytes.subarray(bounds[at], bounds[at + 1]);
}
