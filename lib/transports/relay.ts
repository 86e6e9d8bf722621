import { asyncScheduler, Observable, type SchedulerLike, Subscription } from 'rxjs';
import {
  LimitExceededError,
  TimeoutExceededError,
  TransportClosedError,
  TransportFailedError,
} from '../errors.js';
import type { Transport } from './Transport.js';
import { verifyTimeout } from './verifyTimeout.js';
import { verifySize } from './waterMarks.js';

/** How two transports are joined. @public */
export interface RelayOptions {
  /** How long the second direction may take to end after the first did, in milliseconds; 5,000 by default, 0 for ever. */
  readonly closeTimeoutMs?: number;
  /**
   * Bytes that may wait to leave in one direction, because the transport they came from cannot be stopped; 67,108,864 by
   * default. More of them end both with `ERR_LIMIT_EXCEEDED`.
   */
  readonly maxOutboundBytes?: number;
  /** Runs the timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * Carries the bytes of each of two transports to the other, as they are: a page's port to a worker's socket, a WebSocket
 * to a TCP connection. Who cannot take more stops the one that sends.
 *
 * Emits nothing. Completes when both directions have ended; fails with what one of them failed with
 * (`ERR_TRANSPORT_FAILED` if it throws what it is given), and the other is
 * torn down with the same error; fails with `ERR_TIMEOUT` if only one of them ends, and with `ERR_LIMIT_EXCEEDED` if one
 * sends more than the other takes and cannot be stopped. Unsubscribing tears down both.
 *
 * @throws RangeError at once for numbers that make no sense.
 * @public
 */
export function relay(a: Transport, b: Transport, options: RelayOptions = {}): Observable<never> {
  const { scheduler = asyncScheduler } = options;
  const closeTimeoutMs = verifyTimeout('closeTimeoutMs', options.closeTimeoutMs ?? 5_000);
  const maxOutboundBytes = verifySize('maxOutboundBytes', options.maxOutboundBytes ?? 0x4000000);
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
      /** What was given since the sink took no more: of a sink that does not count itself, this is all one knows. */
      let crowdingBytes = 0;
      let crowded = false;
      links.add(
        source.subscribe({
          next: chunk => {
            try {
              sink.next(chunk);
            } catch (error) {
              return fail(new TransportFailedError(error));
            }
            if (crowded) crowdingBytes += chunk.length;
            const queued = sink.queuedBytes ?? crowdingBytes;
            if (queued > maxOutboundBytes)
              fail(new LimitExceededError('maxOutboundBytes', maxOutboundBytes, queued));
          },
          error: fail,
          complete: () => {
            sink.complete();
            inOrder = --open === 0;
            if (inOrder) return subscriber.complete();
            if (closeTimeoutMs === 0) return;
            const late = (): void => fail(new TimeoutExceededError('close', closeTimeoutMs));
            links.add(scheduler.schedule(late, closeTimeoutMs));
          },
        }),
      );
      links.add(
        sink.writable?.subscribe(writable => {
          crowded = !writable;
          crowdingBytes = 0;
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
