import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import { type NoisePattern, patterns, PUBLIC_KEY_BYTES } from './patterns.js';

const SECRET_KEY_BYTES = 64;

/** What a `HandshakeState` needs to know. @public */
export interface HandshakeOptions {
  readonly crypto: CryptoBackend;
  readonly pattern: NoisePattern;
  /** Whether this side sends the first message; the remote must be told the opposite. */
  readonly initiator: boolean;
  /** This side's static key pair, its identity. Only read. */
  readonly keyPair: KeyPair;
  /** The responder's static public key, 32 bytes: required of an initiator in IK, without effect otherwise. */
  readonly remotePublicKey?: Uint8Array;
  /** Bytes that both sides must have in common; empty if absent. */
  readonly prologue?: Uint8Array;
  /** For tests: the ephemeral key pair, which is otherwise generated. Using one twice gives the session away. */
  readonly ephemeralKeyPair?: KeyPair;
}

/** What a handshake comes to. The arrays belong to whoever asked for the result. @public */
export interface HandshakeResult {
  /** Key for sending, 32 bytes. */
  readonly tx: Uint8Array;
  /** Key for receiving, 32 bytes. */
  readonly rx: Uint8Array;
  /** Hash of the whole exchange, 64 bytes, the same on both sides and in no other session. */
  readonly handshakeHash: Uint8Array;
  /** The remote's static key, which it has proved to hold, 32 bytes. */
  readonly remotePublicKey: Uint8Array;
}

/**
 * Refuses what a caller got wrong, before anything starts.
 *
 * @throws TypeError if a key is missing or no Uint8Array.
 * @throws RangeError if a key is of the wrong length, or the pattern is unknown.
 * @internal
 */
export function verifyHandshakeOptions(options: HandshakeOptions): void {
  const { pattern, initiator, keyPair, remotePublicKey, ephemeralKeyPair } = options;
  if (!Object.hasOwn(patterns, pattern)) throw new RangeError(`unknown Noise pattern: ${String(pattern)}`);
  verifyKeyPair('keyPair', keyPair);
  if (ephemeralKeyPair !== undefined) verifyKeyPair('ephemeralKeyPair', ephemeralKeyPair);
  if (remotePublicKey !== undefined) verifyBytes('remotePublicKey', remotePublicKey, PUBLIC_KEY_BYTES);
  else if (initiator && patterns[pattern].responderKnown) {
    throw new TypeError(`remotePublicKey is required to initiate ${pattern}`);
  }
}

function verifyKeyPair(name: string, keyPair: KeyPair): void {
  verifyBytes(`${name}.publicKey`, keyPair.publicKey, PUBLIC_KEY_BYTES);
  verifyBytes(`${name}.secretKey`, keyPair.secretKey, SECRET_KEY_BYTES);
}

function verifyBytes(name: string, bytes: Uint8Array, length: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (bytes.length !== length) throw new RangeError(`${name} must be ${length} bytes`);
}
