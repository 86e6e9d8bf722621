import type { Observer } from 'rxjs';
import type { Session } from './Session.js';

/**
 * Who has a link for itself and is told everything by plain calls, at a tenth of the memory of subscriptions.
 *
 * @internal
 */
export interface LinkOwner extends Observer<Uint8Array> {
  /** Payloads may be sent. */
  opened(session: Session | null): void;
  /** Whether the transport takes more; told when that changes, true at first. */
  writable(writable: boolean): void;
}
