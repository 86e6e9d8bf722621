import { decodeArray, encodeArray, preencodeArray } from '../encoding/array.js';
import { bytes } from '../encoding/bytes.js';
import type { Codec, EncodingState } from '../encoding/Codec.js';
import { fixed32 } from '../encoding/fixed.js';
import { uint } from '../encoding/uint.js';
import { verifyCount } from '../encoding/verifyCount.js';
import { BadValueError } from '../errors.js';

/** One of those who may sign a core. @public */
export interface ManifestSigner {
  readonly signature: 'ed25519';
  /** What the signer signs under, 32 bytes. */
  readonly namespace: Uint8Array;
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** The part of a core that needs no signature. @public */
export interface ManifestPrologue {
  /** Tree hash of that part, 32 bytes. */
  readonly hash: Uint8Array;
  /** Its blocks. Version 0 has no place for it and reads as 0. */
  readonly length: number;
}

/** Who may sign a core; the hash of a manifest is the key of its core. @public */
export interface Manifest {
  /** 0 to 3; hypercore 10 knows 0 and 1. */
  readonly version: number;
  readonly hash: 'blake2b';
  readonly allowPatch: boolean;
  /** How many of the signers it takes. */
  readonly quorum: number;
  readonly signers: readonly ManifestSigner[];
  readonly prologue: ManifestPrologue | null;
  /** Keys of other cores, 32 bytes each; version 2 and later. */
  readonly linked: readonly Uint8Array[] | null;
  /** Anything; version 2 and later. */
  readonly userData: Uint8Array | null;
}

const NEWEST_VERSION = 3;

const PATCH = 1;
const PROLOGUE = 2;
const LINKED = 4;
const USER_DATA = 8;

/** A signature id and two times 32 bytes. */
const SIGNER_BYTES = 65;

/**
 * `version`, then the body of that version (hypercore `lib/messages.js`, `manifest`).
 *
 * Reading fails with `ERR_BAD_VALUE` on a version, hash, signature or (in version 0) type that is not known: what cannot be
 * understood must not be taken for a rule about who may sign. Writing an unknown one throws RangeError.
 *
 * @public
 */
export const manifestCodec: Codec<Manifest> = {
  preencode(state, manifest) {
    const { version, prologue, linked, userData } = manifest;
    if (!(version >= 0 && version <= NEWEST_VERSION)) throw new RangeError(`no manifest version ${version}`);
    if (manifest.hash !== 'blake2b') throw new RangeError('the hash of a manifest must be blake2b');
    state.end++; // version
    if (version === 0) return preencodeVersion0(state, manifest);
    state.end += 2; // flags, hash
    uint.preencode(state, manifest.quorum);
    preencodeArray(state, signerCodec, manifest.signers);
    if (prologue) prologueCodec.preencode(state, prologue);
    if (linked) preencodeArray(state, fixed32, linked);
    if (userData) bytes.preencode(state, userData);
  },
  encode(state, manifest) {
    const { version, prologue, linked, userData } = manifest;
    uint.encode(state, version);
    if (version === 0) return encodeVersion0(state, manifest);
    uint.encode(
      state,
      (manifest.allowPatch ? PATCH : 0) |
        (prologue ? PROLOGUE : 0) |
        (linked ? LINKED : 0) |
        (userData ? USER_DATA : 0),
    );
    uint.encode(state, 0); // blake2b
    uint.encode(state, manifest.quorum);
    encodeArray(state, signerCodec, manifest.signers);
    if (prologue) prologueCodec.encode(state, prologue);
    if (linked) encodeArray(state, fixed32, linked);
    if (userData) bytes.encode(state, userData);
  },
  decode(state) {
    const version = decodeKnown(state, NEWEST_VERSION, 'an unknown version');
    if (version === 0) return decodeVersion0(state);
    const flags = uint.decode(state);
    return {
      version,
      hash: decodeHash(state),
      allowPatch: (flags & PATCH) !== 0,
      quorum: uint.decode(state),
      signers: decodeSigners(state),
      prologue: flags & PROLOGUE ? prologueCodec.decode(state) : null,
      linked: flags & LINKED ? decodeEntries(state, fixed32, 32) : null,
      userData: flags & USER_DATA ? bytes.decode(state) : null,
    };
  },
};

const signerCodec: Codec<ManifestSigner> = {
  preencode(state, signer) {
    if (signer.signature !== 'ed25519') throw new RangeError('the signature of a signer must be ed25519');
    state.end++; // signature
    fixed32.preencode(state, signer.namespace);
    fixed32.preencode(state, signer.publicKey);
  },
  encode(state, signer) {
    uint.encode(state, 0); // ed25519
    fixed32.encode(state, signer.namespace);
    fixed32.encode(state, signer.publicKey);
  },
  decode(state) {
    decodeKnown(state, 0, 'an unknown signature');
    return { signature: 'ed25519', namespace: fixed32.decode(state), publicKey: fixed32.decode(state) };
  },
};

const prologueCodec: Codec<ManifestPrologue> = {
  preencode(state, prologue) {
    fixed32.preencode(state, prologue.hash);
    uint.preencode(state, prologue.length);
  },
  encode(state, prologue) {
    fixed32.encode(state, prologue.hash);
    uint.encode(state, prologue.length);
  },
  decode(state) {
    return { hash: fixed32.decode(state), length: uint.decode(state) };
  },
};

/** What version 0 can say: the hash of a core that never changes, one signer, or several. */
const STATIC = 0;
const ONE_SIGNER = 1;
const SIGNERS = 2;

function version0Type(manifest: Manifest): number {
  if (manifest.prologue && manifest.signers.length === 0) return STATIC;
  return manifest.quorum === 1 && manifest.signers.length === 1 && !manifest.allowPatch
    ? ONE_SIGNER
    : SIGNERS;
}

function preencodeVersion0(state: EncodingState, manifest: Manifest): void {
  const type = version0Type(manifest);
  state.end += 2; // hash, type
  if (type === STATIC) return fixed32.preencode(state, manifest.prologue!.hash);
  if (type === ONE_SIGNER) return signerCodec.preencode(state, manifest.signers[0]);
  state.end++; // flags
  uint.preencode(state, manifest.quorum);
  preencodeArray(state, signerCodec, manifest.signers);
}

function encodeVersion0(state: EncodingState, manifest: Manifest): void {
  const type = version0Type(manifest);
  uint.encode(state, 0); // blake2b
  uint.encode(state, type);
  if (type === STATIC) return fixed32.encode(state, manifest.prologue!.hash);
  if (type === ONE_SIGNER) return signerCodec.encode(state, manifest.signers[0]);
  uint.encode(state, manifest.allowPatch ? PATCH : 0);
  uint.encode(state, manifest.quorum);
  encodeArray(state, signerCodec, manifest.signers);
}

function decodeVersion0(state: EncodingState): Manifest {
  const hash = decodeHash(state);
  const type = decodeKnown(state, SIGNERS, 'an unknown type');
  const flags = type === SIGNERS ? uint.decode(state) : 0;
  return {
    version: 0,
    hash,
    allowPatch: (flags & PATCH) !== 0,
    quorum: type === SIGNERS ? uint.decode(state) : type,
    signers: type === SIGNERS ? decodeSigners(state) : type === ONE_SIGNER ? [signerCodec.decode(state)] : [],
    prologue: type === STATIC ? { hash: fixed32.decode(state), length: 0 } : null,
    linked: null,
    userData: null,
  };
}

function decodeHash(state: EncodingState): 'blake2b' {
  decodeKnown(state, 0, 'an unknown hash');
  return 'blake2b';
}

const decodeSigners = (state: EncodingState): ManifestSigner[] =>
  decodeEntries(state, signerCodec, SIGNER_BYTES);

function decodeEntries<T>(state: EncodingState, entry: Codec<T>, minBytes: number): T[] {
  verifyCount(state, 'maxManifestEntries', minBytes);
  return decodeArray(state, entry, minBytes);
}

/** An integer that names something, known up to `newest`. */
function decodeKnown(state: EncodingState, newest: number, unknown: string): number {
  const from = state.start;
  const value = uint.decode(state);
  if (value > newest) throw new BadValueError('manifest', from, unknown);
  return value;
}
