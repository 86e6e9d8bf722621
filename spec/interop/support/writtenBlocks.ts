import { createHash } from 'node:crypto';
import { blockBytes } from '../peers/blockBytes.mjs';

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The blocks that a peer told to `append` writes, from block `first` on. */
export const written = (count: number, size: number, first = 0, seed = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => blockBytes(first + n, size, seed));

/** A block in a line: which it is, and what is in it. */
export const digestOf = ({ index, value }: { readonly index: number; readonly value: Uint8Array }): string =>
  `${index} ${value.length} ${sha256(value)}`;

/** The lines of {@link digestOf} for {@link written} blocks. */
export const expected = (count: number, size: number, first = 0, seed = 0): string[] =>
  written(count, size, first, seed).map((value, n) => digestOf({ index: first + n, value }));

/** What the peer's `download` says of whole blocks from the first on. */
export const digestOfAll = (count: number, size: number): string =>
  sha256(written(count, size).map(sha256).join(''));
