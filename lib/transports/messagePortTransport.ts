import { asyncScheduler, Observable, type SchedulerLike, Subscription } from 'rxjs';
import { TimeoutExceededError, TransportClosedError, TransportFailedError } from '../errors.js';
import { isWindow, MessagePortLink, type MessagePortLike } from './MessagePortLink.js';
import type { ErrorEventLike, EventLike } from './EventSourceLike.js';
import type { Transport } from './Transport.js';
import { verifyTimeout } from './verifyTimeout.js';

export type { MessagePortLike };

/** How two ends of a port speak. @public */
export interface MessagePortOptions {
  /**
   * The name of this end and of the other one. Where others use the same port, as on a `BroadcastChannel`, each pair of
   * ends needs names of its own; messages for others are left alone. Both are empty by default.
   */
  readonly local?: string;
  readonly remote?: string;
  /**
   * What the other end may have under way to this one, in bytes, 512 more for each message; 1,048,576 by default. More
   * waits at the other end, and an end that sends more nevertheless fails with `ERR_LIMIT_EXCEEDED`.
   */
  readonly windowBytes?: number;
  /** How long the other end may take to answer, in milliseconds; 10,000 by default, 0 for ever. */
  readonly connectTimeoutMs?: number;
  /** Runs the timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A byte transport over a `MessagePort`, a `Worker`, a worker's own scope or a `BroadcastChannel`, with this function at
 * both ends. A port tells neither how much is under way nor that the other end is gone; so the ends greet each other,
 * tell what they have taken, and say when they end.
 *
 * Emits the transport once the other end has answered, and completes when both directions have ended. Unsubscribing cuts
 * the link, and leaves the port open. Bytes are copied once and the copy is transferred. Errors: `ERR_TIMEOUT` if there is
 * no answer, `ERR_TRANSPORT_FAILED` if a worker's script fails before it answers. The transport fails with
 * `ERR_TRANSPORT_FAILED` if the other end was cut off or began anew. A page or worker that is killed cannot say so in
 * every browser; then `limits.idleTimeoutMs` notices.
 *
 * @example
 * ```ts
 * messagePortTransport(new Worker('/peer.js'))
 *   .pipe(hypercoreProtocol({ initiator: true }), switchMap(protocol => protocol.open(key)))
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @throws RangeError at once for a window that is not from 4,096 to 1,073,741,824 bytes, or a timeout that makes no sense.
 * @public
 */
export function messagePortTransport(
  port: MessagePortLike,
  options: MessagePortOptions = {},
): Observable<Transport> {
  const { local = '', remote = '', scheduler = asyncScheduler } = options;
  const connectTimeoutMs = verifyTimeout('connectTimeoutMs', options.connectTimeoutMs ?? 10_000);
  const { windowBytes = 0x100000 } = options;
  if (!isWindow(windowBytes))
    throw new RangeError('windowBytes must be an integer from 4,096 to 1,073,741,824');
  return new Observable<Transport>(subscriber => {
    const waiting = new Subscription();
    const link = new MessagePortLink(
      port,
      { local, remote, windowBytes },
      {
        met: () => {
          waiting.unsubscribe();
          subscriber.next(link);
        },
        ended: () => subscriber.complete(),
      },
    );
    const onError = (event: EventLike): void => {
      const { message = 'the worker failed' } = event as ErrorEventLike;
      subscriber.error(new TransportFailedError(new Error(message)));
    };
    port.addEventListener('error', onError);
    waiting.add(() => port.removeEventListener('error', onError));
    if (connectTimeoutMs > 0) {
      const late = (): void => subscriber.error(new TimeoutExceededError('connect', connectTimeoutMs));
      waiting.add(scheduler.schedule(late, connectTimeoutMs));
    }
    subscriber.add(() => {
      waiting.unsubscribe();
      link.error(new TransportClosedError('close'));
    });
    link.greet();
  });
}
