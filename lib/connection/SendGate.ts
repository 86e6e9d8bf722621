import type { Observable, Subscriber, Unsubscribable } from 'rxjs';
import { ChannelClosedError } from '../errors.js';

/** What messages can be carried into: a {@link Channel}, a {@link ProtocolChannel}. @public */
export interface SendTarget<T> {
  next(message: T): void;
  /** Emits once it can be sent on. */
  readonly opened: Observable<unknown>;
  /** Whether its link takes more without queueing; replays its value. */
  readonly drained: Observable<boolean>;
  subscribe(observer: { error(error: unknown): void; complete(): void }): Unsubscribable;
}

/**
 * The way into a channel for one subscriber: open while the channel is and its link takes more. Its end is the
 * subscriber's.
 *
 * @internal
 */
export class SendGate<M> {
  /** Runs whenever it has opened. */
  onOpen: () => void = () => undefined;
  private channelOpen = false;
  private drained = false;

  constructor(
    private readonly channel: SendTarget<M>,
    private readonly subscriber: Subscriber<M>,
  ) {}

  get isOpen(): boolean {
    return this.channelOpen && this.drained && !this.isClosed;
  }

  /** Whether all of it is over. */
  get isClosed(): boolean {
    return this.subscriber.closed;
  }

  /** Begins to watch the channel. */
  start(): void {
    const { channel, subscriber } = this;
    this.watch(() =>
      channel.subscribe({
        error: error => subscriber.error(error),
        complete: () => subscriber.error(new ChannelClosedError()),
      }),
    );
    // That they fail with the channel was said above.
    const error = (): void => undefined;
    this.watch(() => channel.drained.subscribe({ next: drained => this.turn(drained), error }));
    this.watch(() => channel.opened.subscribe({ next: () => this.turn(this.drained, true), error }));
  }

  /** Hands a message to the channel; false if all is over after it. */
  send(message: M): boolean {
    try {
      this.channel.next(message);
    } catch (error) {
      this.subscriber.error(error); // it cannot be encoded
      return false;
    }
    this.subscriber.next(message);
    return !this.isClosed;
  }

  /** All messages were handed over. */
  complete(): void {
    this.subscriber.complete();
  }

  fail(error: unknown): void {
    this.subscriber.error(error);
  }

  /** Runs `release` when all is over; at once if it is. */
  onClose(release: () => void): void {
    this.subscriber.add(release);
  }

  private watch(subscribe: () => Unsubscribable): void {
    if (!this.isClosed) this.subscriber.add(subscribe());
  }

  private turn(drained: boolean, channelOpen = this.channelOpen): void {
    this.drained = drained;
    this.channelOpen = channelOpen;
    if (this.isOpen) this.onOpen();
  }
}
