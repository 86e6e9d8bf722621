import type { Observer, Subscription } from 'rxjs';
import { TcpTransport } from './TcpTransport.js';

/**
 * A TCP socket that hands over what it reads by calling {@link LendingTransport.take} with memory that it will use
 * again. Who lends from it sees that very memory, who subscribes to it gets copies.
 *
 * @internal
 */
export class LendingTransport extends TcpTransport {
  private lending = false;

  lend(observer: Observer<Uint8Array>): Subscription {
    const free = this.subscriber === null;
    if (free) this.lending = true;
    const subscription = this.subscribe(observer);
    if (free) subscription.add(() => (this.lending = false));
    return subscription;
  }

  /** The stream has read this. */
  take(chunk: Uint8Array): void {
    this.subscriber?.next(this.lending ? chunk : chunk.slice());
  }
}
