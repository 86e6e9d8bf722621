import type { HypercoreError } from '../errors.js';
import type { ConflictError } from '../logErrors.js';

/** What happens to a core on the network. Keys are those of the connection, 32 bytes, `null` where it has none. @public */
export type CoreEvent =
  /** A remote replicates this core with us. */
  | { readonly type: 'peer-open'; readonly remotePublicKey: Uint8Array | null }
  /** It does so no more. */
  | { readonly type: 'peer-close'; readonly remotePublicKey: Uint8Array | null }
  /** It did what no honest remote does, or nothing for too long; its channel is closed, and others are asked instead. */
  | {
      readonly type: 'peer-dropped';
      readonly remotePublicKey: Uint8Array | null;
      readonly error: HypercoreError;
    }
  /** The log was cut to `ancestors` blocks, here or by its writer, and goes on under a higher fork. */
  | { readonly type: 'fork'; readonly fork: number; readonly ancestors: number; readonly length: number }
  /**
   * The writer signed two trees of the same length and fork: nothing is changed any more, whoever waits fails with the error, and
   * the channels are closed once the others have the evidence.
   */
  | { readonly type: 'conflict'; readonly error: ConflictError }
  /** What was downloaded could not be stored; whoever waited for it failed with the same error. */
  | { readonly type: 'storage-failed'; readonly error: HypercoreError };
