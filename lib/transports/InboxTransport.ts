import { BehaviorSubject, Observable, type Observer, type Subscriber } from 'rxjs';
import { LimitExceededError } from '../errors.js';
import { Turn } from './Turn.js';

/**
 * The receiving half of a transport whose link hands over chunks whenever it likes: what comes while nobody is subscribed,
 * or while the reader has paused, waits here, up to a limit. Sending is up to the subclass.
 *
 * @internal
 */
export abstract class InboxTransport extends Observable<Uint8Array> implements Observer<Uint8Array> {
  readonly writable = new BehaviorSubject(true);
  private readonly inbox: Uint8Array[] = [];
  /** Where the oldest chunk of the inbox is. */
  private first = 0;
  private inboxBytes = 0;
  private subscriber: Subscriber<Uint8Array> | null = null;
  private paused = false;
  private delivering = false;
  private scheduled = false;
  private outcome: { readonly error?: unknown } | null = null;
  /** Reading goes on in a turn of its own: `resume` is often called amid the handling of a chunk. */
  private readonly turn = new Turn(undefined, () => {
    this.scheduled = false;
    this.deliver();
  });

  protected constructor(private readonly maxInboundBytes: number) {
    super(subscriber => {
      if (this.subscriber !== null) throw new TypeError('a transport has one subscriber at a time');
      this.subscriber = subscriber;
      this.regulate();
      this.wake();
      return () => {
        this.subscriber = null;
        this.regulate();
      };
    });
  }

  abstract next(chunk: Uint8Array): void;
  abstract complete(): void;
  abstract error(cause: unknown): void;

  pause(): void {
    this.paused = true;
    this.regulate();
  }

  resume(): void {
    this.paused = false;
    this.regulate();
    this.wake();
  }

  /** Whether somebody reads; changes are told to links that can stop. */
  protected reading(_reading: boolean): void {}

  /** Bytes were handed to the reader. */
  protected taken(_bytes: number): void {}

  /** The link failed by the remote's doing, without waiting for what came before to be read. */
  protected overflow(error: unknown): void {
    this.discard();
    this.paused = false;
    this.settle({ error });
    this.error(error);
  }

  /** A chunk has come. */
  protected receive(chunk: Uint8Array): void {
    if (this.outcome !== null || chunk.length === 0) return;
    const { subscriber } = this;
    if (subscriber !== null && !this.paused && !this.delivering && this.inboxBytes === 0) {
      this.delivering = true;
      subscriber.next(chunk);
      this.delivering = false;
      this.taken(chunk.length);
      // What came while the reader was busy with this.
      if (this.inboxBytes > 0 || this.outcome !== null) this.wake();
      return;
    }
    this.inbox.push(chunk);
    this.inboxBytes += chunk.length;
    const { maxInboundBytes, inboxBytes } = this;
    if (inboxBytes > maxInboundBytes) {
      this.overflow(new LimitExceededError('maxInboundBytes', maxInboundBytes, inboxBytes));
    }
  }

  /** The link has ended, in order or with an error; told once everything before it was read. */
  protected settle(outcome: { readonly error?: unknown }): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    if (!this.delivering) this.deliver();
  }

  /** Drops what nobody read. */
  protected discard(): void {
    this.inbox.length = 0;
    this.first = 0;
    this.inboxBytes = 0;
  }

  /**
   * This side tears the link down: nothing more is emitted. The reader is told in a turn of its own, when whoever did it
   * has let go; most have then left, and are spared an error that is of their own making.
   */
  protected abandon(): void {
    this.discard();
    if (this.outcome !== null) return;
    this.outcome = {};
    this.wake();
  }

  /** Whether the link has ended. */
  protected get settled(): boolean {
    return this.outcome !== null;
  }

  private regulate(): void {
    if (this.outcome === null) this.reading(this.subscriber !== null && !this.paused);
  }

  private wake(): void {
    if (this.scheduled || this.subscriber === null) return;
    this.scheduled = true;
    this.turn.schedule();
  }

  private deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    while (this.subscriber !== null && !this.paused && this.first < this.inbox.length) {
      const chunk = this.inbox[this.first++];
      this.inboxBytes -= chunk.length;
      if (this.first === this.inbox.length) this.discard();
      this.subscriber.next(chunk);
      this.taken(chunk.length);
    }
    this.delivering = false;
    if (this.inbox.length > 0 || this.paused || this.outcome === null) return;
    if ('error' in this.outcome) this.subscriber?.error(this.outcome.error);
    else this.subscriber?.complete();
  }
}
