import {
  BehaviorSubject,
  Observable,
  type Observer,
  type SchedulerLike,
  type Subscriber,
  type Subscription,
} from 'rxjs';
import type { Transport } from './Transport.js';
import { Turn } from './Turn.js';

/** How an in-memory pair behaves. @public */
export interface MemoryPairOptions {
  /** When chunks arrive on the other side; a microtask later by default. Inject a test scheduler for marbles. */
  readonly scheduler?: SchedulerLike;
  /** Bytes under way in one direction at which `writable` turns false; 65,536 by default. */
  readonly highWaterMarkBytes?: number;
}

/**
 * Two transports joined in memory: what one is given, the other emits, in order and never synchronously.
 *
 * `complete()` ends one direction, `error()` cuts both: the other side then sees the link fail. The receiver gets the
 * very chunk that was sent, so a sender must not change it afterwards. A connection of this library borrows chunks from its
 * end instead ({@link Transport.lend}), and then the sender may use their memory again ({@link Transport.allSent}).
 *
 * @example
 * ```ts
 * const [here, there] = memoryPair();
 * there.subscribe(chunk => console.log(chunk));
 * here.next(new Uint8Array([1, 2, 3]));
 * ```
 *
 * @public
 */
export function memoryPair(options: MemoryPairOptions = {}): [Transport, Transport] {
  const { scheduler, highWaterMarkBytes = 0x10000 } = options;
  const a = new MemoryEnd(scheduler, highWaterMarkBytes);
  const b = new MemoryEnd(scheduler, highWaterMarkBytes);
  a.remote = b;
  b.remote = a;
  return [a, b];
}

/** One end. Chunks for it wait in `inbox` until it is subscribed, not paused, and a turn of the scheduler has come. */
class MemoryEnd extends Observable<Uint8Array> implements Observer<Uint8Array> {
  remote!: MemoryEnd;
  readonly writable = new BehaviorSubject(true);
  private readonly inbox: Uint8Array[] = [];
  private inboxBytes = 0;
  private ended = false;
  private failure: { readonly cause: unknown } | null = null;
  private subscriber: Subscriber<Uint8Array> | null = null;
  private lending = false;
  private delivering = false;
  /** Whether a subscriber was given a chunk and may have kept it. */
  private gave = false;
  private paused = false;
  private readonly turn: Turn;
  private scheduled = false;
  private stopped = false;

  constructor(
    scheduler: SchedulerLike | undefined,
    private readonly highWaterMarkBytes: number,
  ) {
    super(subscriber => {
      if (this.subscriber !== null) throw new TypeError('a transport has one subscriber at a time');
      this.subscriber = subscriber;
      this.wake();
      return () => (this.subscriber = null);
    });
    this.turn = new Turn(scheduler, () => {
      this.scheduled = false;
      this.deliver();
    });
  }

  /** Bytes under way to the other end. */
  get queuedBytes(): number {
    return this.remote.inboxBytes;
  }

  /** Whether the other end has lent and got back everything it was given from here. */
  get allSent(): boolean {
    const { inbox, delivering, gave } = this.remote;
    return inbox.length === 0 && !delivering && !gave;
  }

  lend(observer: Observer<Uint8Array>): Subscription {
    const free = this.subscriber === null;
    if (free) this.lending = true;
    const subscription = this.subscribe(observer);
    if (free) subscription.add(() => (this.lending = false));
    return subscription;
  }

  next(chunk: Uint8Array): void {
    const { remote } = this;
    if (this.stopped || chunk.length === 0) return;
    remote.inbox.push(chunk);
    remote.inboxBytes += chunk.length;
    if (remote.inboxBytes >= this.highWaterMarkBytes && this.writable.value) this.writable.next(false);
    remote.wake();
  }

  complete(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.remote.ended = true;
    this.remote.wake();
  }

  error(cause: unknown): void {
    this.stopped = true;
    this.inbox.length = 0;
    this.inboxBytes = 0;
    this.remote.stopped = true;
    this.remote.failure ??= { cause: new Error('the other end of the memory pair failed', { cause }) };
    this.remote.wake();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake();
  }

  private wake(): void {
    if (this.scheduled || this.subscriber === null) return;
    this.scheduled = true;
    this.turn.schedule();
  }

  private deliver(): void {
    while (this.subscriber !== null && !this.paused && this.inbox.length > 0) {
      const chunk = this.inbox.shift()!;
      this.inboxBytes -= chunk.length;
      this.gave ||= !this.lending;
      this.delivering = true;
      this.subscriber.next(chunk);
      this.delivering = false;
      if (this.inboxBytes === 0 && !this.remote.writable.value) this.remote.writable.next(true);
    }
    if (this.inbox.length > 0 || this.paused) return;
    if (this.failure !== null) this.subscriber?.error(this.failure.cause);
    else if (this.ended) this.subscriber?.complete();
  }
}
