import { Observable, Subscription } from 'rxjs';
import type { Transport } from '../../lib/transports/Transport.js';

/** How many are subscribed to something, now and ever. */
export interface Count {
  now: number;
  ever: number;
}

function counted<T>(source: Observable<T>, count: Count): Observable<T> {
  return new Observable<T>(subscriber => {
    count.now++;
    count.ever++;
    const subscription = source.subscribe(subscriber);
    return new Subscription(() => {
      count.now--;
      subscription.unsubscribe();
    });
  });
}

/** The same transport, of which the subscriptions are counted. */
export function countedTransport(transport: Transport, chunks: Count, writable: Count): Transport {
  return Object.assign(
    counted(new Observable<Uint8Array>(subscriber => transport.subscribe(subscriber)), chunks),
    {
      next: (chunk: Uint8Array) => transport.next(chunk),
      complete: () => transport.complete(),
      error: (error: unknown) => transport.error(error),
      pause: () => transport.pause?.(),
      resume: () => transport.resume?.(),
      ...(transport.writable !== undefined && { writable: counted(transport.writable, writable) }),
    },
  );
}
