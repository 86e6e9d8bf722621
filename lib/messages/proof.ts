import { decodeArray, encodeArray, preencodeArray } from '../encoding/array.js';
import { bytes, optionalBytes } from '../encoding/bytes.js';
import type { Codec, EncodingState } from '../encoding/Codec.js';
import { fixed32 } from '../encoding/fixed.js';
import { uint } from '../encoding/uint.js';
import { verifyCount } from '../encoding/verifyCount.js';

/** A node of the merkle tree. @public */
export interface TreeNode {
  /** Number in the flat tree: leaves are even, block i is node 2i. */
  readonly index: number;
  /** Bytes in all blocks under it. */
  readonly size: number;
  /** BLAKE2b, 32 bytes. */
  readonly hash: Uint8Array;
}

/** A block and the nodes that lead from it to one the receiver knows. @public */
export interface DataBlock {
  readonly index: number;
  /** The block itself, which may be empty. */
  readonly value: Uint8Array;
  readonly nodes: readonly TreeNode[];
}

/** A node of the tree, by its number in the flat tree, and those that lead to one the receiver knows. @public */
export interface DataHash {
  readonly index: number;
  readonly nodes: readonly TreeNode[];
}

/** The nodes that tell in which block a byte lies. @public */
export interface DataSeek {
  readonly bytes: number;
  readonly nodes: readonly TreeNode[];
}

/** The proof of a longer core. @public */
export interface DataUpgrade {
  /** Length from which the proof starts, as asked for. */
  readonly start: number;
  /** Blocks more, as asked for. */
  readonly length: number;
  readonly nodes: readonly TreeNode[];
  /** Nodes on to the length that is signed, when the request stopped short of it. */
  readonly additionalNodes: readonly TreeNode[];
  /** Of the whole tree: 64 bytes, or the signatures of several signers in one. Empty is read as `null`. */
  readonly signature: Uint8Array | null;
}

/** Two integers of a byte at least, and a hash. */
const NODE_BYTES = 34;

/** `index size hash` (hypercore `lib/messages.js`, `node`). @internal */
export const treeNodeCodec: Codec<TreeNode> = {
  preencode(state, node) {
    uint.preencode(state, node.index);
    uint.preencode(state, node.size);
    fixed32.preencode(state, node.hash);
  },
  encode(state, node) {
    uint.encode(state, node.index);
    uint.encode(state, node.size);
    fixed32.encode(state, node.hash);
  },
  decode(state) {
    return { index: uint.decode(state), size: uint.decode(state), hash: fixed32.decode(state) };
  },
};

function decodeNodes(state: EncodingState): TreeNode[] {
  verifyCount(state, 'maxNodes', NODE_BYTES);
  return decodeArray(state, treeNodeCodec, NODE_BYTES);
}

/** `index value nodes`. @internal */
export const dataBlockCodec: Codec<DataBlock> = {
  preencode(state, block) {
    uint.preencode(state, block.index);
    bytes.preencode(state, block.value);
    preencodeArray(state, treeNodeCodec, block.nodes);
  },
  encode(state, block) {
    uint.encode(state, block.index);
    bytes.encode(state, block.value);
    encodeArray(state, treeNodeCodec, block.nodes);
  },
  decode(state) {
    return { index: uint.decode(state), value: bytes.decode(state), nodes: decodeNodes(state) };
  },
};

/** `index nodes`. @internal */
export const dataHashCodec: Codec<DataHash> = {
  preencode(state, hash) {
    uint.preencode(state, hash.index);
    preencodeArray(state, treeNodeCodec, hash.nodes);
  },
  encode(state, hash) {
    uint.encode(state, hash.index);
    encodeArray(state, treeNodeCodec, hash.nodes);
  },
  decode(state) {
    return { index: uint.decode(state), nodes: decodeNodes(state) };
  },
};

/** `bytes nodes`. @internal */
export const dataSeekCodec: Codec<DataSeek> = {
  preencode(state, seek) {
    uint.preencode(state, seek.bytes);
    preencodeArray(state, treeNodeCodec, seek.nodes);
  },
  encode(state, seek) {
    uint.encode(state, seek.bytes);
    encodeArray(state, treeNodeCodec, seek.nodes);
  },
  decode(state) {
    return { bytes: uint.decode(state), nodes: decodeNodes(state) };
  },
};

/** `start length nodes additionalNodes signature`. @internal */
export const dataUpgradeCodec: Codec<DataUpgrade> = {
  preencode(state, upgrade) {
    uint.preencode(state, upgrade.start);
    uint.preencode(state, upgrade.length);
    preencodeArray(state, treeNodeCodec, upgrade.nodes);
    preencodeArray(state, treeNodeCodec, upgrade.additionalNodes);
    optionalBytes.preencode(state, upgrade.signature);
  },
  encode(state, upgrade) {
    uint.encode(state, upgrade.start);
    uint.encode(state, upgrade.length);
    encodeArray(state, treeNodeCodec, upgrade.nodes);
    encodeArray(state, treeNodeCodec, upgrade.additionalNodes);
    optionalBytes.encode(state, upgrade.signature);
  },
  decode(state) {
    return {
      start: uint.decode(state),
      length: uint.decode(state),
      nodes: decodeNodes(state),
      additionalNodes: decodeNodes(state),
      signature: optionalBytes.decode(state),
    };
  },
};
