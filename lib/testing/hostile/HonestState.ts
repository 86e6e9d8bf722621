import {
  type CryptoBackend,
  type KeyPair,
  RECORD_OVERHEAD,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../../crypto/CryptoBackend.js';
import { FrameDecoder } from '../../framing/FrameDecoder.js';
import { generateKeyPair } from '../../keys/keyPair.js';
import { HandshakeState } from '../../noise/HandshakeState.js';
import type { SessionKeys } from '../../secret/Session.js';
import { createStreamHeader, randomHeader, STREAM_HEADER_BYTES } from '../../secret/streamHeader.js';

const HEADER_BYTES = 24;

/** Who an {@link HonestState} claims to be. @internal */
export interface HonestOptions {
  readonly crypto: CryptoBackend;
  readonly initiator: boolean;
  readonly keyPair?: KeyPair;
  readonly pattern?: 'XX' | 'IK';
  readonly remotePublicKey?: Uint8Array;
  readonly prologue?: Uint8Array;
  readonly session?: SessionKeys;
}

/** What an {@link HonestState} would do next. Nothing is sent by itself. @internal */
export interface HonestOutput {
  /** Handshake message number `step`, from 1 over both sides, is ready to be sent as a frame. */
  handshake(message: Uint8Array, step: number): void;
  /** The session is established, and this header ready to be sent as a frame. */
  header(header: Uint8Array, session: SessionKeys): void;
  opened(): void;
  payload(payload: Uint8Array): void;
}

/**
 * The honest side of a secret stream, one step at a time and with all its secrets in reach, which the library's own machine
 * for good reasons does not give. It never throws over what it receives: if that makes no sense, it stops listening.
 *
 * @internal
 */
export class HonestState {
  /** Set once the handshake is done. */
  keys: SessionKeys | null;
  private readonly decoder = new FrameDecoder();
  private noise: HandshakeState | null;
  private push: SecretStreamPush | null = null;
  private pull: SecretStreamPull | null = null;
  private step = 0;
  private holds = 1;
  private lost = false;

  constructor(
    private readonly options: HonestOptions,
    private readonly output: HonestOutput,
  ) {
    const { crypto, initiator, pattern = 'XX', remotePublicKey, prologue, session } = options;
    this.keys = session ?? null;
    this.noise =
      session !== undefined
        ? null
        : new HandshakeState({
            crypto,
            pattern,
            initiator,
            keyPair: options.keyPair ?? generateKeyPair(crypto),
            ...(remotePublicKey !== undefined && { remotePublicKey }),
            ...(prologue !== undefined && { prologue }),
          });
  }

  /** Begins to listen, and says what an initiator says first. */
  start(): void {
    if (this.noise === null) this.establish();
    else if (this.options.initiator) this.write(this.noise);
    this.proceed();
  }

  receive(chunk: Uint8Array): void {
    if (this.lost) return;
    this.decoder.push(chunk);
    this.read();
  }

  /** Stops listening; nests. */
  hold(): void {
    this.holds++;
  }

  /** Ends a `hold`. */
  proceed(): void {
    this.holds--;
    this.read();
  }

  /** Says what follows the handshake message that was sent. */
  follow(): void {
    if (this.noise?.complete === true) this.split(this.noise);
  }

  /** @throws TypeError before there is a stream. */
  seal(payload: Uint8Array): Uint8Array {
    if (this.push === null) throw new TypeError('there is no stream yet');
    const record = new Uint8Array(payload.length + RECORD_OVERHEAD);
    record.set(payload, 1);
    this.push.seal(record, 0, record.length);
    return record;
  }

  wipe(): void {
    this.lost = true;
    this.noise?.wipe();
    this.push?.wipe();
    this.pull?.wipe();
  }

  private read(): void {
    while (this.holds === 0 && !this.lost) {
      const frame = this.decoder.next();
      if (frame === null) return;
      if (this.noise !== null) this.readHandshake(this.noise, frame);
      else if (this.pull === null) this.readHeader(frame);
      else this.readRecord(this.pull, frame);
    }
  }

  private readHandshake(noise: HandshakeState, frame: Uint8Array): void {
    try {
      noise.read(frame);
    } catch {
      this.lost = true; // if what it sent itself made no sense, the answer cannot
      return;
    }
    this.step++;
    if (noise.complete) this.split(noise);
    else this.write(noise);
  }

  private write(noise: HandshakeState): void {
    const message = noise.write();
    this.output.handshake(message, ++this.step);
  }

  private split(noise: HandshakeState): void {
    const { initiator, keyPair } = this.options;
    const publicKey = keyPair?.publicKey ?? new Uint8Array(32);
    this.keys = { initiator, publicKey, ...noise.result() };
    this.noise = null;
    this.establish();
  }

  private establish(): void {
    const { crypto } = this.options;
    const keys = this.keys!;
    const random = randomHeader(crypto);
    this.push = crypto.secretStreamPush(keys.tx, random);
    this.output.header(createStreamHeader(crypto, keys, random), keys);
  }

  private readHeader(frame: Uint8Array): void {
    this.lost = frame.length !== STREAM_HEADER_BYTES;
    if (this.lost) return;
    this.pull = this.options.crypto.secretStreamPull(this.keys!.rx, frame.slice(-HEADER_BYTES));
    this.output.opened();
  }

  private readRecord(pull: SecretStreamPull, frame: Uint8Array): void {
    const payload = frame.length < RECORD_OVERHEAD ? null : pull.open(frame);
    this.lost = payload === null;
    if (payload !== null) this.output.payload(payload);
  }
}
