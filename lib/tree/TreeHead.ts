import type { TreeNode } from '../messages/proof.js';

/** What a log knows of its tree at all times, in memory: enough to verify what comes and to sign what is appended. @internal */
export interface TreeHead {
  readonly fork: number;
  /** Blocks. */
  readonly length: number;
  /** Bytes of all blocks. */
  readonly byteLength: number;
  /** Left to right; their hashes are not views of anything. */
  readonly roots: readonly TreeNode[];
  /** Of this tree, as it travels; `null` for a tree that needs none: an empty one, or one that the manifest fixes. */
  readonly signature: Uint8Array | null;
}

/** The tree without blocks. @internal */
export const emptyHead: TreeHead = { fork: 0, length: 0, byteLength: 0, roots: [], signature: null };
