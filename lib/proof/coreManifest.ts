import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';
import { encode } from '../encoding/encode.js';
import { namespace } from '../keys/namespace.js';
import { manifestCodec, type Manifest, type ManifestPrologue } from '../messages/manifest.js';

/**
 * The key of the core that a manifest describes: BLAKE2b-256 of a namespace and the encoded manifest (hypercore
 * `lib/verifier.js`, `manifestHash`).
 *
 * @returns 32 bytes that belong to the caller.
 * @throws RangeError if the manifest cannot be encoded.
 * @public
 */
export function manifestKey(crypto: CryptoBackend, manifest: Manifest): Uint8Array {
  return crypto.hash(32, [namespace('manifest'), encode(manifestCodec, manifest)]);
}

/** One who may sign, as {@link createManifest} takes it. @public */
export interface SignerFields {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes; hypercore's default unless told. */
  readonly namespace?: Uint8Array;
}

/** What {@link createManifest} takes. @public */
export interface ManifestFields {
  /** 0 to 3; unless told 1, or 2 if there is something that only it can hold. */
  readonly version?: number;
  /** Whether signers may have signed longer trees than the others. No, unless told. */
  readonly allowPatch?: boolean;
  /** How many signers it takes; unless told, more than half of them. */
  readonly quorum?: number;
  /** None makes a core that never changes, which then needs a prologue. */
  readonly signers?: readonly SignerFields[];
  /** The part that needs no signature. */
  readonly prologue?: ManifestPrologue | null;
  /** Keys of other cores, 32 bytes each. */
  readonly linked?: readonly Uint8Array[] | null;
  readonly userData?: Uint8Array | null;
}

/**
 * Builds a manifest with hypercore's defaults.
 *
 * @example
 * ```ts
 * const manifest = createManifest({ signers: [{ publicKey }, { publicKey: otherPublicKey }], quorum: 2 });
 * const key = manifestKey(crypto, manifest);
 * ```
 * @throws RangeError if a length is wrong, the quorum is more than there are signers, or the version cannot hold it.
 * @throws TypeError if something is not bytes.
 * @public
 */
export function createManifest(fields: ManifestFields): Manifest {
  const signers = (fields.signers ?? []).map(signer => {
    requireBytes('publicKey', signer.publicKey, 32);
    const context = signer.namespace ?? namespace('defaultSigner');
    requireBytes('namespace', context, 32);
    return { signature: 'ed25519' as const, namespace: context, publicKey: signer.publicKey };
  });
  const prologue = fields.prologue ?? null;
  const linked = fields.linked?.length ? fields.linked : null;
  const userData = fields.userData ?? null;
  const version = fields.version ?? (linked || userData ? 2 : 1);
  const quorum = fields.quorum ?? (signers.length === 0 ? 0 : Math.floor(signers.length / 2) + 1);
  if (!(Number.isInteger(version) && version >= 0 && version <= 3)) {
    throw new RangeError(`no manifest version ${version}`);
  }
  if (!(Number.isInteger(quorum) && quorum >= 0 && quorum <= signers.length)) {
    throw new RangeError(`a quorum of ${quorum} of ${signers.length} signers`);
  }
  if (version < 2 && (linked || userData))
    throw new RangeError(`version ${version} holds no linked cores and no user data`);
  if (prologue) {
    requireBytes('prologue.hash', prologue.hash, 32);
    if (!(Number.isSafeInteger(prologue.length) && prologue.length >= 0)) {
      throw new RangeError('the length of a prologue must be a non-negative integer');
    }
  }
  for (const key of linked ?? []) requireBytes('linked', key, 32);
  const allowPatch = fields.allowPatch ?? false;
  return { version, hash: 'blake2b', allowPatch, quorum, signers, prologue, linked, userData };
}

/** The manifest that hypercore 11 makes from a public key: version 1, one signer, the default namespace. @public */
export function defaultManifest(publicKey: Uint8Array): Manifest {
  return createManifest({ signers: [{ publicKey }] });
}
