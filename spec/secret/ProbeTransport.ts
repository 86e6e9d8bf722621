import {
  Observable,
  type Observer,
  type SchedulerAction,
  type SchedulerLike,
  Subject,
  Subscription,
} from 'rxjs';
import type { Transport } from '../../lib/transports/Transport.js';
import { codeOf } from './wire.js';

/** A transport whose incoming side is given, and that notes what it is told. */
export class ProbeTransport extends Observable<Uint8Array> implements Observer<Uint8Array>, Transport {
  /** Calls other than `next`, in order. */
  readonly calls: string[] = [];
  readonly sent = new Subject<Uint8Array>();
  queuedBytes = 0;
  /** Runs at every chunk that is sent. */
  onNext: (chunk: Uint8Array) => void = () => undefined;
  onComplete: () => void = () => undefined;

  constructor(source: Observable<Uint8Array>) {
    super(subscriber => source.subscribe(subscriber));
  }

  next(chunk: Uint8Array): void {
    this.sent.next(chunk);
    this.onNext(chunk);
  }

  complete(): void {
    this.calls.push('complete');
    this.onComplete();
  }

  error(error: unknown): void {
    this.calls.push(`error ${codeOf(error)}`);
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }
}

/** Virtual time that can be looked into: how many timers wait, and how many were ever set. */
export class Clock implements SchedulerLike {
  time = 0;
  /** How far off the clock on the wall is; timers do not follow it. */
  offset = 0;
  set = 0;
  private readonly waiting = new Set<{ at: number; run: () => void }>();

  get timers(): number {
    return this.waiting.size;
  }

  now(): number {
    return this.time + this.offset;
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    this.set++;
    const subscription = new Subscription(() => this.waiting.delete(entry));
    const entry = {
      at: this.time + delay,
      run: () => {
        this.waiting.delete(entry);
        work.call(subscription as unknown as SchedulerAction<T>, state);
      },
    };
    this.waiting.add(entry);
    return subscription;
  }

  advance(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.waiting].filter(entry => entry.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = until;
  }
}
