import type { ObservableInput, SchedulerLike } from 'rxjs';
import type { SecureOptions } from './SecureOptions.js';

/**
 * Whether the remote with this public key (32 bytes) is welcome. False, no answer at all, and an error mean no.
 *
 * @public
 */
export type Authorizer = (remotePublicKey: Uint8Array) => ObservableInput<boolean> | boolean;

/** How a link is secured, and what it waits for. @public */
export interface SecureLinkOptions extends Omit<SecureOptions, 'holdForAuthorizer'> {
  /**
   * Asked once the remote has proved its key and before anything else is sent. The time it takes counts within
   * `limits.handshakeTimeoutMs`; the transport is paused meanwhile, if it can be.
   */
  readonly authorize?: Authorizer;
  /** Runs every timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** What the synchronous machine under a link is to do. @internal */
export function stateOptionsOf(options: SecureLinkOptions): SecureOptions {
  // Nearly always as they are: there is one such object for each connection.
  return options.authorize === undefined ? options : { ...options, holdForAuthorizer: true };
}
