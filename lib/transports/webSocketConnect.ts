import { defer, Observable, Subscription, take } from 'rxjs';
import {
  TimeoutExceededError,
  TransportClosedError,
  TransportFailedError,
  WebSocketClosedError,
} from '../errors.js';
import type { CloseEventLike, ErrorEventLike, EventLike } from './EventSourceLike.js';
import type { Transport } from './Transport.js';
import { verifyTimeout } from './verifyTimeout.js';
import {
  verifyBounds,
  type WebSocketBounds,
  type WebSocketLike,
  WebSocketTransport,
} from './WebSocketTransport.js';

/** The address of a WebSocket, or what gives one for each attempt: `() => url` may fetch a fresh token. @public */
export type WebSocketUrl =
  string | URL | (() => string | URL | Promise<string | URL> | Observable<string | URL>);

/** What makes a {@link WebSocketLike}. @public */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

/** How to dial a WebSocket. @public */
export interface WebSocketConnectOptions extends WebSocketBounds {
  /** Subprotocols to offer. */
  readonly protocols?: string | readonly string[];
  /** What makes the socket; the global `WebSocket` by default, which Node has from release 22 on. */
  readonly WebSocket?: WebSocketConstructor;
  /** How long the address and the connection may take together, in milliseconds; 10,000 by default, 0 for ever. */
  readonly connectTimeoutMs?: number;
}

/**
 * Dials a WebSocket for each subscription, from a page, a worker or Node.
 *
 * The address may be a function: it is asked at each attempt, so that `retry` connects with a fresh token. Emits the
 * transport once the socket is open and completes when it has closed. Unsubscribing closes the socket, and gives up an
 * address that is still being fetched.
 *
 * Errors: `ERR_TRANSPORT_FAILED` if it cannot connect, which is all a browser tells, or if there is no address (`cause` is
 * what the function failed with); `ERR_TIMEOUT` if that takes too long; what the constructor throws for an address that
 * is none; a TypeError where there is no `WebSocket`; `ERR_WEBSOCKET_CLOSED` if it is closed with a code that says why before
 * it is open. The transport later fails with `ERR_WEBSOCKET_CLOSED` and its close code, unless the remote closed in order
 * (1000, 1001 or no code).
 *
 * A WebSocket has no half-close and, in a browser, no way to stop the remote: see {@link WebSocketBounds}.
 *
 * @example
 * ```ts
 * webSocketConnect(() => `wss://example.com/cores?token=${fetchToken()}`)
 *   .pipe(hypercoreProtocol({ initiator: true }), switchMap(protocol => protocol.open(key)))
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @throws RangeError at once for options that make no sense.
 * @public
 */
export function webSocketConnect(
  url: WebSocketUrl,
  options: WebSocketConnectOptions = {},
): Observable<Transport> {
  const { protocols } = options;
  const connectTimeoutMs = verifyTimeout('connectTimeoutMs', options.connectTimeoutMs ?? 10_000);
  const bounds = verifyBounds(options);
  return new Observable<Transport>(subscriber => {
    const Socket = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
    if (Socket === undefined) throw new TypeError('there is no WebSocket here: give one as an option');
    const waiting = new Subscription();
    subscriber.add(waiting);
    if (connectTimeoutMs > 0) {
      waiting.add(
        bounds.scheduler.schedule(
          () => subscriber.error(new TimeoutExceededError('connect', connectTimeoutMs)),
          connectTimeoutMs,
        ),
      );
    }
    const dial = (address: string): void => {
      const socket = new Socket(address, typeof protocols === 'string' ? protocols : [...(protocols ?? [])]);
      // Before it opens: a message that comes first would be a Blob, which can only be read later.
      socket.binaryType = 'arraybuffer';
      let transport: WebSocketTransport | null = null;
      let cause: unknown;
      let closed = false;
      const onOpen = (): void => {
        waiting.unsubscribe();
        transport = new WebSocketTransport(socket, bounds);
        subscriber.next(transport);
      };
      // Stays: `ws` throws what nobody listens to.
      const onError = (event: EventLike): void => void (cause ??= (event as ErrorEventLike).error);
      const onClose = (event: EventLike): void => {
        const { code, reason } = event as CloseEventLike;
        socket.removeEventListener('open', onOpen);
        socket.removeEventListener('close', onClose);
        closed = true;
        if (transport !== null) subscriber.complete();
        else if (code === 1006) subscriber.error(new TransportFailedError(cause));
        else subscriber.error(new WebSocketClosedError(code, reason));
      };
      socket.addEventListener('error', onError);
      socket.addEventListener('open', onOpen);
      socket.addEventListener('close', onClose);
      subscriber.add(() => {
        socket.removeEventListener('open', onOpen);
        socket.removeEventListener('close', onClose);
        if (closed) return; // what came before the end may still be read
        if (transport !== null) transport.error(new TransportClosedError('close'));
        else socket.close();
      });
    };
    let found = false;
    waiting.add(
      addressesOf(url)
        .pipe(take(1))
        .subscribe({
          next: address => {
            found = true;
            try {
              dial(String(address));
            } catch (error) {
              subscriber.error(error); // not an address: a mistake of the caller, not of the network
            }
          },
          error: error => subscriber.error(new TransportFailedError(error)),
          complete: () => {
            if (!found) subscriber.error(new TransportFailedError(new Error('there is no address')));
          },
        }),
    );
  });
}

function addressesOf(url: WebSocketUrl): Observable<string | URL> {
  return defer(() => {
    const given = typeof url === 'function' ? url() : url;
    return typeof given === 'string' || given instanceof URL ? [given] : given;
  });
}
