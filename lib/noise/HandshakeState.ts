import type { CryptoBackend, KeyPair } from '../crypto/CryptoBackend.js';
import { HandshakeFailedError } from '../errors.js';
import { MAC_BYTES } from './CipherState.js';
import { type HandshakeOptions, type HandshakeResult, verifyHandshakeOptions } from './HandshakeOptions.js';
import {
  MAX_MESSAGE_BYTES,
  messageLengths,
  messagesOfLength,
  type NoisePattern,
  patterns,
  PUBLIC_KEY_BYTES,
  type Token,
} from './patterns.js';
import { SymmetricState } from './SymmetricState.js';

export type { HandshakeOptions, HandshakeResult, NoisePattern };

const SEED_BYTES = 32;

/**
 * One side of a Noise handshake, `Noise_XX_Ed25519_ChaChaPoly_BLAKE2b` or the same with IK (Noise rev 34 §5.3).
 *
 * The name is that of the packages `noise-handshake` and `noise-curve-ed`: Diffie–Hellman works on Ed25519 keys, so this
 * is not interoperable with Noise over `25519`.
 *
 * ```ts
 * while (!handshake.complete) {
 *   if (handshake.sends) send(handshake.write());
 *   else handshake.read(await receive());
 * }
 * const { tx, rx, handshakeHash, remotePublicKey } = handshake.result();
 * ```
 *
 * Nothing is sent between a `read` and the next `write`, so that is the moment to ask whether
 * {@link HandshakeState.remotePublicKey} is welcome.
 *
 * Secrets are overwritten when the handshake is complete, has failed, or is wiped; the static key pair is the caller's
 * and stays as it is. A call out of turn is a mistake of the caller and throws TypeError, without an effect.
 *
 * @public
 */
export class HandshakeState {
  private readonly crypto: CryptoBackend;
  private readonly initiator: boolean;
  private readonly messages: readonly (readonly Token[])[];
  /** Bytes of the messages, payloads apart. */
  private readonly lengths: readonly number[];
  // What follows is hard to see, so that no log or inspection shows a key.
  readonly #symmetric: SymmetricState;

  readonly #localStatic: KeyPair;
  #localEphemeral: KeyPair | null = null;
  private remoteStatic: Uint8Array | null = null;
  private remoteEphemeral: Uint8Array | null = null;
  /** The remote's static key once the message that carried it has authenticated. */
  private provenStatic: Uint8Array | null = null;

  private done = 0;
  private over = false;
  #outcome: HandshakeResult | null = null;
  private handedOut = false;

  /**
   * @throws TypeError if an initiator in IK is given no remote key, or an option is not what it must be.
   * @throws RangeError if a key is of the wrong length, or the pattern is unknown.
   */
  constructor(options: HandshakeOptions) {
    verifyHandshakeOptions(options);
    const { crypto, pattern, initiator, keyPair, remotePublicKey, prologue, ephemeralKeyPair } = options;
    const { responderKnown, messages } = patterns[pattern];
    this.crypto = crypto;
    this.initiator = initiator;
    this.messages = messages;
    this.lengths = messageLengths(pattern);
    this.#localStatic = keyPair;
    if (ephemeralKeyPair !== undefined) {
      // A copy, because it will be wiped.
      this.#localEphemeral = {
        publicKey: new Uint8Array(ephemeralKeyPair.publicKey),
        secretKey: new Uint8Array(ephemeralKeyPair.secretKey),
      };
    }
    this.#symmetric = new SymmetricState(crypto, `Noise_${pattern}_Ed25519_ChaChaPoly_BLAKE2b`);
    this.#symmetric.mixHash(prologue ?? new Uint8Array(0));
    if (responderKnown && initiator) {
      this.remoteStatic = this.provenStatic = new Uint8Array(remotePublicKey as Uint8Array);
      this.#symmetric.mixHash(this.remoteStatic);
    } else if (responderKnown) {
      this.#symmetric.mixHash(keyPair.publicKey);
    }
  }

  /** How many messages have been written and read, 0 at the start. */
  get step(): number {
    return this.done;
  }

  /** Whether all messages are done; then there is a {@link HandshakeState.result}. */
  get complete(): boolean {
    return this.#outcome !== null;
  }

  /** Whether the next message is this side's to write. False when there is none. */
  get sends(): boolean {
    return !this.over && (this.done % 2 === 0) === this.initiator;
  }

  /**
   * The remote's static key, 32 bytes: for an initiator in IK the one it was given, else the one received, as soon as the
   * message that carried it has authenticated. Null before, and after a failure.
   */
  get remotePublicKey(): Uint8Array | null {
    return this.provenStatic;
  }

  /** `h` of the Noise paper. @internal */
  get transcriptHash(): Uint8Array {
    return this.#symmetric.hash;
  }

  /** `ck` of the Noise paper; overwritten when the handshake is over. @internal */
  get chainingKey(): Uint8Array {
    return this.#symmetric.chainingKey;
  }

  /**
   * The next message, a fresh array. Peers on Hypercore streams send empty payloads; in the first message of XX the
   * payload is not encrypted.
   *
   * @throws HandshakeFailedError if a key that the remote sent is not safe to use.
   * @throws RangeError if the payload makes the message longer than 65,535 bytes, without an effect.
   */
  write(payload: Uint8Array = new Uint8Array(0)): Uint8Array {
    this.verifyTurn(true);
    const length = this.lengths[this.done] + payload.length;
    if (length > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a Noise message of ${length} bytes exceeds the limit of ${MAX_MESSAGE_BYTES}`);
    }
    return this.guarded(() => {
      const message = new Uint8Array(length);
      let offset = 0;
      for (const token of this.messages[this.done]) {
        const part = this.writeToken(token);
        if (part === null) continue;
        message.set(part, offset);
        offset += part.length;
      }
      message.set(this.#symmetric.encryptAndHash(payload), offset);
      this.advance();
      return message;
    });
  }

  /**
   * Takes the remote's next message, which is only read, and returns its payload, a fresh array.
   *
   * @throws HandshakeFailedError if the message is too short or too long, does not authenticate, or carries a key that is
   * not safe to use. The handshake is over then.
   */
  read(message: Uint8Array): Uint8Array {
    this.verifyTurn(false);
    return this.guarded(() => {
      const expected = this.lengths[this.done];
      if (message.length > MAX_MESSAGE_BYTES) {
        this.refuse(`${message.length} bytes exceed the limit of ${MAX_MESSAGE_BYTES}`);
      }
      if (message.length < expected) this.refuse(`too short${this.lengthHint(message.length)}`);
      let offset = 0;
      for (const token of this.messages[this.done]) offset += this.readToken(token, message, offset);
      const payload = this.#symmetric.decryptAndHash(message.subarray(offset));
      if (payload === null) this.refuse(`it does not authenticate${this.lengthHint(message.length)}`);
      this.provenStatic = this.remoteStatic;
      this.advance();
      return payload;
    });
  }

  /**
   * The keys of the session. They belong to the caller from then on: {@link HandshakeState.wipe} leaves them alone.
   *
   * @throws TypeError if the handshake is not complete, or was wiped.
   */
  result(): HandshakeResult {
    if (this.#outcome === null) throw new TypeError('the handshake is not complete');
    this.handedOut = true;
    return this.#outcome;
  }

  /** Overwrites every secret that was not handed out; the handshake is over. */
  wipe(): void {
    if (this.#outcome !== null && !this.handedOut) {
      this.crypto.wipe(this.#outcome.tx);
      this.crypto.wipe(this.#outcome.rx);
      this.#outcome = null;
    }
    this.wipeHandshake();
    if (this.#outcome === null) this.provenStatic = null;
  }

  /** What a token adds to an outgoing message. */
  private writeToken(token: Token): Uint8Array | null {
    if (token === 's') return this.#symmetric.encryptAndHash(this.#localStatic.publicKey);
    if (token !== 'e') {
      this.mixShared(token);
      return null;
    }
    if (this.#localEphemeral === null) {
      const seed = this.crypto.randomBytes(SEED_BYTES);
      this.#localEphemeral = this.crypto.keyPair(seed);
      this.crypto.wipe(seed);
    }
    this.#symmetric.mixHash(this.#localEphemeral.publicKey);
    return this.#localEphemeral.publicKey;
  }

  /** Takes a token's bytes from an incoming message, which is long enough; how many they are. */
  private readToken(token: Token, message: Uint8Array, offset: number): number {
    if (token === 'e') {
      this.remoteEphemeral = new Uint8Array(message.subarray(offset, offset + PUBLIC_KEY_BYTES));
      this.#symmetric.mixHash(this.remoteEphemeral);
      return PUBLIC_KEY_BYTES;
    }
    if (token === 's') {
      const length = PUBLIC_KEY_BYTES + (this.#symmetric.hasKey ? MAC_BYTES : 0);
      this.remoteStatic = this.#symmetric.decryptAndHash(message.subarray(offset, offset + length));
      if (this.remoteStatic === null) {
        this.refuse(`the static key does not authenticate${this.lengthHint(message.length)}`);
      }
      return length;
    }
    this.mixShared(token);
    return 0;
  }

  private mixShared(token: Token): void {
    const localKind = token[this.initiator ? 0 : 1];
    const remoteKind = token[this.initiator ? 1 : 0];
    const local = localKind === 'e' ? this.#localEphemeral : this.#localStatic;
    const remote = remoteKind === 'e' ? this.remoteEphemeral : this.remoteStatic;
    if (local === null || remote === null) throw new TypeError(`the pattern has ${token} before its keys`);
    const secret = this.crypto.dh(local.secretKey, remote);
    if (secret === null) {
      this.refuse(`the remote's ${remoteKind === 'e' ? 'ephemeral' : 'static'} key is not a safe point`);
    }
    this.#symmetric.mixKey(secret);
  }

  /** Counts a message; after the last one splits, and forgets what is of no more use. */
  private advance(): void {
    this.done++;
    if (this.done < this.messages.length) return;
    const [fromInitiator, fromResponder] = this.#symmetric.split();
    this.#outcome = {
      tx: this.initiator ? fromInitiator : fromResponder,
      rx: this.initiator ? fromResponder : fromInitiator,
      handshakeHash: this.#symmetric.hash,
      remotePublicKey: this.provenStatic as Uint8Array,
    };
    this.wipeHandshake();
  }

  private wipeHandshake(): void {
    this.over = true;
    this.#symmetric.wipe();
    if (this.#localEphemeral !== null) this.crypto.wipe(this.#localEphemeral.secretKey);
    this.#localEphemeral = null;
    this.remoteEphemeral = null;
  }

  /** Runs one message; whatever goes wrong in it ends the handshake, and is one kind of error. */
  private guarded(run: () => Uint8Array): Uint8Array {
    try {
      return run();
    } catch (error) {
      this.wipe();
      if (error instanceof HandshakeFailedError) throw error;
      throw new HandshakeFailedError(this.done + 1, 'the crypto backend failed', error);
    }
  }

  private refuse(reason: string): never {
    throw new HandshakeFailedError(this.done + 1, reason);
  }

  /** If the length is not the usual one: what was expected, and what a peer would have to be to send this. */
  private lengthHint(length: number): string {
    const expected = this.lengths[this.done];
    if (length === expected) return '';
    const others = messagesOfLength(length);
    const hint =
      others.length === 0
        ? ''
        : `, the length of ${others.join(' and ')}: check the pattern and role of both sides`;
    return `: expected ${expected} bytes, received ${length}${hint}`;
  }

  private verifyTurn(writing: boolean): void {
    if (this.over) throw new TypeError('the handshake is over');
    if (this.sends !== writing)
      throw new TypeError(`it is ${writing ? "the remote's" : "this side's"} turn to write`);
  }
}
