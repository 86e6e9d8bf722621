import type { Unsubscribable } from 'rxjs';

/**
 * What can be asked not to read from its link for a while: a {@link Channel}, a {@link ProtocolChannel}, a
 * {@link Protocol}, the blocks of a core or log.
 *
 * @public
 */
export interface Pausable {
  /** Stops reading until the result is unsubscribed. Who asks is counted. */
  pause(): Unsubscribable;
}

/** When a slow consumer stops the remote, and when it lets it go on. @public */
export interface PressureOptions {
  /** Values waiting at which reading from the link stops; 64 by default. */
  readonly highWaterMark?: number;
  /** Values waiting at which it goes on; half of the other by default, rounded down. */
  readonly lowWaterMark?: number;
}
