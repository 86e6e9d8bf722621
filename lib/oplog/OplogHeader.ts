import { decodeArray, encodeArray, preencodeArray } from '../encoding/array.js';
import { bytes, optionalBytes } from '../encoding/bytes.js';
import type { Codec, EncodingState } from '../encoding/Codec.js';
import { fixed32 } from '../encoding/fixed.js';
import { text } from '../encoding/text.js';
import { uint } from '../encoding/uint.js';
import { BadValueError } from '../errors.js';
import { manifestCodec, type Manifest } from '../messages/manifest.js';
import { userDataCodec, type OplogUserData } from './OplogEntry.js';

/** The keys of one who may write. @public */
export interface OplogKeyPair {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes; null where only the public half is known. */
  readonly secretKey: Uint8Array | null;
}

/** The tree as of a header. @public */
export interface OplogTree {
  readonly fork: number;
  readonly length: number;
  /** Hash over the roots, 32 bytes; null while it is empty. */
  readonly rootHash: Uint8Array | null;
  readonly signature: Uint8Array | null;
}

/** Where the tree was cut off and grew anew. @public */
export interface OplogReorg {
  readonly from: number;
  readonly to: number;
  readonly ancestors: number;
}

/** What is known without looking into the other files. @public */
export interface OplogHints {
  readonly reorgs: readonly OplogReorg[];
  /** Blocks up to the first that is missing; 0 where an older version did not say. */
  readonly contiguousLength: number;
}

/** A core as it stood when it was flushed last. @public */
export interface OplogHeader {
  /** Key of the core, 32 bytes. */
  readonly key: Uint8Array;
  readonly manifest: Manifest | null;
  readonly keyPair: OplogKeyPair | null;
  readonly userData: readonly OplogUserData[];
  readonly tree: OplogTree;
  readonly hints: OplogHints;
}

/** Where in the file `header` a header lies that is too long for its slot. @public */
export interface ExternalHeader {
  readonly start: number;
  readonly length: number;
}

/** What a signer signs under unless its manifest says otherwise (hypercore `lib/caps.js`, `DEFAULT_NAMESPACE`). */
const defaultNamespace = [
  0x41, 0x44, 0xee, 0xa5, 0x31, 0xe4, 0x83, 0xd5, 0x4e, 0x0c, 0x14, 0xf4, 0xca, 0x68, 0xe0, 0x64, 0x4f, 0x35,
  0x53, 0x43, 0xff, 0x6f, 0xcb, 0x0f, 0x00, 0x52, 0x00, 0xe1, 0x2c, 0xd7, 0x47, 0xcb,
] as const;

const VERSION = 1;
const EXTERNAL = 1;
const MANIFEST = 2;
const KEY_PAIR = 4;

const keyPairCodec: Codec<OplogKeyPair> = {
  preencode(state, keyPair) {
    bytes.preencode(state, keyPair.publicKey);
    optionalBytes.preencode(state, keyPair.secretKey);
  },
  encode(state, keyPair) {
    bytes.encode(state, keyPair.publicKey);
    optionalBytes.encode(state, keyPair.secretKey);
  },
  decode(state) {
    return { publicKey: bytes.decode(state), secretKey: optionalBytes.decode(state) };
  },
};

const treeCodec: Codec<OplogTree> = {
  preencode(state, tree) {
    uint.preencode(state, tree.fork);
    uint.preencode(state, tree.length);
    optionalBytes.preencode(state, tree.rootHash);
    optionalBytes.preencode(state, tree.signature);
  },
  encode(state, tree) {
    uint.encode(state, tree.fork);
    uint.encode(state, tree.length);
    optionalBytes.encode(state, tree.rootHash);
    optionalBytes.encode(state, tree.signature);
  },
  decode(state) {
    return {
      fork: uint.decode(state),
      length: uint.decode(state),
      rootHash: optionalBytes.decode(state),
      signature: optionalBytes.decode(state),
    };
  },
};

const reorgCodec: Codec<OplogReorg> = {
  preencode(state, reorg) {
    uint.preencode(state, reorg.from);
    uint.preencode(state, reorg.to);
    uint.preencode(state, reorg.ancestors);
  },
  encode(state, reorg) {
    uint.encode(state, reorg.from);
    uint.encode(state, reorg.to);
    uint.encode(state, reorg.ancestors);
  },
  decode(state) {
    return { from: uint.decode(state), to: uint.decode(state), ancestors: uint.decode(state) };
  },
};

const hintsCodec: Codec<OplogHints> = {
  preencode(state, hints) {
    preencodeArray(state, reorgCodec, hints.reorgs);
    uint.preencode(state, hints.contiguousLength);
  },
  encode(state, hints) {
    encodeArray(state, reorgCodec, hints.reorgs);
    uint.encode(state, hints.contiguousLength);
  },
  decode(state) {
    return {
      reorgs: decodeArray(state, reorgCodec, 3),
      // Headers of the first releases end here.
      contiguousLength: state.start < state.end ? uint.decode(state) : 0,
    };
  },
};

/**
 * A header itself: `version flags key [manifest] [keyPair] userData tree hints` (hypercore 10 `lib/messages.js`,
 * `oplog.header`). Reads version 0 too. What is decoded are views.
 *
 * @internal
 */
export const oplogHeaderCodec: Codec<OplogHeader> = {
  preencode(state, header) {
    state.end += 2;
    fixed32.preencode(state, header.key);
    if (header.manifest) manifestCodec.preencode(state, header.manifest);
    if (header.keyPair) keyPairCodec.preencode(state, header.keyPair);
    preencodeArray(state, userDataCodec, header.userData);
    treeCodec.preencode(state, header.tree);
    hintsCodec.preencode(state, header.hints);
  },
  encode(state, header) {
    uint.encode(state, VERSION);
    uint.encode(state, (header.manifest ? MANIFEST : 0) | (header.keyPair ? KEY_PAIR : 0));
    fixed32.encode(state, header.key);
    if (header.manifest) manifestCodec.encode(state, header.manifest);
    if (header.keyPair) keyPairCodec.encode(state, header.keyPair);
    encodeArray(state, userDataCodec, header.userData);
    treeCodec.encode(state, header.tree);
    hintsCodec.encode(state, header.hints);
  },
  decode(state) {
    const version = decodeVersion(state);
    if (version === 0) return decodeVersion0(state);
    const from = state.start;
    const flags = uint.decode(state);
    if (flags & EXTERNAL) throw new BadValueError('oplog header', from, 'lies elsewhere', 'log');
    return {
      key: fixed32.decode(state),
      manifest: flags & MANIFEST ? manifestCodec.decode(state) : null,
      keyPair: flags & KEY_PAIR ? keyPairCodec.decode(state) : null,
      userData: decodeArray(state, userDataCodec, 2),
      tree: treeCodec.decode(state),
      hints: hintsCodec.decode(state),
    };
  },
};

/**
 * What a slot holds: a header, or where it lies in the file `header`.
 *
 * @internal
 */
export const oplogSlotCodec: Codec<OplogHeader | ExternalHeader> = {
  preencode(state, slot) {
    if (!isExternal(slot)) return oplogHeaderCodec.preencode(state, slot);
    state.end += 2;
    uint.preencode(state, slot.start);
    uint.preencode(state, slot.length);
  },
  encode(state, slot) {
    if (!isExternal(slot)) return oplogHeaderCodec.encode(state, slot);
    uint.encode(state, VERSION);
    uint.encode(state, EXTERNAL);
    uint.encode(state, slot.start);
    uint.encode(state, slot.length);
  },
  decode(state) {
    const { start } = state;
    if (decodeVersion(state) === VERSION && uint.decode(state) & EXTERNAL) {
      return { start: uint.decode(state), length: uint.decode(state) };
    }
    state.start = start;
    return oplogHeaderCodec.decode(state);
  },
};

/** @internal */
export function isExternal(slot: OplogHeader | ExternalHeader): slot is ExternalHeader {
  return 'start' in slot;
}

function decodeVersion(state: EncodingState): number {
  const from = state.start;
  const version = uint.decode(state);
  if (version > VERSION) throw new BadValueError('oplog header', from, 'an unknown version', 'log');
  return version;
}

/** The layout before manifests: `types userData tree signer hints`; the key of the signer is that of the core. */
function decodeVersion0(state: EncodingState): OplogHeader {
  const from = state.start;
  const hash = text.decode(state);
  text.decode(state); // the kind of bitfield, of which there is one
  const signature = text.decode(state);
  if (hash !== 'blake2b' || signature !== 'ed25519') {
    throw new BadValueError('oplog header', from, 'an unknown hash or signature', 'log');
  }
  const userData = decodeArray(state, userDataCodec, 2);
  const tree = treeCodec.decode(state);
  const signer = keyPairCodec.decode(state);
  const { publicKey } = signer;
  return {
    key: publicKey,
    manifest: {
      version: 0,
      hash,
      allowPatch: false,
      quorum: 1,
      signers: [{ signature, namespace: Uint8Array.from(defaultNamespace), publicKey }],
      prologue: null,
      linked: null,
      userData: null,
    },
    keyPair: signer.secretKey ? signer : null,
    userData,
    tree,
    hints: hintsCodec.decode(state),
  };
}
