import { Observable, Subscription } from 'rxjs';
import { followProtocol } from './followProtocol.js';
import type { Protocol } from './Protocol.js';

/** Nobody has subscribed to the connection. @public */
export interface IdleState {
  readonly status: 'idle';
}

/** The transport is being dialled. @public */
export interface ConnectingState {
  readonly status: 'connecting';
  /** Attempts since the connection last held, this one included. */
  readonly attempt: number;
}

/** The transport is there; the two sides prove who they are. @public */
export interface HandshakingState {
  readonly status: 'handshaking';
  readonly attempt: number;
  readonly protocol: Protocol;
}

/** Encrypted, both ways. @public */
export interface OpenState {
  readonly status: 'open';
  readonly protocol: Protocol;
  /** The remote's identity (32 bytes); null with the handshake switched off. */
  readonly remotePublicKey: Uint8Array | null;
}

/** Lost, or not reached; the next attempt comes by itself. @public */
export interface WaitingState {
  readonly status: 'waiting';
  /** The attempt that is waited for. */
  readonly attempt: number;
  /** From the loss to that attempt, in milliseconds, unless `paused`. */
  readonly delayMs: number;
  /** Why there is no attempt until it changes: the page is hidden, or the browser offline. Null: the clock runs. */
  readonly paused: 'hidden' | 'offline' | null;
  /** What ended the connection. */
  readonly error: unknown;
}

/** Over, and nobody tries again. @public */
export interface ClosedState {
  readonly status: 'closed';
  /** What ended it; null if it ended in order. */
  readonly error: unknown;
}

/**
 * Where a connection stands. Every value is a new object of plain facts: compare `status` in a template or a `switch`.
 *
 * @public
 */
export type ConnectionState =
  IdleState | ConnectingState | HandshakingState | OpenState | WaitingState | ClosedState;

/**
 * Where a connection stands, as values: the first one comes at once, and how it ends is the last value and no error. So
 * `toSignal` takes it as it is, with `requireSync`.
 *
 * Of what {@link reconnecting} returned it only watches: the state is `idle` until somebody subscribes to the connection.
 * Any other source of protocols it subscribes to, which connects; unsubscribing disconnects. A source that emits several
 * is followed with its latest.
 *
 * @example
 * ```ts
 * const connection = reconnecting(webSocketConnect(() => url).pipe(hypercoreProtocol({ initiator: true })));
 * connectionState(connection).subscribe(state => console.log(state.status));
 * ```
 *
 * @public
 */
export function connectionState(
  connection: Observable<Protocol> & { readonly state?: Observable<ConnectionState> },
): Observable<ConnectionState> {
  if (connection.state !== undefined) return connection.state;
  return new Observable<ConnectionState>(subscriber => {
    subscriber.next({ status: 'connecting', attempt: 1 });
    let following = Subscription.EMPTY;
    let current: Protocol | null = null;
    let failure: unknown = null;
    const close = (error: unknown): void => {
      subscriber.next({ status: 'closed', error });
      subscriber.complete();
    };
    subscriber.add(
      connection.subscribe({
        next: protocol => {
          following.unsubscribe();
          current = protocol;
          subscriber.next({ status: 'handshaking', attempt: 1, protocol });
          following = followProtocol(protocol, {
            open: () =>
              subscriber.next({ status: 'open', protocol, remotePublicKey: protocol.remotePublicKey }),
            ended: error => (failure = error),
          });
          subscriber.add(following);
        },
        error: close,
        complete: () => close(current === null ? null : failure),
      }),
    );
  });
}
