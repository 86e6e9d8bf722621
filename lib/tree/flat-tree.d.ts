/** What is used of the package `flat-tree`, which brings no types. */
declare module 'flat-tree' {
  export interface FlatIterator {
    index: number;
    offset: number;
    factor: number;
    seek(index: number): void;
    contains(index: number): boolean;
    sibling(): number;
    parent(): number;
    leftChild(): number;
    peekLeftSpan(): number;
    peekRightSpan(): number;
    countLeaves(): number;
    nextTree(): number;
    fullRoot(head: number): boolean;
  }
  const flat: {
    iterator(index: number): FlatIterator;
    fullRoots(head: number): number[];
  };
  export default flat;
}
