import { requireBytes } from '../crypto/byteChecks.js';
import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import { type Limits, verifyLimits } from '../limits.js';
import { patterns } from '../noise/patterns.js';
import type { Session, SessionKeys } from './Session.js';

/** How a connection is secured. @public */
export interface SecureOptions {
  readonly crypto: CryptoBackend;
  /** Whether this side speaks first: the one that dialled. The two ends must agree on who it is. */
  readonly initiator: boolean;
  /** This side's identity; a new key pair is generated if absent. */
  readonly keyPair?: KeyPair;
  /** The handshake pattern, `XX` by default. Nothing on the wire negotiates it, so both ends must be configured alike. */
  readonly pattern?: 'XX' | 'IK';
  /** The only public key (32 bytes) accepted from the remote. Required for an initiator of `IK`. */
  readonly remotePublicKey?: Uint8Array;
  /** Bytes both ends must hold for the handshake to succeed; none by default. */
  readonly prologue?: Uint8Array;
  /** The result of a handshake that was run elsewhere: the connection starts with the stream header. */
  readonly session?: SessionKeys;
  /** False: no handshake and no encryption, plain payloads in frames. For tests. */
  readonly handshake?: boolean;
  /** False: a handshake, then plain payloads in frames without a header. For tests. */
  readonly encrypted?: boolean;
  readonly limits?: Partial<Limits>;
  /**
   * Stops in phase `authorize` as soon as the remote key is known and before anything else is sent, until
   * `accept()` is called.
   */
  readonly holdForAuthorizer?: boolean;
  /**
   * True tells of the session, so that payloads may be sent, only when the remote's header was verified; for remotes that
   * cannot read a record together with the end of the handshake. False by default, as the official peers do.
   */
  readonly awaitsHeader?: boolean;
}

/** What {@link SecureState} tells its owner. One fixed object, so that a payload costs no closure. @public */
export interface SecureOutput {
  /** One whole frame for the transport; it belongs to the receiver. */
  send(bytes: Uint8Array): void;
  /** With `holdForAuthorizer`: the remote key is known. The owner calls `accept()`, at once or later, or gives up. */
  authorize(remotePublicKey: Uint8Array): void;
  /** Payloads may be sealed from now on. Null where there is no handshake. */
  session(session: Session | null): void;
  /** The remote's header was verified. */
  ready(): void;
  /** One payload; it belongs to the receiver. Empty ones are keep-alives and not reported. */
  payload(payload: Uint8Array): void;
}

/**
 * Checks the caller's options, and fills in the limits.
 *
 * @throws TypeError for a combination that makes no sense, RangeError for a length or limit out of range.
 * @internal
 */
export function verifySecureOptions(options: SecureOptions): Limits {
  const {
    handshake = true,
    encrypted = true,
    session,
    keyPair,
    remotePublicKey,
    holdForAuthorizer,
  } = options;
  if (typeof options.initiator !== 'boolean') throw new TypeError('initiator must be true or false');
  const { pattern = 'XX' } = options;
  if (!Object.hasOwn(patterns, pattern)) throw new RangeError(`unknown Noise pattern: ${String(pattern)}`);
  if (keyPair !== undefined) {
    requireBytes('keyPair.publicKey', keyPair.publicKey, 32);
    requireBytes('keyPair.secretKey', keyPair.secretKey, 64);
  }
  if (remotePublicKey !== undefined) requireBytes('remotePublicKey', remotePublicKey, 32);
  if (!handshake && (session !== undefined || remotePublicKey !== undefined || holdForAuthorizer === true)) {
    throw new TypeError('without a handshake there is no session and no remote key to check');
  }
  if (session !== undefined) {
    if (session.initiator !== options.initiator) throw new TypeError('session has the other role');
    if (!encrypted) throw new TypeError('a session that was given is always encrypted');
    requireBytes('session.publicKey', session.publicKey, 32);
    requireBytes('session.remotePublicKey', session.remotePublicKey, 32);
    requireKeys(session);
  } else if (handshake && options.pattern === 'IK' && options.initiator && remotePublicKey === undefined) {
    throw new TypeError('an initiator of IK must know the remote public key');
  }
  return verifyLimits(options.limits);
}

/** Checks what a secret stream is made from. @internal */
export function requireKeys(session: SessionKeys): void {
  requireBytes('session.handshakeHash', session.handshakeHash, 64);
  requireBytes('session.tx', session.tx, 32);
  requireBytes('session.rx', session.rx, 32);
}
