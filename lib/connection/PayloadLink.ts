import type { Observable, Unsubscribable } from 'rxjs';
import type { LinkOwner } from '../secret/LinkOwner.js';
import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';

/**
 * What a {@link Protocol} runs on: whole payloads both ways, from a {@link SecureLink} or from a connection that
 * somebody else encrypted and framed.
 *
 * Subscribing starts it; unsubscribing tears it down.
 *
 * @internal
 */
export interface PayloadLink extends Observable<Uint8Array> {
  readonly session: Session | null;
  /** Emits once payloads may be sent; null where there is no session because the handshake is switched off. */
  readonly opened: Observable<Session | null>;
  readonly writable: Observable<boolean>;
  /** The same for the owner of the link, who stops watching when it ends. */
  watchWritable(next: (writable: boolean) => void): Unsubscribable;
  /** Instead of a subscription, where the link can do without: starts it for one owner. {@link PayloadLink.cut} tears down. */
  serve?(owner: LinkOwner): void;
  cut?(): void;
  /**
   * Sends `buffer[start, end)`; `HEADROOM` bytes before and `TAILROOM` after it are free to be overwritten.
   */
  sendInPlace(buffer: Uint8Array, start: number, end: number): void;
  /** Whether whatever was sent so far has left, so that its memory may be used again. Absent: nobody knows. */
  readonly allSent?: boolean;
  /** Ends in order: what was sent still leaves. */
  complete(): void;
  /** Tears down at once. */
  error(error: unknown): void;
  pause(): void;
  resume(): void;
  /** Lets go of the transport without ending it. */
  release(): Transport;
}
