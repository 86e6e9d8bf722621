import {
  asyncScheduler,
  BehaviorSubject,
  Observable,
  type Observer,
  type SchedulerLike,
  Subscription,
} from 'rxjs';
import type { Transport } from '../transports/Transport.js';

/**
 * A transport that lets each chunk travel by itself: the next one leaves only after a moment, so that the remote has read
 * the one before. For remotes that cannot read two frames at once.
 *
 * What waits counts as `queuedBytes`; `complete` lets it leave first, `error` drops it.
 *
 * @internal
 */
export class PacedTransport extends Observable<Uint8Array> implements Observer<Uint8Array> {
  readonly writable = new BehaviorSubject(true);
  private readonly waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private gap = Subscription.EMPTY;
  private resting = false;
  private completing = false;
  private ended = false;

  constructor(
    private readonly transport: Transport,
    private readonly gapMs: number,
    private readonly scheduler: SchedulerLike = asyncScheduler,
  ) {
    super(subscriber => transport.subscribe(subscriber));
  }

  get queuedBytes(): number {
    return this.waitingBytes + (this.transport.queuedBytes ?? 0);
  }

  next(chunk: Uint8Array): void {
    if (this.completing || this.ended) return;
    if (!this.resting) return this.send(chunk);
    this.waiting.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.writable.value) this.writable.next(false);
  }

  complete(): void {
    this.completing = true;
    if (!this.resting) this.finish();
  }

  error(error: unknown): void {
    this.end();
    this.transport.error(error);
  }

  pause(): void {
    this.transport.pause?.();
  }

  resume(): void {
    this.transport.resume?.();
  }

  private send(chunk: Uint8Array): void {
    this.resting = true;
    this.transport.next(chunk);
    this.gap = this.scheduler.schedule(() => this.proceed(), this.gapMs);
  }

  private proceed(): void {
    // Frames that the system has not taken yet would be taken together.
    if ((this.transport.queuedBytes ?? 0) > 0) {
      this.gap = this.scheduler.schedule(() => this.proceed(), this.gapMs);
      return;
    }
    this.resting = false;
    const chunk = this.waiting.shift();
    if (chunk !== undefined) {
      this.waitingBytes -= chunk.length;
      this.send(chunk);
    } else if (this.completing) this.finish();
    else if (!this.writable.value) this.writable.next(true);
  }

  private finish(): void {
    if (this.ended) return;
    this.end();
    this.transport.complete();
  }

  private end(): void {
    this.ended = true;
    this.gap.unsubscribe();
    this.waiting.length = 0;
    this.waitingBytes = 0;
  }
}
