/**
 * Everything that can go wrong because of the network or the remote peer, as classes with stable codes.
 *
 * A caller's own mistake (a key of the wrong length, an impossible option) throws `TypeError` or `RangeError`
 * at once and is not listed here. This file imports nothing: every room may use it.
 */

/** What an error ends: the whole connection, one channel of it, or one operation on a log. @public */
export type ErrorScope = 'connection' | 'channel' | 'log';

/** Every code a {@link HypercoreError} can carry. Codes are stable; messages are not. @public */
export type HypercoreErrorCode =
  | 'ERR_TRANSPORT_FAILED'
  | 'ERR_TRANSPORT_CLOSED'
  | 'ERR_WEBSOCKET_CLOSED'
  | 'ERR_FRAME_TOO_LARGE'
  | 'ERR_FRAME_TRUNCATED'
  | 'ERR_FRAME_EMPTY'
  | 'ERR_HANDSHAKE_FAILED'
  | 'ERR_FOREIGN_PROTOCOL'
  | 'ERR_REMOTE_KEY_MISMATCH'
  | 'ERR_REMOTE_KEY_REJECTED'
  | 'ERR_STREAM_HEADER'
  | 'ERR_DECRYPT_FAILED'
  | 'ERR_OUT_OF_BOUNDS'
  | 'ERR_BAD_VALUE'
  | 'ERR_MUX_OPEN'
  | 'ERR_MUX_REJECT'
  | 'ERR_MUX_BATCH'
  | 'ERR_LIMIT_EXCEEDED'
  | 'ERR_TIMEOUT'
  | 'ERR_CHANNEL_REJECTED'
  | 'ERR_CAPABILITY'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_PROOF'
  | 'ERR_CHECKSUM'
  | 'ERR_SIGNATURE'
  | 'ERR_CONFLICT'
  | 'ERR_READ_ONLY'
  | 'ERR_LOG_CLOSED'
  | 'ERR_BLOCK_NOT_AVAILABLE'
  | 'ERR_STORAGE_FAILED'
  | 'ERR_STORAGE_CORRUPT'
  | 'ERR_STORAGE_LOCKED'
  | 'ERR_STORAGE_QUOTA';

const brand: unique symbol = Symbol.for('rx-hypercore.error') as never;

/**
 * Base of every error that reaches an error channel.
 *
 * Match on `code`, or use {@link isHypercoreError}: two copies of the library may be loaded in one page, and then
 * `instanceof` fails. Neither the message nor a field ever holds key material or plaintext.
 *
 * @public
 */
export abstract class HypercoreError extends Error {
  abstract readonly code: HypercoreErrorCode;
  /** What it ends. */
  readonly scope: ErrorScope;

  constructor(message: string, scope: ErrorScope = 'connection', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.scope = scope;
    this.name = new.target.name;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether a value is an error of this library, from whichever copy of it. @public */
export function isHypercoreError(value: unknown): value is HypercoreError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

/** Where a connection stood when something happened to it. @public */
export type ConnectionPhase =
  'connect' | 'handshake' | 'authorize' | 'header' | 'open' | 'idle' | 'close' | 'request';

/** The byte transport failed (refused, reset, unreachable); `cause` is its own error. @public */
export class TransportFailedError extends HypercoreError {
  override readonly code = 'ERR_TRANSPORT_FAILED';
  constructor(
    cause?: unknown,
    /** How far the connection had come; null where that is not known. */
    readonly phase: ConnectionPhase | null = null,
  ) {
    super(
      phase === null ? 'the transport failed' : `the transport failed (phase: ${phase})`,
      'connection',
      cause,
    );
  }
}

/** The remote ended the transport while this side still used it. @public */
export class TransportClosedError extends HypercoreError {
  override readonly code = 'ERR_TRANSPORT_CLOSED';
  constructor(
    /** How far the connection had come. */
    readonly phase: ConnectionPhase,
  ) {
    super(
      phase === 'handshake'
        ? 'the transport closed during the handshake: the remote may speak another protocol, or refuse this side'
        : `the transport closed (phase: ${phase})`,
    );
  }
}

/** The WebSocket closed with a code that says more than that it ended in order; `closeCode` is that code. @public */
export class WebSocketClosedError extends HypercoreError {
  override readonly code = 'ERR_WEBSOCKET_CLOSED';
  constructor(
    /** The code of the close event (RFC 6455 section 7.4): 1006 for a link that was cut, 1008 for a refusal. */
    readonly closeCode: number,
    /** What the remote added to it, at most 123 bytes of its own choice. */
    readonly reason = '',
  ) {
    super(`the WebSocket closed with code ${closeCode}`);
  }
}

/** A frame announces more bytes than the limit; found when its header was read, before any memory was reserved. @public */
export class FrameTooLargeError extends HypercoreError {
  override readonly code = 'ERR_FRAME_TOO_LARGE';
  constructor(
    /** Bytes announced. */
    readonly length: number,
    /** Bytes allowed. */
    readonly limit: number,
  ) {
    super(`a frame of ${length} bytes exceeds the limit of ${limit}`);
  }
}

/** The bytes ended inside a frame or inside its length prefix. @public */
export class FrameTruncatedError extends HypercoreError {
  override readonly code = 'ERR_FRAME_TRUNCATED';
  constructor(
    /** Bytes of the unfinished frame that had arrived, its prefix included. */
    readonly received: number,
  ) {
    super(`the bytes ended inside a frame, ${received} bytes after its start`);
  }
}

/** A frame without a body, which no peer sends on an encrypted stream. @public */
export class FrameEmptyError extends HypercoreError {
  override readonly code = 'ERR_FRAME_EMPTY';
  constructor() {
    super('a frame has no body');
  }
}

/** The Noise handshake failed: not the same pattern, an unsafe key, or altered bytes. @public */
export class HandshakeFailedError extends HypercoreError {
  override readonly code = 'ERR_HANDSHAKE_FAILED';
  constructor(
    /** Which handshake message failed, counted from 1. */
    readonly step: number,
    /** What did not hold. */
    readonly reason: string,
    cause?: unknown,
  ) {
    super(`the Noise handshake failed at message ${step}: ${reason}`, 'connection', cause);
  }
}

/**
 * What a remote speaks instead: Hypercore 9 or older, Noise with the other pattern or in the same role, or something of
 * another world.
 *
 * @public
 */
export type ForeignProtocol = 'hypercore-9' | 'noise-ik' | 'noise-xx' | 'same-role' | 'http' | 'tls' | 'ssh';

const foreign: Readonly<Record<ForeignProtocol, string>> = {
  'hypercore-9': 'Hypercore 9 or older, which this protocol does not understand',
  'noise-ik': 'Noise with the pattern IK, where this side is set to XX',
  'noise-xx': 'Noise with the pattern XX, where this side is set to IK',
  'same-role': 'first as well: both sides are set to be the initiator',
  http: 'HTTP',
  tls: 'TLS',
  ssh: 'SSH',
};

/** The remote is no peer of this protocol, going by its first bytes; `cause` is how that showed. @public */
export class ForeignProtocolError extends HypercoreError {
  override readonly code = 'ERR_FOREIGN_PROTOCOL';
  constructor(
    /** What it seems to speak. */
    readonly speaks: ForeignProtocol,
    cause?: unknown,
  ) {
    super(`the remote seems to speak ${foreign[speaks]}`, 'connection', cause);
  }
}

/** The remote proved another identity than the one that was pinned. @public */
export class RemoteKeyMismatchError extends HypercoreError {
  override readonly code = 'ERR_REMOTE_KEY_MISMATCH';
  constructor() {
    super('the remote has another public key than the one expected');
  }
}

/** The authorizer refused the remote's public key, or failed; then `cause` is its error. @public */
export class RemoteKeyRejectedError extends HypercoreError {
  override readonly code = 'ERR_REMOTE_KEY_REJECTED';
  constructor(cause?: unknown) {
    super("the remote's public key was not accepted", 'connection', cause);
  }
}

/** The first frame after the handshake is not the header of this session's stream. @public */
export class StreamHeaderError extends HypercoreError {
  override readonly code = 'ERR_STREAM_HEADER';
  constructor(
    /** What did not hold. */
    readonly reason: string,
  ) {
    super(`bad stream header: ${reason}`);
  }
}

/** A record did not authenticate. Nothing more is said about it on purpose. @public */
export class DecryptFailedError extends HypercoreError {
  override readonly code = 'ERR_DECRYPT_FAILED';
  constructor() {
    super('a record failed to decrypt');
  }
}

/** A field runs past the end of the bytes that hold it. @public */
export class OutOfBoundsError extends HypercoreError {
  override readonly code = 'ERR_OUT_OF_BOUNDS';
  constructor(
    /** What was being decoded. */
    readonly codec: string,
    /** Byte offset at which decoding stopped. */
    readonly offset: number,
    scope: ErrorScope = 'connection',
  ) {
    super(`${codec}: out of bounds at byte ${offset}`, scope);
  }
}

/** A field holds a value that the protocol, or JavaScript's numbers, cannot represent. @public */
export class BadValueError extends HypercoreError {
  override readonly code = 'ERR_BAD_VALUE';
  constructor(
    /** What was being decoded. */
    readonly codec: string,
    /** Byte offset at which decoding stopped. */
    readonly offset: number,
    /** What is wrong with it. */
    readonly reason: string,
    scope: ErrorScope = 'connection',
  ) {
    super(`${codec}: ${reason} at byte ${offset}`, scope);
  }
}

/** The remote opened a channel under an id that is zero, occupied, or skips a number. @public */
export class MuxOpenError extends HypercoreError {
  override readonly code = 'ERR_MUX_OPEN';
  constructor(
    /** The id the remote used. */
    readonly remoteId: number,
  ) {
    super(`the remote opened a channel under the invalid id ${remoteId}`);
  }
}

/** The remote rejected a channel that was not waiting for its answer. @public */
export class MuxRejectError extends HypercoreError {
  override readonly code = 'ERR_MUX_REJECT';
  constructor(
    /** Our id, as the remote named it. */
    readonly localId: number,
  ) {
    super(`the remote rejected ${localId}, which is not a channel waiting for an answer`);
  }
}

/** A batch is empty where it must not be, truncated, or has an item that runs past its end. @public */
export class MuxBatchError extends HypercoreError {
  override readonly code = 'ERR_MUX_BATCH';
  constructor(
    /** Byte offset in the payload. */
    readonly offset: number,
    /** What is wrong with it. */
    readonly reason: string,
  ) {
    super(`malformed batch at byte ${offset}: ${reason}`);
  }
}

/** A queue, count or length went over its limit; `limit` is the option's name. @public */
export class LimitExceededError extends HypercoreError {
  override readonly code = 'ERR_LIMIT_EXCEEDED';
  constructor(
    /** Name of the limit, as in the `Limits` options. */
    readonly limit: string,
    /** Its value. */
    readonly allowed: number,
    /** What was reached or asked for. */
    readonly received: number,
    scope: ErrorScope = 'connection',
  ) {
    super(`${limit}: ${received} exceeds ${allowed}`, scope);
  }
}

/** The remote did not do its part in time. @public */
export class TimeoutExceededError extends HypercoreError {
  override readonly code = 'ERR_TIMEOUT';
  constructor(
    /** What was waited for. */
    readonly phase: ConnectionPhase,
    /** How long, in milliseconds. */
    readonly afterMs: number,
    scope: ErrorScope = 'connection',
  ) {
    super(`timed out after ${afterMs} ms (phase: ${phase})`, scope);
  }
}

/** The remote answered that it does not have this channel. @public */
export class ChannelRejectedError extends HypercoreError {
  override readonly code = 'ERR_CHANNEL_REJECTED';
  constructor() {
    super('the remote rejected the channel', 'channel');
  }
}

/** The remote opened the channel without proving that it knows the key. @public */
export class CapabilityMismatchError extends HypercoreError {
  override readonly code = 'ERR_CAPABILITY';
  constructor() {
    super('the remote did not prove that it knows the key of the channel', 'channel');
  }
}

/** The channel ended before its time: with its connection (`cause` says why), or because a side closed it. @public */
export class ChannelClosedError extends HypercoreError {
  override readonly code = 'ERR_CHANNEL_CLOSED';
  constructor(cause?: unknown) {
    super(
      cause === undefined ? 'the channel has ended' : 'the channel ended with its connection',
      'channel',
      cause,
    );
  }
}
