/** Bytes in block `index` of the cores that pages keep: from 1 to some 2,000, on both sides of every boundary. */
export const sizeOf = (index: number): number => 1 + ((index * 7919) % 2011);
