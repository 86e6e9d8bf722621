import flat, { type FlatIterator } from 'flat-tree';

/**
 * A cursor over the numbers of a flat tree, in which leaf i is node 2i and parents are odd (package `flat-tree`). Exact
 * while the numbers are below 2^53.
 *
 * @internal
 */
export type TreeCursor = FlatIterator;

/** Blocks in the largest tree whose nodes all have numbers that doubles hold exactly. @internal */
export const MAX_TREE_LENGTH = 2 ** 51;

/** A cursor on a node. @internal */
export function treeCursor(index: number): TreeCursor {
  return flat.iterator(index);
}

/** Numbers of the roots of a tree of `length` blocks, left to right: at most one for each bit of the length. @internal */
export function rootIndexes(length: number): number[] {
  return flat.fullRoots(2 * length);
}

/** The number after the last leaf under a node: nothing under the node has it or a higher one. @internal */
export function endOf(index: number): number {
  return (index & 1) === 0 ? index + 1 : flat.iterator(index).peekRightSpan() + 1;
}

/** The first block under a node. @internal */
export function firstBlockOf(index: number): number {
  return (index & 1) === 0 ? index / 2 : flat.iterator(index).peekLeftSpan() / 2;
}

/** How many blocks lie under a node. @internal */
export function blocksUnder(index: number): number {
  return (index & 1) === 0 ? 1 : flat.iterator(index).countLeaves();
}
