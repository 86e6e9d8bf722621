import { asyncScheduler, Observable, type SchedulerLike, Subscription } from 'rxjs';
import { TimeoutExceededError, TransportClosedError } from '../errors.js';
import type { Transport } from './Transport.js';

/** How two transports are joined. @public */
export interface RelayOptions {
  /** How long the second direction may take to end after the first did, in milliseconds; 5,000 by default. */
  readonly closeTimeoutMs?: number;
  /** Runs the timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Carries the bytes of each of two transports to the other, as they are: a page's port to a worker's socket, a WebSocket
 * to a TCP connection. Who cannot take more stops the one that sends.
 *
 * Emits nothing. Completes when both directions have ended; fails with what one of them failed with, and the other is
 * torn down with the same error; fails with `ERR_TIMEOUT` if only one of them ends. Unsubscribing tears down both.
 *
 * @public
 */
export function relay(a: Transport, b: Transport, options: RelayOptions = {}): Observable<never> {
  const { closeTimeoutMs = 5_000, scheduler = asyncScheduler } = options;
  return new Observable<never>(subscriber => {
    const links = new Subscription();
    let open = 2;
    let inOrder = false;
    let reason: unknown = new TransportClosedError('close');
    const fail = (error: unknown): void => {
      reason = error;
      subscriber.error(error);
    };
    const carry = (source: Transport, sink: Transport): void => {
      if (subscriber.closed) return;
      links.add(
        source.subscribe({
          next: chunk => sink.next(chunk),
          error: fail,
          complete: () => {
            sink.complete();
            inOrder = --open === 0;
            if (inOrder) return subscriber.complete();
            links.add(
              scheduler.schedule(
                () => fail(new TimeoutExceededError('close', closeTimeoutMs)),
                closeTimeoutMs,
              ),
            );
          },
        }),
      );
      links.add(
        sink.writable?.subscribe(writable => {
          if (writable) source.resume?.();
          else source.pause?.();
        }),
      );
    };
    subscriber.add(() => {
      links.unsubscribe();
      if (inOrder) return;
      a.error(reason);
      b.error(reason);
    });
    carry(a, b);
    carry(b, a);
  });
}
