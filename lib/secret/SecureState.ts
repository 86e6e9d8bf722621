import { RECORD_OVERHEAD, type SecretStreamPull } from '../crypto/CryptoBackend.js';
import {
  DecryptFailedError,
  FrameEmptyError,
  type HypercoreError,
  isHypercoreError,
  LimitExceededError,
  RemoteKeyMismatchError,
  TransportClosedError,
} from '../errors.js';
import { encodeFrame, FRAME_HEADER_BYTES } from '../framing/encodeFrame.js';
import { FrameDecoder } from '../framing/FrameDecoder.js';
import { generateKeyPair } from '../keys/keyPair.js';
import type { Limits } from '../limits.js';
import { HandshakeState } from '../noise/HandshakeState.js';
import { Opening } from './Opening.js';
import { HEADROOM, Sealer, TAILROOM } from './Sealer.js';
import { type SecureOptions, type SecureOutput, verifySecureOptions } from './SecureOptions.js';
import type { Session, SessionKeys } from './Session.js';
import { createStreamHeader, randomHeader, readStreamHeader } from './streamHeader.js';

export { HEADROOM, TAILROOM };
export type { SecureOptions, SecureOutput };

/** How far a connection has come; the last means that it is over. @public */
export type SecurePhase = 'handshake' | 'authorize' | 'header' | 'open' | 'ended';

/**
 * Turns a byte stream into encrypted payloads, without RxJS: framing, Noise, stream header, secretstream.
 *
 * ```
 * handshake ⇄ authorize → header → open → ended
 * ```
 *
 * Bytes received go in at `receive`; what comes of them is told to the {@link SecureOutput}. Its callbacks may call
 * anything here: what that causes happens in order, and nothing is told after `wipe`. Payloads may be sealed as soon as
 * `session` was told; as the official peers do, this side does not wait for the remote's header before it sends.
 *
 * An error is thrown where the bytes came in (`receive`, `accept`, `resume`), once; then the state has ended and its
 * secrets are wiped. The bytes of one connection are taken in one by one: an end of the transport is never
 * authenticated, so whoever did not ask for it must take it for a lost connection.
 *
 * (Wire: `@hyperswarm/secret-stream`; Noise rev 34; libsodium secretstream.)
 *
 * @public
 */
export class SecureState {
  /** This side's static public key, 32 bytes; empty where there is no handshake and no key pair was given. */
  readonly publicKey: Uint8Array;

  // Fields that lead to keys are hard to see, so that no log or inspection shows them.
  readonly #options: SecureOptions;
  private currentPhase: SecurePhase = 'handshake';
  private readonly limits: Limits;
  private readonly encrypted: boolean;
  private decoder: FrameDecoder;
  private noise: HandshakeState | null = null;
  /** The remote's first bytes, until the handshake is done. */
  private opening: Opening | null = null;
  /** The secret key that was made for this connection alone, until its handshake is done. */
  #ownSecret: Uint8Array | null = null;
  /** From the end of the handshake until the header was sent; `rx` alone is kept until the remote's header. */
  #keys: SessionKeys | null = null;
  private session: Session | null = null;
  #rx: Uint8Array | null = null;
  private sealer: Sealer | null = null;
  private pull: SecretStreamPull | null = null;

  private started = false;
  /** Whether frames are being consumed further up the call stack. */
  private busy = false;
  /** Whether it is for this side to go on: to send a handshake message, or the header. */
  private turn = false;
  private heard = false;
  private identified = false;
  private paused = false;
  private remoteEnded = false;

  /**
   * @throws TypeError or RangeError for options that make no sense. Nothing is sent before {@link SecureState.start}.
   */
  constructor(
    options: SecureOptions,
    private readonly output: SecureOutput,
  ) {
    this.#options = options;
    this.limits = verifySecureOptions(options);
    this.decoder = new FrameDecoder(this.limits.maxHandshakeFrameBytes);
    const { crypto, initiator, session, handshake = true, encrypted = true } = options;
    this.encrypted = handshake && encrypted;
    if (session !== undefined) {
      this.publicKey = session.publicKey;
      this.#keys = session;
      this.currentPhase = 'header';
    } else if (handshake) {
      const keyPair = options.keyPair ?? generateKeyPair(crypto);
      this.publicKey = keyPair.publicKey;
      if (options.keyPair === undefined) this.#ownSecret = keyPair.secretKey;
      const { pattern = 'XX', remotePublicKey, prologue } = options;
      this.opening = new Opening(pattern, initiator);
      this.noise = new HandshakeState({
        crypto,
        pattern,
        initiator,
        keyPair,
        ...(remotePublicKey !== undefined && { remotePublicKey }),
        ...(prologue !== undefined && { prologue }),
      });
    } else {
      this.publicKey = options.keyPair?.publicKey ?? new Uint8Array(0);
    }
  }

  get phase(): SecurePhase {
    return this.currentPhase;
  }

  /** Bytes received and not yet consumed. */
  get buffered(): number {
    return this.decoder.buffered;
  }

  /** Begins: the first message of an initiator leaves. Bytes received before are consumed now. */
  start(): void {
    if (this.started || this.ended) return;
    this.started = true;
    this.turn = true;
    this.advance();
  }

  /**
   * Takes bytes from the transport. Frames that lie in one chunk are read as views of it, so it must not change; unless it
   * is `lent`, then its memory may be used anew when this has returned.
   *
   * @throws HypercoreError, after which the state has ended. A state that has ended ignores what it receives.
   */
  receive(chunk: Uint8Array, lent = false): void {
    if (this.ended) return;
    // Records are decrypted into memory of their own; what comes before them may be kept as it is.
    this.opening?.note(chunk);
    const kept = lent && this.currentPhase !== 'open';
    this.decoder.push(kept ? new Uint8Array(chunk) : chunk);
    if (!this.flowing) this.limitHeldBytes();
    this.advance();
    if (lent && !kept) this.decoder.keep();
  }

  /** The remote key is accepted: goes on, with the bytes that came meanwhile. Does nothing in other phases. */
  accept(): void {
    if (this.currentPhase !== 'authorize') return;
    this.currentPhase = this.noise === null ? 'header' : 'handshake';
    this.turn = true;
    this.advance();
  }

  /**
   * The remote's bytes have ended. Returns how that is to be reported, `FrameTruncatedError` inside a frame and
   * `TransportClosedError` between two, and the state has ended. Returns null if the state had ended before, or if it is
   * paused, or not started, and still has bytes to consume: then `resume()` or `start()` throws that error after them.
   */
  end(): HypercoreError | null {
    if (this.ended) return null;
    this.remoteEnded = true;
    if (this.busy || this.holds) return null;
    const error = this.endError();
    this.wipe();
    return error;
  }

  /**
   * Seals the payload in `buffer[start, end)` in place and returns the view of the buffer that is the whole frame.
   * {@link HEADROOM} bytes before and {@link TAILROOM} bytes after the payload are overwritten.
   *
   * @throws FrameTooLargeError if the frame's body would exceed `maxFrameBytes`. Nothing has happened then.
   * @throws RangeError if there is no room around the payload, TypeError if there is no session yet or no longer.
   */
  seal(buffer: Uint8Array, start: number, end: number): Uint8Array {
    return this.openSealer().seal(buffer, start, end);
  }

  /** The same for a payload that is only read: the frame is a fresh array. */
  sealCopy(payload: Uint8Array): Uint8Array {
    return this.openSealer().sealCopy(payload);
  }

  /** The frame that says nothing but that this side is there: an empty record, or an empty frame without encryption. */
  keepAlive(): Uint8Array {
    return this.openSealer().sealCopy(new Uint8Array(0));
  }

  /** Stops the delivery of payloads after the current one. The handshake goes on. */
  pause(): void {
    this.paused = true;
  }

  /** Delivers what was held, and goes on. @throws HypercoreError as {@link SecureState.receive} does. */
  resume(): void {
    this.paused = false;
    this.advance();
  }

  /** The bytes that were received and not consumed, as one fresh array. The state has ended afterwards. */
  release(): Uint8Array {
    const bytes = this.decoder.release();
    this.wipe();
    return bytes;
  }

  /** An error of the handshake, named by what the remote seems to speak if its first bytes tell; any other as it is. */
  explain(error: unknown): unknown {
    return this.opening !== null && isHypercoreError(error) ? this.opening.explain(error) : error;
  }

  /** Ends, overwrites the secrets and drops what was received. Nothing is told to the output any more. */
  wipe(): void {
    this.currentPhase = 'ended';
    this.noise?.wipe();
    this.wipeOwnSecret();
    this.sealer?.wipe();
    this.pull?.wipe();
    if (this.#rx !== null) this.#options.crypto.wipe(this.#rx);
    if (this.#keys !== null) this.forgetKeys(this.#keys);
    this.noise = this.opening = this.sealer = this.pull = this.#rx = null;
    this.decoder = new FrameDecoder();
  }

  private get ended(): boolean {
    return this.currentPhase === 'ended';
  }

  /** Whether frames may be consumed now. */
  private get flowing(): boolean {
    switch (this.currentPhase) {
      case 'handshake':
      case 'header':
        return this.started;
      case 'open':
        return !this.paused;
      default:
        return false;
    }
  }

  /** Whether there are bytes that the owner, by not starting or by pausing, has put off. */
  private get holds(): boolean {
    const putOff = this.currentPhase === 'open' ? this.paused : !this.started;
    return putOff && this.decoder.buffered > 0;
  }

  /** Consumes frames until it must wait. Called again from a callback it returns: the loop above goes on. */
  private advance(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      for (;;) {
        if (this.turn) {
          this.turn = false;
          this.proceed();
          continue;
        }
        const frame = this.flowing ? this.decoder.next() : null;
        if (frame === null) break;
        this.consume(frame);
      }
      if (this.remoteEnded && !this.ended && !this.holds) throw this.endError();
    } catch (error) {
      const explained = this.explain(error);
      this.wipe();
      throw explained;
    } finally {
      this.busy = false;
    }
  }

  private consume(body: Uint8Array): void {
    if (body.length === 0 && (this.encrypted || this.currentPhase === 'handshake'))
      throw new FrameEmptyError();
    if (this.currentPhase === 'open') {
      if (this.pull === null) {
        // A view of the chunk would tie the receiver to what the transport does with it.
        if (body.length > 0) this.output.payload(body.slice());
        return;
      }
      const payload = body.length < RECORD_OVERHEAD ? null : this.pull.open(body, this.decoder.owned);
      if (payload === null) throw new DecryptFailedError();
      if (payload.length > 0) this.output.payload(payload);
    } else if (this.noise !== null) {
      this.noise.read(body);
      this.heard = true;
      this.turn = true;
    } else {
      this.readHeader(body);
    }
  }

  /** What this side does when it is its turn: check who the remote is, answer the handshake, send the header. */
  private proceed(): void {
    if (!this.identified && !this.identify()) return;
    const { noise, output } = this;
    if (noise !== null) {
      if (!noise.complete && noise.sends) output.send(encodeFrame(noise.write()));
      if (this.ended || !noise.complete) return;
      const { tx, rx, handshakeHash, remotePublicKey } = noise.result();
      const { publicKey } = this;
      const { initiator } = this.#options;
      this.#keys = { initiator, publicKey, remotePublicKey, handshakeHash, tx, rx };
      noise.wipe();
      this.wipeOwnSecret();
      this.noise = this.opening = null;
    }
    this.establish();
  }

  /** Whether it may go on. The key is compared, and shown to the authorizer, before anything else is sent. */
  private identify(): boolean {
    const { noise } = this;
    const options = this.#options;
    let remote = this.#keys?.remotePublicKey ?? null;
    // An initiator of IK names the key itself; only the remote's answer proves that the remote holds it.
    if (noise !== null && this.heard) remote = noise.remotePublicKey;
    if (remote === null) return true;
    this.identified = true;
    if (options.remotePublicKey !== undefined && !options.crypto.equal(remote, options.remotePublicKey)) {
      throw new RemoteKeyMismatchError();
    }
    if (options.holdForAuthorizer !== true) return true;
    this.currentPhase = 'authorize';
    this.output.authorize(remote.slice());
    return false;
  }

  private establish(): void {
    const { output } = this;
    const keys = this.#keys;
    const { crypto } = this.#options;
    if (keys !== null) {
      const { initiator, publicKey, remotePublicKey, handshakeHash } = keys;
      this.session = { initiator, publicKey, remotePublicKey, handshakeHash };
    }
    if (keys !== null && this.encrypted) {
      const header = randomHeader(crypto);
      const push = crypto.secretStreamPush(keys.tx, header);
      this.#rx = new Uint8Array(keys.rx);
      this.forgetKeys(keys);
      this.currentPhase = 'header';
      output.send(encodeFrame(createStreamHeader(crypto, keys, header)));
      if (this.ended) return push.wipe();
      this.sealer = new Sealer(push, this.limits.maxFrameBytes);
      if (this.#options.awaitsHeader !== true) output.session(this.session);
    } else {
      if (keys !== null) this.forgetKeys(keys);
      this.open();
      this.sealer = new Sealer(null, this.limits.maxFrameBytes);
      output.session(this.session);
      if (!this.ended) output.ready();
    }
  }

  private readHeader(body: Uint8Array): void {
    const { crypto } = this.#options;
    const header = readStreamHeader(crypto, this.session!, body);
    this.pull = crypto.secretStreamPull(this.#rx!, header);
    crypto.wipe(this.#rx!);
    this.#rx = null;
    this.open();
    if (this.#options.awaitsHeader === true) this.output.session(this.session);
    if (!this.ended) this.output.ready();
  }

  private open(): void {
    this.currentPhase = 'open';
    this.decoder.maxFrameBytes = this.limits.maxFrameBytes;
  }

  private wipeOwnSecret(): void {
    if (this.#ownSecret !== null) this.#options.crypto.wipe(this.#ownSecret);
    this.#ownSecret = null;
  }

  /** Keys that came from the caller stay the caller's. */
  private forgetKeys(keys: SessionKeys): void {
    this.#keys = null;
    if (keys === this.#options.session) return;
    this.#options.crypto.wipe(keys.tx);
    this.#options.crypto.wipe(keys.rx);
  }

  private openSealer(): Sealer {
    if (this.sealer === null) throw new TypeError('payloads can be sealed only while a session is open');
    return this.sealer;
  }

  /** A remote may go on sending while it is not listened to; on a transport that cannot pause, this is the end of it. */
  private limitHeldBytes(): void {
    const { maxEarlyBytes, maxFrameBytes } = this.limits;
    const allowed =
      this.currentPhase === 'open'
        ? Math.max(maxEarlyBytes, FRAME_HEADER_BYTES + maxFrameBytes)
        : maxEarlyBytes;
    const { buffered } = this.decoder;
    if (buffered <= allowed) return;
    this.wipe();
    throw new LimitExceededError('maxEarlyBytes', allowed, buffered);
  }

  private endError(): HypercoreError {
    try {
      this.decoder.finish();
    } catch (error) {
      return this.explain(error) as HypercoreError;
    }
    const phase = this.currentPhase === 'ended' ? 'close' : this.currentPhase;
    return this.explain(new TransportClosedError(phase)) as HypercoreError;
  }
}
