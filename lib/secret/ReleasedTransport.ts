import { BehaviorSubject, Observable, type Observer, type Subscriber } from 'rxjs';
import { LimitExceededError } from '../errors.js';
import type { Transport } from '../transports/Transport.js';

/**
 * A transport that a link has let go of. It is the same link to the remote, and still the same subscription to it, so
 * that no byte is lost between the old owner and the new: what arrives before the new one subscribes is kept for it.
 *
 * @internal
 */
export class ReleasedTransport extends Observable<Uint8Array> implements Observer<Uint8Array> {
  private readonly kept: Uint8Array[] = [];
  private keptBytes = 0;
  private outcome: { readonly error?: unknown } | null = null;
  private subscriber: Subscriber<Uint8Array> | null = null;
  private handedOver = false;
  private delivering = false;

  constructor(
    private readonly transport: Transport,
    private readonly maxKeptBytes: number,
    /** Ends the subscription to the transport. */
    private readonly unsubscribe: () => void,
  ) {
    super(subscriber => this.attach(subscriber));
    transport.pause?.();
  }

  get writable(): Observable<boolean> {
    return this.transport.writable ?? new BehaviorSubject(true);
  }

  get queuedBytes(): number {
    return this.transport.queuedBytes ?? 0;
  }

  next(chunk: Uint8Array): void {
    this.transport.next(chunk);
  }

  complete(): void {
    this.transport.complete();
  }

  error(error: unknown): void {
    this.transport.error(error);
  }

  pause(): void {
    this.transport.pause?.();
  }

  resume(): void {
    if (this.handedOver) this.transport.resume?.();
  }

  /** A chunk from the transport. */
  receive(chunk: Uint8Array): void {
    if (this.handedOver && !this.delivering) {
      this.subscriber?.next(chunk);
      return;
    }
    if (chunk.length === 0 || this.outcome !== null) return;
    this.kept.push(chunk);
    this.keptBytes += chunk.length;
    if (this.keptBytes <= this.maxKeptBytes) return;
    const error = new LimitExceededError('maxEarlyBytes', this.maxKeptBytes, this.keptBytes);
    this.kept.length = 0;
    this.settle({ error });
    this.unsubscribe();
    this.transport.error(error);
  }

  /** The transport's own end: with an error, or in order. */
  settle(outcome: { readonly error?: unknown }): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    if (this.handedOver && !this.delivering) this.finish();
  }

  private attach(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.handedOver) {
      subscriber.add(this.transport.subscribe(subscriber));
      return undefined;
    }
    this.handedOver = this.delivering = true;
    this.subscriber = subscriber;
    for (
      let chunk = this.kept.shift();
      chunk !== undefined && !subscriber.closed;
      chunk = this.kept.shift()
    ) {
      subscriber.next(chunk);
    }
    this.delivering = false;
    this.kept.length = 0;
    if (this.outcome !== null) this.finish();
    else if (!subscriber.closed) this.transport.resume?.();
    return () => {
      this.subscriber = null;
      this.unsubscribe();
    };
  }

  private finish(): void {
    const { outcome } = this;
    if (outcome !== null && 'error' in outcome) this.subscriber?.error(outcome.error);
    else this.subscriber?.complete();
  }
}
