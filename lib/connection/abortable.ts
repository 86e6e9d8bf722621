import { type MonoTypeOperatorFunction, Observable, Subject, takeUntil } from 'rxjs';

/**
 * Passes its source on until the signal is aborted; then unsubscribes from it and errors with the signal's reason, as
 * `fetch` rejects. Put it behind {@link hypercoreProtocol} and an abort tears the connections down, behind
 * {@link sendTo} and it stops sending.
 *
 * Completes and errors with its source. With a signal that is aborted already it errors at once, and the source is not
 * subscribed. The listener on the signal goes with the subscription.
 *
 * @example
 * ```ts
 * tcpConnect({ port: 8000 })
 *   .pipe(hypercoreProtocol({ initiator: true }), abortable(signal), switchMap(protocol => protocol.open(key)))
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @public
 */
export function abortable<T>(signal: AbortSignal): MonoTypeOperatorFunction<T> {
  return source =>
    new Observable<T>(subscriber => {
      const stop = new Subject<void>();
      const abort = (): void => {
        stop.next(); // the source is released before anybody is told
        subscriber.error(signal.reason);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort);
      // Before the source is subscribed: a synchronous one is to stop with its consumer.
      subscriber.add(() => {
        signal.removeEventListener('abort', abort);
        stop.next();
      });
      source.pipe(takeUntil(stop)).subscribe({
        next: value => subscriber.next(value),
        error: error => subscriber.error(error),
        complete: () => {
          if (!signal.aborted) subscriber.complete();
        },
      });
      return undefined;
    });
}
