import { AsyncSubject, type Observable, Subject, Subscription, takeUntil } from 'rxjs';
import { ChannelClosedError, ChannelRejectedError, LimitExceededError } from '../errors.js';
import type { ChannelDefinition, ProtocolMessage } from './ChannelDefinition.js';
import type { AnyCodec, CloseReason, MuxChannel, MuxState } from './MuxState.js';

export type { ChannelDefinition, ProtocolMessage } from './ChannelDefinition.js';

/**
 * A channel of any protocol as a Subject of its messages, typed by the codecs of its definition.
 *
 * - `next` sends `{ type, value }`; the value is encoded before it returns, and a value that cannot be encoded throws.
 *   Messages may be sent before the remote opened the channel: a Protomux peer keeps them. What is sent before this side
 *   opened it waits, by reference, at most `limits.maxPendingMessages` of them.
 * - Subscribers get what the remote sends. Byte arrays in a value may be views of the payload it came in. Losing the
 *   last subscriber closes nothing.
 * - `complete()` closes the channel, `error(e)` does too and tells the subscribers here `e`. A close by the remote
 *   completes it.
 * - It errors with `ERR_CHANNEL_REJECTED` if the remote does not have it, `ERR_CHANNEL_CLOSED` if the connection ends
 *   before it (with its error as `cause`), `ERR_LIMIT_EXCEEDED` if too much waits.
 *
 * After the end `next` does nothing, as on any Subject.
 *
 * @example
 * ```ts
 * const chat = mux.channel({ protocol: 'example/chat', messages: { say: text } });
 * chat.subscribe(({ type, value }) => console.log(type, value));
 * chat.next({ type: 'say', value: 'hello' });
 * ```
 *
 * @public
 */
export class ProtocolChannel<M extends object, H = void> extends Subject<ProtocolMessage<M>> {
  readonly protocol: string;
  readonly id: Uint8Array | null;
  /** Whether the link takes more without queueing; completes with the channel. */
  readonly drained: Observable<boolean>;
  private readonly wire: MuxChannel<H>;
  private readonly openedSubject = new AsyncSubject<H>();
  private readonly over = new AsyncSubject<void>();
  private readonly names: readonly string[];
  private readonly numbers = new Map<string, number>();
  private readonly greeting: H | undefined;
  /** What was sent before this side opened the channel; null from then on. */
  private pending: ProtocolMessage<M>[] | null = [];
  /** The wire is done. */
  private ended = false;
  /** The subscribers are: before the wire, if it was completed before it was open. */
  private finished = false;
  private failure: { readonly error: unknown } | null = null;

  /**
   * @param drained - whether the link of `mux` takes more; replays its value
   * @param stopReading - stops reading from that link until the result is unsubscribed
   * @throws TypeError if a channel for the key is open and `unique` does not allow another, if the multiplexer is
   * destroyed, or if a message has the name of an array index; LimitExceededError (`maxChannels`).
   * @internal
   */
  constructor(
    private readonly mux: MuxState,
    definition: ChannelDefinition<M, H>,
    drained: Observable<boolean>,
    private readonly stopReading: () => Subscription = () => Subscription.EMPTY,
  ) {
    super();
    const { messages, greeting, protocol, id = null, ...rest } = definition;
    this.names = Object.keys(messages);
    for (const name of this.names) {
      if (/^(0|[1-9]\d*)$/.test(name)) throw new TypeError(`a message type cannot be named ${name}`);
      this.numbers.set(name, this.numbers.size);
    }
    const wire = mux.createChannel<H>({
      ...rest,
      protocol,
      id,
      messages: Object.values(messages) as (AnyCodec | null)[],
      handlers: {
        onopen: handshake => this.announce(handshake),
        onmessage: (number, value) => this.receive(number, value),
        onclose: (_isRemote, reason) => this.end(reason),
      },
    });
    if (wire === null) {
      throw new TypeError(
        mux.destroyed ? 'the connection has ended' : `a channel ${protocol} is open already`,
      );
    }
    this.wire = wire;
    this.protocol = wire.protocol;
    this.id = wire.id;
    this.greeting = greeting;
    this.drained = drained.pipe(takeUntil(this.over));
  }

  /** Emits the remote's handshake once both sides opened the channel, then completes; ends as the channel if it ends before. */
  get opened(): Observable<H> {
    return this.openedSubject.asObservable();
  }

  /** Whether both sides opened it and neither closed it. */
  get isOpen(): boolean {
    return this.wire.opened;
  }

  /**
   * Opens it on the wire, which whoever made the channel does, and sends what waits. Once.
   *
   * @throws what the codec of the handshake throws. A waiting message that cannot be encoded ends the channel instead.
   * @internal
   */
  open(greeting: H | undefined = this.greeting): void {
    const { pending } = this;
    if (pending === null) return;
    this.wire.open(greeting);
    this.pending = null;
    this.mux.cork();
    try {
      for (const message of pending) this.transmit(message);
    } catch (error) {
      this.error(error);
    } finally {
      this.mux.uncork();
    }
    if (this.finished) this.wire.close(); // completed before it was open
  }

  override next(message: ProtocolMessage<M>): void {
    this.send(message);
  }

  /**
   * Like `next`, and tells whether the link takes more without queueing; if not, {@link ProtocolChannel.drained} tells
   * when. What leaves in one turn is gathered, so the answer is that of the payloads before.
   */
  send(message: ProtocolMessage<M>): boolean {
    if (this.finished) return false;
    if (this.pending === null) return this.transmit(message);
    this.hold(this.pending, message);
    return false;
  }

  /** Stops reading from the connection, and so from every channel on it, until the result is unsubscribed. */
  pause(): Subscription {
    return this.stopReading();
  }

  /** Sends messages one behind the other, gathered as far as one payload takes them. */
  sendBatch(messages: Iterable<ProtocolMessage<M>>): void {
    this.mux.cork();
    try {
      for (const message of messages) this.next(message);
    } finally {
      this.mux.uncork();
    }
  }

  override complete(): void {
    if (this.finished) return;
    if (this.pending === null || this.pending.length === 0) this.wire.close();
    else this.finish(); // what waits still leaves when the channel opens
  }

  override error(error: unknown): void {
    if (this.finished) return;
    this.failure = { error };
    this.wire.close();
  }

  /** Closes the channel and drops every subscriber without telling them. */
  override unsubscribe(): void {
    this.ended = this.finished = true;
    this.pending = null;
    this.wire.close();
    this.over.next();
    this.over.complete();
    this.openedSubject.complete();
    super.unsubscribe();
  }

  private transmit(message: ProtocolMessage<M>): boolean {
    const { type, value } = message as { readonly type: string; readonly value: unknown };
    return this.wire.send(this.numberOf(type), value);
  }

  private numberOf(type: string): number {
    const number = this.numbers.get(type);
    if (number === undefined) throw new TypeError(`${this.protocol} has no message type ${type}`);
    return number;
  }

  private hold(pending: ProtocolMessage<M>[], message: ProtocolMessage<M>): void {
    this.numberOf((message as { readonly type: string }).type);
    const { maxPendingMessages } = this.mux.limits;
    if (pending.length < maxPendingMessages) pending.push(message);
    else
      this.error(
        new LimitExceededError('maxPendingMessages', maxPendingMessages, pending.length + 1, 'channel'),
      );
  }

  private announce(handshake: H): void {
    this.openedSubject.next(handshake);
    this.openedSubject.complete();
  }

  private receive(number: number, value: unknown): void {
    if (!this.finished) super.next({ type: this.names[number], value } as ProtocolMessage<M>);
  }

  /** The one way out of the wire. */
  private end(reason: CloseReason): void {
    if (this.ended) return;
    this.ended = true;
    this.pending = null;
    if (reason === 'rejected') this.failure = { error: new ChannelRejectedError() };
    else if (reason === 'destroyed') this.failure = { error: new ChannelClosedError(this.mux.cause) };
    this.finish();
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    const { failure } = this;
    this.over.next();
    this.over.complete();
    if (failure === null) {
      this.openedSubject.complete();
      super.complete();
    } else {
      this.openedSubject.error(failure.error);
      super.error(failure.error);
    }
  }
}
