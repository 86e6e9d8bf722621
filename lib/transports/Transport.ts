import type { Observable, Observer, Unsubscribable } from 'rxjs';
import type { Duplex } from '../Duplex.js';

/**
 * A byte link: subscribe to receive chunks of any size, call `next` to send some.
 *
 * Any `Subject<Uint8Array>` and any `WebSocketSubject<Uint8Array>` is one; everything beyond a {@link Duplex} is
 * optional. `complete()` ends the sending side in order, `error()` tears the link down at once. Who emits a chunk, or is
 * given one, does not write into it afterwards.
 *
 * @public
 */
export interface Transport extends Duplex<Uint8Array> {
  /** Whether the link takes more now; absent: always. Replays its current value. */
  readonly writable?: Observable<boolean>;
  /** Bytes given to `next` that have not left yet. Absent: unknown, taken for none, and `limits.maxOutboundBytes` bounds nothing. */
  readonly queuedBytes?: number;
  /**
   * Whether everything given to `next` has left this process, so that its memory may be used for something else. Absent:
   * nobody knows.
   */
  readonly allSent?: boolean;
  /**
   * Like `subscribe`, but chunks are lent and not given: the memory of each is used anew when `next` has returned. For
   * links that read into one buffer over and over, which spares them memory for every read. Absent: no such thing.
   */
  lend?(observer: Observer<Uint8Array>): Unsubscribable;
  /** Stops reading from the link, so that the remote feels back-pressure. A chunk or two may still arrive. */
  pause?(): void;
  /** Reads on. */
  resume?(): void;
}
