import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';
import { namespace } from './namespace.js';

/** What a stream id is made of. @public */
export interface StreamIdInput {
  /** Whether the peer that sends the id is the initiator of the connection. */
  readonly isInitiator: boolean;
  /** Hash of the Noise handshake, 64 bytes. */
  readonly handshakeHash: Uint8Array;
}

/**
 * The 32 bytes in front of the header that starts a secret stream: BLAKE2b-256 of the namespace of the sender's role,
 * keyed with the handshake hash (@hyperswarm/secret-stream). They tie the stream to its handshake, and tell the two
 * directions apart.
 *
 * @returns 32 bytes that belong to the caller.
 * @throws RangeError if the hash is not 64 bytes long, TypeError if it is not bytes.
 * @public
 */
export function streamId(crypto: CryptoBackend, input: StreamIdInput): Uint8Array {
  requireBytes('handshakeHash', input.handshakeHash, 64);
  const role = namespace(input.isInitiator ? 'secretStreamInitiator' : 'secretStreamResponder');
  return crypto.hash(32, [role], input.handshakeHash);
}
