import { requireBytes, requireInteger } from '../crypto/byteChecks.js';
import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import type { Manifest } from '../messages/manifest.js';
import type { Storage } from '../storage/RandomAccess.js';

/**
 * Which core a log is, where it is kept, and how. Without any of `key`, `keyPair`, `seed` and `manifest` the core that is
 * stored there is opened, or a new one made.
 *
 * @public
 */
export interface LogOptions {
  /** Where the core is kept; in memory by default. */
  readonly storage?: Storage;
  /** Folder of the storage that holds the files of this core; the storage itself by default. */
  readonly folder?: string;
  /** The core, 32 bytes. Alone it opens the core for reading. */
  readonly key?: Uint8Array;
  /** The writer. */
  readonly keyPair?: KeyPair;
  /** 32 bytes that the key pair is made from, the same one each time: for tests. */
  readonly seed?: Uint8Array;
  /**
   * Who may sign; its hash is the key. With `keyPair` or `seed` of a signer whose
   * signature is enough the core can be written, with that of one of several it can be signed for ({@link Log.sign}).
   */
  readonly manifest?: Manifest;
  /**
   * What the key of a new core is: the public key of its writer, as hypercore 10 and the `hypercore` crate make cores (`true`,
   * the default), or the hash of a manifest, as hypercore 11 does (`false`).
   */
  readonly compat?: boolean;
  /** 32 bytes: blocks are encrypted with it before they are stored, and decrypted when they are read. */
  readonly encryptionKey?: Uint8Array;
  /** Makes the core if nothing is stored there; `true` by default. Otherwise opening rejects with a RangeError. */
  readonly createIfMissing?: boolean;
  /** Bytes of blocks and tree nodes kept in memory beside the storage; 8 MiB by default, 0 for none. */
  readonly cacheBytes?: number;
  /**
   * When what was written is flushed to the storage medium. `each`, the default: before an append or a download is
   * acknowledged, so that it survives a failure of power. `batched`: once 1 MiB or 64 writes came together, and when the log
   * is closed; a crash of the process loses nothing, one of the machine may lose the last of what was acknowledged, and never
   * harms what was there before.
   */
  readonly durability?: 'each' | 'batched';
  /** Checks each block against the tree when it is read from the storage; `true` by default. Without `storage` nothing is read. */
  readonly verifyBlocks?: boolean;
  /** The primitives; tweetnacl and StableLib by default. */
  readonly crypto?: CryptoBackend;
}

/** Bytes that the cache of a log holds unless told otherwise. @internal */
export const DEFAULT_CACHE_BYTES = 0x800000;

/**
 * Throws for what cannot be meant.
 *
 * @throws RangeError, TypeError
 * @internal
 */
export function verifyLogOptions(options: LogOptions): void {
  const { key, keyPair, seed, encryptionKey, cacheBytes, durability } = options;
  if (key !== undefined) requireBytes('key', key, 32);
  if (seed !== undefined) requireBytes('seed', seed, 32);
  if (encryptionKey !== undefined) requireBytes('encryptionKey', encryptionKey, 32);
  if (seed !== undefined && keyPair !== undefined) throw new RangeError('give either a keyPair or a seed');
  if (cacheBytes !== undefined) requireInteger('cacheBytes', cacheBytes, 0, Number.MAX_SAFE_INTEGER);
  if (durability !== undefined && durability !== 'each' && durability !== 'batched') {
    throw new RangeError("durability must be 'each' or 'batched'");
  }
}
