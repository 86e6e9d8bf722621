import { SignatureError } from '../logErrors.js';
import type { Manifest } from '../messages/manifest.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import { manifestKey } from './coreManifest.js';
import { SignatureRules } from './SignatureRules.js';

/** What {@link CoreAuthority} is made with. @internal */
export interface CoreAuthorityOptions {
  /** `null` until it is known, and for cores without one. */
  readonly manifest?: Manifest | null;
  /** Cores without a manifest sign as the first ones of hypercore 10 did. No, unless told. */
  readonly legacy?: boolean;
}

/**
 * Decides by the key of a core whose signatures count. A key alone can be that of a manifest, which a peer then sends, or
 * the public key of the one signer.
 *
 * @internal
 */
export class CoreAuthority {
  /** `null` until it is known, and for cores without one. */
  readonly manifest: Manifest | null;
  private readonly rules: SignatureRules;
  private readonly legacy: boolean;

  /** @throws SignatureError if the manifest is not that of the key */
  constructor(
    readonly hasher: TreeHasher,
    readonly key: Uint8Array,
    options: CoreAuthorityOptions = {},
  ) {
    const manifest = options.manifest ?? null;
    this.legacy = options.legacy ?? false;
    this.manifest = manifest === null || this.isCompat(manifest) ? null : this.proven(manifest);
    this.rules = new SignatureRules(hasher, key, this.manifest, this.legacy);
  }

  /**
   * The rules to verify a message by.
   *
   * @param received - the manifest in the message; ignored if one is known already
   * @returns the rules, and the manifest if it is new
   * @throws SignatureError if it is not that of the key
   */
  rulesFor(received: Manifest | null): { readonly rules: SignatureRules; readonly learned: Manifest | null } {
    if (this.manifest !== null || received === null || this.isCompat(received)) {
      return { rules: this.rules, learned: null };
    }
    const learned = this.proven(received);
    return { rules: new SignatureRules(this.hasher, this.key, learned), learned };
  }

  /** Whether a manifest says what the key itself says: one signer, whose public key it is. */
  private isCompat(manifest: Manifest): boolean {
    const { signers } = manifest;
    return signers.length === 1 && this.hasher.crypto.equal(signers[0].publicKey, this.key);
  }

  private proven(manifest: Manifest): Manifest {
    const { crypto } = this.hasher;
    if (!crypto.equal(manifestKey(crypto, manifest), this.key)) {
      throw new SignatureError('the manifest is not that of the key');
    }
    return manifest;
  }
}
