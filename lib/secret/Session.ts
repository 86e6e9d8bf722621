/**
 * What a handshake has established, as far as the layers above may know it: who is at the other end, and a value that
 * both ends share and no other connection has.
 *
 * @public
 */
export interface Session {
  /** Whether this side sent the first handshake message. */
  readonly initiator: boolean;
  /** This side's static public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The remote's static public key, 32 bytes; the remote proved that it holds the secret one. */
  readonly remotePublicKey: Uint8Array;
  /** The transcript hash of the handshake, 64 bytes (Noise rev 34 §11.2, channel binding). */
  readonly handshakeHash: Uint8Array;
}

/**
 * A session with the keys of its two directions, 32 bytes each: all that is needed to start a secret stream. This is also
 * what a rendezvous such as HyperDHT hands over when it has run the handshake itself.
 *
 * Secret; nothing in this library logs it or puts it into an error.
 *
 * @public
 */
export interface SessionKeys extends Session {
  /** For what this side sends. */
  readonly tx: Uint8Array;
  /** For what it receives. */
  readonly rx: Uint8Array;
}
