import { checkKeyPair } from '../keys/keyPair.js';
import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import type { Manifest } from '../messages/manifest.js';
import type { OplogHeader } from '../oplog/OplogHeader.js';
import { createManifest, defaultManifest, manifestKey } from '../proof/coreManifest.js';
import type { CoreIdentity } from './CoreState.js';
import type { LogOptions } from './LogOptions.js';

/**
 * Which core the options mean, and who writes it.
 *
 * @param stored - the header of what is stored there already
 * @returns the identity to store, and the key pair to sign with, if there is one
 * @throws RangeError if the options do not fit each other, or what is stored
 * @internal
 */
export function resolveIdentity(
  crypto: CryptoBackend,
  options: LogOptions,
  stored: OplogHeader | null,
): { readonly identity: CoreIdentity; readonly keyPair: KeyPair | null } {
  const given = keyPairOf(crypto, options);
  if (stored === null) {
    const identity = newIdentity(crypto, options, given);
    return { identity, keyPair: writer(identity) };
  }
  const { key, keyPair, manifest } = stored;
  if (options.key !== undefined && !crypto.equal(options.key, key))
    throw new RangeError('another core is stored there');
  if (options.manifest !== undefined && !crypto.equal(manifestKey(crypto, options.manifest), key)) {
    throw new RangeError('a core with another manifest is stored there');
  }
  const identity = { key, keyPair, manifest: manifest ?? options.manifest ?? null };
  if (given === null) return { identity, keyPair: writer(identity) };
  const known = manifestOf(crypto, key, identity.manifest, given.publicKey);
  if (known === null) throw new RangeError('a core of another writer is stored there');
  return { identity: { ...identity, manifest: known }, keyPair: given };
}

function keyPairOf(crypto: CryptoBackend, options: LogOptions): KeyPair | null {
  if (options.keyPair !== undefined) {
    checkKeyPair(crypto, options.keyPair);
    return options.keyPair;
  }
  return options.seed === undefined ? null : crypto.keyPair(options.seed);
}

function newIdentity(crypto: CryptoBackend, options: LogOptions, given: KeyPair | null): CoreIdentity {
  const { compat = true } = options;
  if (options.manifest !== undefined) {
    const { manifest } = options;
    const key = manifestKey(crypto, manifest);
    if (options.key !== undefined && !crypto.equal(options.key, key)) {
      throw new RangeError('the key is not that of the manifest');
    }
    if (given !== null && manifestOf(crypto, key, manifest, given.publicKey) === null) {
      throw new RangeError('the key pair belongs to none of the signers');
    }
    return { key, manifest, keyPair: given };
  }
  if (options.key !== undefined) {
    const key = options.key.slice();
    if (given === null) return { key, manifest: null, keyPair: null };
    const manifest = manifestOf(crypto, key, null, given.publicKey);
    if (manifest === null) throw new RangeError('the key is not that of the key pair');
    return { key, manifest, keyPair: given };
  }
  const keyPair = given ?? crypto.keyPair(crypto.randomBytes(32));
  const manifest = defaultManifest(keyPair.publicKey);
  if (compat) return { key: keyPair.publicKey, manifest: compatManifest(keyPair.publicKey), keyPair };
  return { key: manifestKey(crypto, manifest), manifest, keyPair };
}

/**
 * What the header says of a core whose key is the public key of its writer. Hypercore 10.38 writes version 1 and reads both;
 * the `hypercore` crate knows version 0 alone.
 */
function compatManifest(publicKey: Uint8Array): Manifest {
  return createManifest({ version: 0, signers: [{ publicKey }] });
}

/** The manifest under which a public key may sign for a core; `null` if it may not. */
function manifestOf(
  crypto: CryptoBackend,
  key: Uint8Array,
  manifest: Manifest | null,
  publicKey: Uint8Array,
): Manifest | null {
  if (manifest !== null) {
    return manifest.signers.some(signer => crypto.equal(signer.publicKey, publicKey)) ? manifest : null;
  }
  if (crypto.equal(key, publicKey)) return compatManifest(publicKey);
  const own = defaultManifest(publicKey);
  return crypto.equal(key, manifestKey(crypto, own)) ? own : null;
}

function writer({ keyPair }: CoreIdentity): KeyPair | null {
  return keyPair === null || keyPair.secretKey === null
    ? null
    : { publicKey: keyPair.publicKey, secretKey: keyPair.secretKey };
}
