import { decodeArray, encodeArray, preencodeArray } from '../encoding/array.js';
import type { Codec, EncodingState } from '../encoding/Codec.js';
import { fixed } from '../encoding/fixed.js';
import { uint } from '../encoding/uint.js';
import { verifyCount } from '../encoding/verifyCount.js';
import { treeNodeCodec, type TreeNode } from '../messages/proof.js';

/** One signature of several. @internal */
export interface SignatureOfOne {
  /** Which of the manifest's signers. */
  readonly signer: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** How many blocks longer than the tree at hand the tree is that was signed. */
  readonly patch: number;
}

/** The signatures of several signers in one, as they travel. @internal */
export interface MultiSignature {
  readonly signatures: readonly SignatureOfOne[];
  /** Nodes that make the longer trees of the same ones. */
  readonly patchNodes: readonly TreeNode[];
}

const signatureCodec = fixed(64);
/** An integer, a signature and another integer; the flags of version 0 take the place of the latter. */
const SIGNATURE_BYTES = 66;
const NODE_BYTES = 34;

const oneCodec: Codec<SignatureOfOne> = {
  preencode(state, one) {
    uint.preencode(state, one.signer);
    signatureCodec.preencode(state, one.signature);
    uint.preencode(state, one.patch);
  },
  encode(state, one) {
    uint.encode(state, one.signer);
    signatureCodec.encode(state, one.signature);
    uint.encode(state, one.patch);
  },
  decode(state) {
    return { signer: uint.decode(state), signature: signatureCodec.decode(state), patch: uint.decode(state) };
  },
};

/** For manifests of version 1 and later (hypercore `lib/messages.js`, `multiSignature`). @internal */
export const multiSignatureCodec: Codec<MultiSignature> = {
  preencode(state, { signatures, patchNodes }) {
    preencodeArray(state, oneCodec, signatures);
    preencodeArray(state, treeNodeCodec, patchNodes);
  },
  encode(state, { signatures, patchNodes }) {
    encodeArray(state, oneCodec, signatures);
    encodeArray(state, treeNodeCodec, patchNodes);
  },
  decode(state) {
    return { signatures: decodeSignatures(state, oneCodec), patchNodes: decodeNodes(state) };
  },
};

/** What version 0 says of a patch: places of its nodes among all of them, which are not needed to put it together. */
interface Version0Input extends SignatureOfOne {
  readonly start: number;
  readonly places: readonly number[];
}

const version0Codec: Codec<Version0Input> = {
  preencode(state, one) {
    state.end++; // flags
    uint.preencode(state, one.signer);
    signatureCodec.preencode(state, one.signature);
    if (one.patch === 0) return;
    uint.preencode(state, one.start);
    uint.preencode(state, one.patch);
    preencodeArray(state, uint, one.places);
  },
  encode(state, one) {
    uint.encode(state, one.patch === 0 ? 0 : 1);
    uint.encode(state, one.signer);
    signatureCodec.encode(state, one.signature);
    if (one.patch === 0) return;
    uint.encode(state, one.start);
    uint.encode(state, one.patch);
    encodeArray(state, uint, one.places);
  },
  decode(state) {
    const flags = uint.decode(state);
    const signer = uint.decode(state);
    const signature = signatureCodec.decode(state);
    if ((flags & 1) === 0) return { signer, signature, start: 0, patch: 0, places: [] };
    const start = uint.decode(state);
    const patch = uint.decode(state);
    verifyCount(state, 'maxNodes', 1);
    return { signer, signature, start, patch, places: decodeArray(state, uint, 1) };
  },
};

/** For manifests of version 0 (`multiSignaturev0`). @internal */
export const multiSignature0Codec: Codec<{
  readonly signatures: readonly Version0Input[];
  readonly patchNodes: readonly TreeNode[];
}> = {
  preencode(state, { signatures, patchNodes }) {
    preencodeArray(state, version0Codec, signatures);
    preencodeArray(state, treeNodeCodec, patchNodes);
  },
  encode(state, { signatures, patchNodes }) {
    encodeArray(state, version0Codec, signatures);
    encodeArray(state, treeNodeCodec, patchNodes);
  },
  decode(state) {
    return { signatures: decodeSignatures(state, version0Codec), patchNodes: decodeNodes(state) };
  },
};

function decodeSignatures<T>(state: EncodingState, codec: Codec<T>): T[] {
  verifyCount(state, 'maxManifestEntries', SIGNATURE_BYTES);
  return decodeArray(state, codec, SIGNATURE_BYTES);
}

function decodeNodes(state: EncodingState): TreeNode[] {
  verifyCount(state, 'maxNodes', NODE_BYTES);
  return decodeArray(state, treeNodeCodec, NODE_BYTES);
}
