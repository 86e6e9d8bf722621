import { namespace } from '../keys/namespace.js';
import { writeUint64 } from '../tree/TreeHasher.js';

/** What of a tree is signed. @internal */
export interface TreeFacts {
  /** Hash over the roots, 32 bytes. */
  readonly hash: Uint8Array;
  /** Blocks. */
  readonly length: number;
  readonly fork: number;
}

/**
 * What is signed for a core with a manifest: namespace, context, tree hash, length and fork, 112 bytes (hypercore
 * `lib/caps.js`, `treeSignable`).
 *
 * @param context - 32 bytes: the key of the core, or in version 0 of the manifest the namespace of the signer
 * @internal
 */
export function signable(context: Uint8Array, tree: TreeFacts): Uint8Array {
  const bytes = new Uint8Array(112);
  bytes.set(namespace('tree'));
  bytes.set(context, 32);
  return writeFacts(bytes, 64, tree);
}

/** What is signed for a core whose key is the public key of its signer: without context, 80 bytes (`treeSignableCompat`). @internal */
export function compatSignable(tree: TreeFacts): Uint8Array {
  const bytes = new Uint8Array(80);
  bytes.set(namespace('tree'));
  return writeFacts(bytes, 32, tree);
}

/** The same without the namespace, 48 bytes: what the first cores of hypercore 10 were signed with. @internal */
export function legacySignable(tree: TreeFacts): Uint8Array {
  return writeFacts(new Uint8Array(48), 0, tree);
}

function writeFacts(bytes: Uint8Array, at: number, { hash, length, fork }: TreeFacts): Uint8Array {
  bytes.set(hash, at);
  writeUint64(bytes, at + 32, length);
  writeUint64(bytes, at + 40, fork);
  return bytes;
}
