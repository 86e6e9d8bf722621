import { decodeArray, encodeArray, preencodeArray } from '../encoding/array.js';
import { bytes, optionalBytes } from '../encoding/bytes.js';
import type { Codec } from '../encoding/Codec.js';
import { text } from '../encoding/text.js';
import { uint } from '../encoding/uint.js';
import { treeNodeCodec, type TreeNode } from '../messages/proof.js';

/** Anything an application keeps with a core. @public */
export interface OplogUserData {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The tree after an append, a truncation or an upgrade by a peer. @public */
export interface OplogTreeUpgrade {
  readonly fork: number;
  /** Blocks that the tree shares with the one before. */
  readonly ancestors: number;
  /** Blocks in the tree. */
  readonly length: number;
  /** As on the wire: 64 bytes, or those of a manifest's signers; null where none is needed. */
  readonly signature: Uint8Array | null;
}

/** Blocks that came or went. @public */
export interface OplogBitfieldUpdate {
  /** Whether they went. */
  readonly drop: boolean;
  readonly start: number;
  readonly length: number;
}

/** One change of a core, the parts of which happen together. @public */
export interface OplogEntry {
  readonly userData: OplogUserData | null;
  /** New nodes of the tree; at most 1,048,576, and more than some thousands are better spread over entries of one group. */
  readonly treeNodes: readonly TreeNode[] | null;
  readonly treeUpgrade: OplogTreeUpgrade | null;
  readonly bitfield: OplogBitfieldUpdate | null;
}

const USER_DATA = 1;
const TREE_NODES = 2;
const TREE_UPGRADE = 4;
const BITFIELD = 8;

const NODE_BYTES = 34;
const DROP = 1;

/** `key value`. @internal */
export const userDataCodec: Codec<OplogUserData> = {
  preencode(state, userData) {
    text.preencode(state, userData.key);
    bytes.preencode(state, userData.value);
  },
  encode(state, userData) {
    text.encode(state, userData.key);
    bytes.encode(state, userData.value);
  },
  decode(state) {
    return { key: text.decode(state), value: bytes.decode(state) };
  },
};

const treeUpgradeCodec: Codec<OplogTreeUpgrade> = {
  preencode(state, upgrade) {
    uint.preencode(state, upgrade.fork);
    uint.preencode(state, upgrade.ancestors);
    uint.preencode(state, upgrade.length);
    optionalBytes.preencode(state, upgrade.signature);
  },
  encode(state, upgrade) {
    uint.encode(state, upgrade.fork);
    uint.encode(state, upgrade.ancestors);
    uint.encode(state, upgrade.length);
    optionalBytes.encode(state, upgrade.signature);
  },
  decode(state) {
    return {
      fork: uint.decode(state),
      ancestors: uint.decode(state),
      length: uint.decode(state),
      signature: optionalBytes.decode(state),
    };
  },
};

const bitfieldUpdateCodec: Codec<OplogBitfieldUpdate> = {
  preencode(state, update) {
    state.end++;
    uint.preencode(state, update.start);
    uint.preencode(state, update.length);
  },
  encode(state, update) {
    uint.encode(state, update.drop ? DROP : 0);
    uint.encode(state, update.start);
    uint.encode(state, update.length);
  },
  decode(state) {
    const flags = uint.decode(state);
    return { drop: (flags & DROP) !== 0, start: uint.decode(state), length: uint.decode(state) };
  },
};

/**
 * `flags [userData] [treeNodes] [treeUpgrade] [bitfield]` (hypercore 10 `lib/messages.js`, `oplog.entry`). What is decoded
 * are views.
 *
 * @internal
 */
export const oplogEntryCodec: Codec<OplogEntry> = {
  preencode(state, { userData, treeNodes, treeUpgrade, bitfield }) {
    state.end++;
    if (userData) userDataCodec.preencode(state, userData);
    if (treeNodes) preencodeArray(state, treeNodeCodec, treeNodes);
    if (treeUpgrade) treeUpgradeCodec.preencode(state, treeUpgrade);
    if (bitfield) bitfieldUpdateCodec.preencode(state, bitfield);
  },
  encode(state, { userData, treeNodes, treeUpgrade, bitfield }) {
    uint.encode(
      state,
      (userData ? USER_DATA : 0) |
        (treeNodes ? TREE_NODES : 0) |
        (treeUpgrade ? TREE_UPGRADE : 0) |
        (bitfield ? BITFIELD : 0),
    );
    if (userData) userDataCodec.encode(state, userData);
    if (treeNodes) encodeArray(state, treeNodeCodec, treeNodes);
    if (treeUpgrade) treeUpgradeCodec.encode(state, treeUpgrade);
    if (bitfield) bitfieldUpdateCodec.encode(state, bitfield);
  },
  decode(state) {
    const flags = uint.decode(state);
    return {
      userData: flags & USER_DATA ? userDataCodec.decode(state) : null,
      treeNodes: flags & TREE_NODES ? decodeArray(state, treeNodeCodec, NODE_BYTES) : null,
      treeUpgrade: flags & TREE_UPGRADE ? treeUpgradeCodec.decode(state) : null,
      bitfield: flags & BITFIELD ? bitfieldUpdateCodec.decode(state) : null,
    };
  },
};
