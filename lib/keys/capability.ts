import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';
import { namespace } from './namespace.js';

/** What a replication capability is made of. @public */
export interface CapabilityInput {
  /** Whether the peer that sends the capability is the initiator of the connection. */
  readonly isInitiator: boolean;
  /** Hash of the Noise handshake, 64 bytes. */
  readonly handshakeHash: Uint8Array;
  /** Key of the core, 32 bytes; not its discovery key. */
  readonly key: Uint8Array;
}

/**
 * The proof that a peer knows the key of the core it opens a channel for: BLAKE2b-256 of the namespace of its role and
 * the key, keyed with the handshake hash (hypercore `lib/caps.js`). It is good for one connection and one direction:
 * to verify the remote's, compute it with the remote's role and compare with `crypto.equal`.
 *
 * @returns 32 bytes that belong to the caller.
 * @throws RangeError if a length is wrong, TypeError if something is not bytes.
 * @public
 */
export function replicationCapability(crypto: CryptoBackend, input: CapabilityInput): Uint8Array {
  requireBytes('handshakeHash', input.handshakeHash, 64);
  requireBytes('key', input.key, 32);
  const role = namespace(input.isInitiator ? 'replicateInitiator' : 'replicateResponder');
  return crypto.hash(32, [role, input.key], input.handshakeHash);
}
