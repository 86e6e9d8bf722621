import { Observable, Subscription } from 'rxjs';
import { type Transport, TransportFailedError } from 'rx-hypercore';
import { FrameDecoder } from 'rx-hypercore/operators';
import type { LinkCondition } from './LinkConditions.js';
import { SLOW_BYTES_PER_SECOND, SlowLane } from './SlowLane.js';

/** Is told what crosses the link. */
export interface FrameWatcher {
  /** A whole frame of so many bytes, its length prefix included. */
  frame(direction: 'in' | 'out', bytes: number): void;
}

/** A transport that can be slowed down and cut off, and that tells of the frames that pass. */
export class WatchedTransport extends Observable<Uint8Array> implements Transport {
  private readonly outbound: SlowLane;

  constructor(
    private readonly inner: Transport,
    conditions: Observable<LinkCondition>,
    watcher: FrameWatcher,
  ) {
    const [sent, received] = [new FrameDecoder(), new FrameDecoder()];
    const tell = (decoder: FrameDecoder, direction: 'in' | 'out', chunk: Uint8Array): void => {
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
        watcher.frame(direction, frame.length + 3);
      }
    };
    const outbound = new SlowLane(chunk => {
      tell(sent, 'out', chunk);
      inner.next(chunk);
    });
    super(subscriber => {
      const inbound = new SlowLane(chunk => {
        tell(received, 'in', chunk);
        subscriber.next(chunk);
      });
      const subscription = new Subscription(() => {
        inbound.clear();
        outbound.clear();
      });
      subscription.add(
        conditions.subscribe(condition => {
          for (const lane of [inbound, outbound])
            lane.setRate(condition === 'slow' ? SLOW_BYTES_PER_SECOND : null);
          if (condition !== 'cut') return;
          const error = new TransportFailedError(new Error('the link was cut'));
          inner.error(error);
          subscriber.error(error);
        }),
      );
      subscription.add(
        inner.subscribe({
          next: chunk => inbound.push(chunk),
          error: error => subscriber.error(error),
          complete: () => {
            inbound.flush();
            subscriber.complete();
          },
        }),
      );
      return subscription;
    });
    this.outbound = outbound;
  }

  get writable(): Observable<boolean> {
    return this.inner.writable!;
  }

  get queuedBytes(): number {
    return this.outbound.queuedBytes + (this.inner.queuedBytes ?? 0);
  }

  next(chunk: Uint8Array): void {
    this.outbound.push(chunk);
  }

  complete(): void {
    this.outbound.flush();
    this.inner.complete();
  }

  error(error: unknown): void {
    this.outbound.clear();
    this.inner.error(error);
  }

  pause(): void {
    this.inner.pause?.();
  }

  resume(): void {
    this.inner.resume?.();
  }
}
