import { AsyncSubject, type Observable, Subject, type Subscription } from 'rxjs';
import { LimitExceededError } from '../errors.js';
import type { Codec } from '../encoding/Codec.js';
import { rest } from '../encoding/rest.js';
import { ExtensionNames } from '../messages/ExtensionNames.js';
import { extension, verifyExtensionName } from '../messages/extension.js';
import type { Message } from '../messages/Message.js';
import { wireTypeOf } from '../messages/wireTypes.js';
import { ExtensionSubject } from './ExtensionSubject.js';
import type { LocalSignal } from './LocalSignal.js';

/** The way from a channel to the wire; a channel of the multiplexer is one. @internal */
export interface ChannelWire {
  /** True if the link takes more without queueing. */
  send(messageType: number, value: unknown): unknown;
  close(): void;
}

/** What a channel needs of the protocol it belongs to. @internal */
export interface ChannelHost {
  readonly drained: Observable<boolean>;
  readonly maxPendingMessages: number;
  /** Whether every extension message carries its name, also where it is the one of the message before. */
  readonly namesExtensions?: boolean;
  /** Stops reading from the connection until the result is unsubscribed. */
  pause(): Subscription;
  channelSignal(channel: Channel, signal: LocalSignal): void;
  channelEnded(channel: Channel): void;
}

/**
 * A Hypercore channel: a Subject of typed messages, keyed by discovery key.
 *
 * - `next` sends a message. Before the remote opened the channel and proved that it knows the key nothing leaves:
 *   messages wait, by reference, at most `limits.maxPendingMessages` of them. After the channel ended `next` does
 *   nothing, as on any Subject. A message that cannot be encoded, or that no frame has room for, throws at once.
 * - Subscribers get what the remote sends. Byte arrays inside a message are views of one decrypted payload that nobody
 *   else holds; copy what you keep for long. Losing the last subscriber closes nothing.
 * - `complete()` closes the channel: what waits is still sent once the remote opened it, then the close. A close by
 *   the remote completes it. Both are idempotent.
 * - It errors with `ERR_CHANNEL_REJECTED` (the remote does not have it), `ERR_CAPABILITY` (the remote does not know
 *   the key), `ERR_TIMEOUT` (no answer in `limits.openTimeoutMs`), `ERR_LIMIT_EXCEEDED` (too much sent before it was
 *   open, or too many channels), `ERR_CHANNEL_CLOSED` (the connection failed; `cause` says how).
 *
 * @example
 * ```ts
 * const channel = protocol.open(key);
 * channel.pipe(ofType('data')).subscribe(({ block }) => console.log(block?.value));
 * channel.next(want({ start: 0, length: 32 }));
 * ```
 *
 * @public
 */
export class Channel extends Subject<Message> {
  readonly #key: Uint8Array;
  /** BLAKE2b-256 of the key (32 bytes), by which the remote finds the channel. */
  readonly discoveryKey: Uint8Array;

  private state: 'opening' | 'open' | 'closing' | 'ended' = 'opening';
  private wire: ChannelWire | null = null;
  private pending: Message[] | null = null;
  private readonly names = new ExtensionNames();
  private extensions: Map<string, ExtensionSubject<Uint8Array>> | null = null;
  private openedSubject: AsyncSubject<Channel> | null = null;
  private signalSubject: Subject<LocalSignal> | null = null;
  private ending: Ending | null = null;
  private seeks = true;

  /** @internal */
  constructor(
    key: Uint8Array,
    discoveryKey: Uint8Array,
    private readonly host: ChannelHost,
  ) {
    super();
    this.#key = key;
    this.discoveryKey = discoveryKey;
  }

  /** The key (32 bytes) both sides know; never sent, and in no log or inspection of the channel. */
  get key(): Uint8Array {
    return this.#key;
  }

  /** Whether both sides opened it, the remote proved the key, and neither closed it. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /**
   * Whether the remote answers requests with a seek, as it said when it opened the channel; true until then. The Rust crate does
   * not.
   */
  get remoteSeeks(): boolean {
    return this.seeks;
  }

  /** Emits this channel once it is open, then completes; fails, or completes empty, if it ends before. */
  get opened(): Observable<Channel> {
    if (this.openedSubject === null) {
      this.openedSubject = new AsyncSubject();
      if (this.state === 'open') announce(this.openedSubject, this);
      else if (this.ending !== null) settle(this.openedSubject, this.ending);
    }
    return this.openedSubject.asObservable();
  }

  /** Whether the link takes more without queueing; replays its value. The connection's channels share one link. */
  get drained(): Observable<boolean> {
    return this.host.drained;
  }

  /** Signals from the protocol to its channels; nothing of them crosses the wire. */
  get signals(): Observable<LocalSignal> {
    this.signalSubject ??= new Subject();
    if (this.ending !== null) this.signalSubject.complete();
    return this.signalSubject.asObservable();
  }

  /** Sends a message, or keeps it until the remote proved the key. */
  override next(message: Message): void {
    this.send(message);
  }

  /**
   * Like {@link Channel.next}, and tells whether the link takes more without queueing. If not, {@link Channel.drained}
   * tells when; before the channel is open it does not. What leaves in one turn is gathered, so the answer is that of
   * the payloads before the one that this message joins. {@link sendTo} does the waiting.
   */
  send(message: Message): boolean {
    if (this.state === 'open') return this.transmit(message);
    if (this.state === 'opening') this.hold(message);
    return false;
  }

  /**
   * Sends messages one behind the other: they leave in one batch, as all messages of one turn do. Tells what
   * {@link Channel.send} tells of the last one; false for none.
   */
  sendBatch(messages: Iterable<Message>): boolean {
    let drained = false;
    for (const message of messages) drained = this.send(message);
    return drained;
  }

  /**
   * Stops reading from the connection, and with it from every channel on it, until the result is unsubscribed: the
   * remote feels it as back-pressure. Who asks is counted. Messages of the payload that is being read still arrive.
   * {@link paced} and {@link pullFrom} do this for a slow consumer.
   */
  pause(): Subscription {
    return this.host.pause();
  }

  /**
   * The extension of that name, the same Subject for the same name (the codec of the first call holds); without a codec
   * its values are plain bytes.
   *
   * @throws RangeError for a name that cannot be sent: empty, or longer than 1,024 bytes.
   */
  extension(name: string): Subject<Uint8Array>;
  extension<T>(name: string, codec: Codec<T>): Subject<T>;
  extension(name: string, codec: Codec<Uint8Array> = rest): Subject<Uint8Array> {
    verifyExtensionName(name);
    this.extensions ??= new Map();
    const existing = this.extensions.get(name);
    if (existing !== undefined) return existing;
    const created = new ExtensionSubject(
      name,
      codec,
      (sentName, payload) => this.next(extension({ name: sentName, payload })),
      () => this.extensions?.delete(name),
    );
    if (this.ending !== null) settle(created, this.ending);
    else this.extensions.set(name, created);
    return created;
  }

  /** Tells the protocol something: it appears as a `local-signal` event there. */
  signal(name: string, data?: unknown): void {
    if (this.state !== 'ended') this.host.channelSignal(this, { name, data });
  }

  /** Closes the channel. */
  close(): void {
    this.complete();
  }

  override complete(): void {
    if (this.ending !== null) return;
    if (this.state === 'opening' && this.pending !== null) {
      this.state = 'closing';
      this.stop({ failed: false });
    } else this.finish({ failed: false }, true);
  }

  /** Closes the channel and fails its subscribers with `error`. */
  override error(error: unknown): void {
    this.finish({ failed: true, error }, true);
  }

  /** Closes the channel and lets go of every subscriber. */
  override unsubscribe(): void {
    this.complete();
    super.unsubscribe();
  }

  /** @internal */
  attach(wire: ChannelWire): void {
    this.wire = wire;
  }

  /** The remote proved the key: what waited leaves. @internal */
  remoteOpened(seeks = true): void {
    if (this.state === 'open' || this.state === 'ended') return;
    this.seeks = seeks;
    const pending = this.pending ?? [];
    const wasClosing = this.state === 'closing';
    this.pending = null;
    this.state = 'open';
    try {
      for (const message of pending) this.transmit(message);
    } catch (error) {
      return this.error(error); // one of them cannot be encoded: a mistake on this side, not the connection's
    }
    if (wasClosing) this.finish({ failed: false }, true);
    else if (this.openedSubject !== null) {
      const { openedSubject } = this;
      this.openedSubject = null; // whoever asks later gets another
      announce(openedSubject, this);
    }
  }

  /** @internal */
  receiveSignal(signal: LocalSignal): void {
    this.signalSubject?.next(signal);
  }

  /** The channel is over: fails with `error` if there is one, else completes. Sends nothing. @internal */
  end(...error: [] | [unknown]): void {
    this.finish(error.length === 0 ? { failed: false } : { failed: true, error: error[0] }, false);
  }

  /** What the remote said. @internal */
  receive(message: Message): void {
    if (this.state !== 'open') return;
    if (message.type !== 'extension') {
      super.next(message);
      return;
    }
    const name = this.names.decodeName(message.name);
    super.next(name === message.name ? message : extension({ name, payload: message.payload }));
    this.extensions?.get(name)?.receive(message.payload);
  }

  private transmit(message: Message): boolean {
    const value =
      message.type === 'extension'
        ? extension({ name: this.nameOnWire(message.name), payload: message.payload })
        : message;
    return this.wire?.send(wireTypeOf(message.type), value) === true;
  }

  private nameOnWire(name: string): string {
    if (this.host.namesExtensions !== true) return this.names.encodeName(name);
    verifyExtensionName(name);
    return name;
  }

  private hold(message: Message): void {
    this.pending ??= [];
    const { maxPendingMessages } = this.host;
    if (this.pending.length >= maxPendingMessages) {
      this.error(
        new LimitExceededError('maxPendingMessages', maxPendingMessages, this.pending.length + 1, 'channel'),
      );
    } else this.pending.push(message);
  }

  /** Ends what subscribers see, once. */
  private stop(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = ending;
    const extensions = [...(this.extensions?.values() ?? [])];
    this.extensions?.clear();
    if (ending.failed) super.error(ending.error);
    else super.complete();
    for (const subject of extensions) settle(subject, ending);
    if (this.openedSubject !== null) settle(this.openedSubject, ending);
    this.signalSubject?.complete();
  }

  /** The one way out. The wire is closed before anybody is told, so that whoever hears of it may open the key anew. */
  private finish(ending: Ending, closes: boolean): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.pending = null;
    const { wire } = this;
    this.wire = null;
    if (closes) wire?.close();
    this.host.channelEnded(this);
    this.stop(ending);
  }
}

/** How a channel ended, kept for whoever asks later. */
type Ending = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

function settle(subject: { error(error: unknown): void; complete(): void }, ending: Ending): void {
  if (ending.failed) subject.error(ending.error);
  else subject.complete();
}

function announce(subject: Subject<Channel>, channel: Channel): void {
  subject.next(channel);
  subject.complete();
}
