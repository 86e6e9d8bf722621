/**
 * The seam between the protocol and its primitives. Everything here is synchronous, so that the layers above are plain
 * state machines; a backend that must load something (WASM) does so before it hands out this interface.
 *
 * Ownership, for every function: inputs are only read, outputs are fresh arrays that belong to the caller, unless the
 * comment says that it writes into a buffer it is given.
 */

/** An Ed25519 key pair: the 32-byte public key, and the 64-byte secret key (seed ‖ public key). @public */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** Tags of libsodium's secretstream. Peers send MESSAGE only; the others must be understood. @public */
export const SecretStreamTag = { MESSAGE: 0, PUSH: 1, REKEY: 2, FINAL: 3 } as const;

/** Bytes a sealed record is longer than its plaintext: one for the tag, sixteen for the MAC. @public */
export const RECORD_OVERHEAD = 17;

/** The sending ratchet of one secretstream. @public */
export interface SecretStreamPush {
  /**
   * Seals a record in place: the plaintext lies in `buffer[start + 1, end - 16)`, the record then fills
   * `buffer[start, end)` as encrypted tag (1), ciphertext (n), MAC (16). No associated data.
   */
  seal(buffer: Uint8Array, start: number, end: number, tag?: number): void;
  /** Forces a rekey, as libsodium's `rekey` does. */
  rekey(): void;
  /** Overwrites the state; the object is of no use afterwards. */
  wipe(): void;
}

/** The receiving ratchet of one secretstream. @public */
export interface SecretStreamPull {
  /**
   * Opens a record (17 bytes or more). Returns the plaintext (record length − 17) and sets {@link SecretStreamPull.tag};
   * returns null if it does not authenticate, and then the state is as it was.
   *
   * @param inPlace - whether the caller gives the record away: its bytes may be overwritten once it has authenticated, and
   * the plaintext may be a view of it. Otherwise it is only read.
   */
  open(record: Uint8Array, inPlace?: boolean): Uint8Array | null;
  /** Tag of the last record that was opened. */
  readonly tag: number;
  rekey(): void;
  wipe(): void;
}

/** What the protocol needs of cryptography. @public */
export interface CryptoBackend {
  /** Which implementation this is, for people. */
  readonly name: string;
  /** `length` bytes from the platform's secure source. */
  randomBytes(length: number): Uint8Array;
  /** BLAKE2b of the concatenated parts; `length` 1 to 64 bytes, `key` absent or 1 to 64 bytes. */
  hash(length: number, parts: readonly Uint8Array[], key?: Uint8Array): Uint8Array;
  /** The Ed25519 key pair of a 32-byte seed. */
  keyPair(seed: Uint8Array): KeyPair;
  /** Detached Ed25519 signature (64 bytes). */
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  /** Whether libsodium would accept the signature: malleable, small-order and non-canonical ones are refused. */
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /**
   * Diffie–Hellman on the Ed25519 curve itself (32 bytes): clamped SHA-512 half of the seed times the remote point,
   * unhashed. Null if libsodium would refuse the point: not canonical, off the curve, of small order, outside the
   * prime-order subgroup, or with an identity product.
   */
  dh(secretKey: Uint8Array, remotePublicKey: Uint8Array): Uint8Array | null;
  /** ChaCha20-Poly1305 (RFC 8439): 32-byte key, 12-byte nonce; returns ciphertext ‖ MAC (n + 16). */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array;
  /** The reverse; null if it does not authenticate. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | null;
  /** Starts libsodium's `crypto_secretstream_xchacha20poly1305` for sending: 32-byte key, 24-byte header. */
  secretStreamPush(key: Uint8Array, header: Uint8Array): SecretStreamPush;
  /** The same for receiving. */
  secretStreamPull(key: Uint8Array, header: Uint8Array): SecretStreamPull;
  /** Whether two arrays are equal, in time that depends on their length alone. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** Overwrites with zeros. */
  wipe(bytes: Uint8Array): void;
}
