import type { Codec, EncodingState } from '../encoding/Codec.js';
import { BadValueError, isHypercoreError } from '../errors.js';
import type { ChannelKey } from './ChannelKeys.js';
import type { AnyCodec, PayloadWriter } from './PayloadWriter.js';
import type { RemoteChannel } from './RemoteTable.js';

/** Why a channel ended: closed here, closed or rejected by the remote, or gone with its connection. @public */
export type CloseReason = 'local' | 'remote' | 'rejected' | 'destroyed';

/** What a channel tells its owner. All of it is called synchronously; handlers may use the multiplexer freely. @public */
export interface MuxChannelHandlers<H> {
  /** The remote opened the channel too; undefined where there is no handshake codec. */
  onopen?(handshake: H): void;
  /** The value may hold views of the payload it came in. */
  onmessage?(messageType: number, value: unknown): void;
  /** The channel ended, once; `isRemote` is false only for an end by `close()`. */
  onclose?(isRemote: boolean, reason: CloseReason): void;
  /** Right after `onclose`. */
  ondestroy?(): void;
  /** The link takes data again. */
  ondrain?(): void;
}

/** A channel to be created. @public */
export interface MuxChannelOptions<H> {
  readonly protocol: string;
  /** Tells channels of one protocol apart; absent, null and empty are the same. */
  readonly id?: Uint8Array | null;
  /** Other names under which the remote may open it. Ours is always sent as `protocol`. */
  readonly aliases?: readonly string[];
  /** Whether `createChannel` refuses a second channel for a key. True by default. */
  readonly unique?: boolean;
  /** What is exchanged when the channel opens. */
  readonly handshake?: Codec<H>;
  /** The message types, numbered by position; null is a number that is not used. */
  readonly messages: readonly (AnyCodec | null)[];
  readonly handlers: MuxChannelHandlers<H>;
}

/** What a channel needs of its multiplexer. @internal */
export interface MuxChannelHost {
  readonly writer: PayloadWriter;
  readonly drained: boolean;
  readonly cursor: EncodingState;
  openChannel<H>(channel: MuxChannel<H>, handshake: H): void;
  closeChannel(channel: MuxChannel<unknown>): void;
}

/**
 * One channel of a multiplexer, made by `MuxState.createChannel`.
 *
 * @public
 */
export class MuxChannel<H = void> {
  readonly protocol: string;
  readonly id: Uint8Array | null;
  /** @internal */
  readonly aliases: readonly string[];
  /** @internal */
  readonly handlers: MuxChannelHandlers<H>;
  /** @internal */
  readonly handshakeCodec: Codec<H> | null;
  /** Own number on the wire, 0 before `open` and after the end. @internal */
  localId = 0;
  /** @internal */
  remote: RemoteChannel | null = null;
  /** The key it is open under, or whose parked open it took. @internal */
  key: ChannelKey | null = null;
  /** @internal */
  greeted = false;
  private ended = false;
  private readonly codecs: readonly (AnyCodec | null)[];

  /** @internal */
  constructor(
    private readonly host: MuxChannelHost,
    options: MuxChannelOptions<H>,
  ) {
    this.protocol = options.protocol;
    this.id = options.id == null || options.id.length === 0 ? null : new Uint8Array(options.id);
    this.aliases = options.aliases ?? none;
    this.handlers = options.handlers;
    this.handshakeCodec = options.handshake ?? null;
    this.codecs = options.messages;
  }

  /** Whether both sides opened it and neither closed it. */
  get opened(): boolean {
    return this.greeted && this.localId !== 0;
  }

  get closed(): boolean {
    return this.ended;
  }

  /**
   * Tells the remote that this side has the channel. Messages may follow at once: a Protomux peer keeps them until it has
   * the channel too (the Rust crate does not). Does nothing once the channel ended.
   *
   * @throws Error if it is open already, LimitExceededError (`maxChannels`) if all ids are taken, and what the handshake
   * codec throws; then nothing was sent.
   */
  open(handshake?: H): void {
    this.host.openChannel(this, handshake as H);
  }

  /**
   * Sends a message; the value is encoded before this returns. Does nothing once the channel ended, and for a number that
   * is not used.
   *
   * @returns whether the link takes more without queueing; false once the channel ended.
   * @throws Error before `open` (Protomux would write to channel 0), RangeError for a type without a codec,
   * FrameTooLargeError for a message that no frame has room for, and what the codec throws; then nothing was sent.
   */
  send(messageType: number, value: unknown): boolean {
    if (this.ended) return false;
    if (this.localId === 0) throw new Error('open the channel before sending on it');
    const codec = this.codecs[messageType];
    if (codec === undefined) throw new RangeError(`the channel has no message type ${messageType}`);
    const { host } = this;
    if (codec !== null) {
      host.writer.message(this.localId, messageType, codec, value);
      host.writer.release();
    }
    return host.drained;
  }

  /** Closes it; what was sent before still arrives. An open of the remote that waits here is rejected. Idempotent. */
  close(): void {
    this.host.closeChannel(this);
  }

  /** The remote's open reached it. @internal */
  greet(buffer: Uint8Array, start: number, end: number): void {
    this.greeted = true;
    const { handshakeCodec } = this;
    const handshake =
      handshakeCodec === null
        ? (undefined as H)
        : this.decode('handshake', handshakeCodec, buffer, start, end);
    this.handlers.onopen?.(handshake);
  }

  /** A message of the remote; types that were not registered are ignored (Protomux). @internal */
  deliver(type: number, buffer: Uint8Array, start: number, end: number): void {
    const codec = type < this.codecs.length ? this.codecs[type] : null;
    if (codec === null) return;
    const value = this.decode('message', codec, buffer, start, end);
    this.handlers.onmessage?.(type, value);
  }

  /** @internal */
  end(isRemote: boolean, reason: CloseReason): void {
    this.handlers.onclose?.(isRemote, reason);
    this.handlers.ondestroy?.();
  }

  /** @internal */
  markEnded(): void {
    this.ended = true;
  }

  private decode<T>(what: string, codec: Codec<T>, buffer: Uint8Array, start: number, end: number): T {
    const { cursor } = this.host;
    cursor.buffer = buffer;
    cursor.start = start;
    cursor.end = end;
    try {
      return codec.decode(cursor);
    } catch (error) {
      if (isHypercoreError(error)) throw error;
      // A codec of somebody else's; its text might quote what it read.
      throw new BadValueError(what, start, 'the codec refused it');
    } finally {
      cursor.buffer = null;
    }
  }
}

const none: readonly string[] = [];
