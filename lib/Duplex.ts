import type { Observable, Observer } from 'rxjs';

/**
 * Both directions of a link as one value: subscribe to receive, call `next` to send.
 *
 * Any Subject is a `Duplex`, and so is a `WebSocketSubject`. `complete()` ends the sending side in order,
 * `error()` tears the link down.
 *
 * @public
 */
export type Duplex<T> = Observable<T> & Observer<T>;
