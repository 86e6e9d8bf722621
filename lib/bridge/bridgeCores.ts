import type { IncomingMessage } from 'node:http';
import { catchError, concatWith, mergeMap, Observable, type ObservableInput, of } from 'rxjs';
import type { KeyPair } from '../crypto/CryptoBackend.js';
import { portableCrypto } from '../crypto/portable/portable.js';
import { checkKeyPair } from '../keys/keyPair.js';
import { webSocketListen, type WebSocketListenOptions } from '../transports/node/webSocketListen.js';
import type { BridgeEvent } from './BridgeEvent.js';
import { bridgeConnection, verifyBridgeBounds } from './bridgeConnection.js';
import { classOf, type Hypercore, type HypercoreClass } from './Hypercore.js';

/** Which cores, where and for whom. @public */
export interface BridgeOptions extends Omit<WebSocketListenOptions, 'authorize'> {
  /** Cores of `hypercore` 10 or 11. A page gets those whose keys it knows. It is looked through at each request. */
  readonly cores?: Iterable<Hypercore>;
  /** Finds a core that is not among `cores`, by its discovery key (32 bytes); null if there is none. */
  readonly lookup?: (discoveryKey: Uint8Array) => Hypercore | null | Promise<Hypercore | null>;
  /** The class of the cores, where `cores` may be empty at first. */
  readonly Hypercore?: HypercoreClass;
  /**
   * Who the bridge is to pages: an Ed25519 key pair, which pages can insist on by `remotePublicKey`. A new one for each
   * connection by default.
   */
  readonly keyPair?: KeyPair;
  /** Asked about each request before the WebSocket is accepted: a cookie or a token says who it is. */
  readonly authorizeRequest?: (request: IncomingMessage) => boolean | ObservableInput<boolean>;
  /** Asked about each page once it proved its key (32 bytes), and before it sees any core. */
  readonly authorize?: (
    remotePublicKey: Uint8Array,
    request: IncomingMessage,
  ) => boolean | ObservableInput<boolean>;
  /** How long the handshake may take, in milliseconds; 15,000 by default, 0 for ever. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Without a byte from the page, in milliseconds; 60,000 by default, 0 for ever. Pages of this library send one every
   * 5,000.
   */
  readonly idleTimeoutMs?: number;
  /** Cores that one connection may ask for, found or not; 1,024 by default. More end it. */
  readonly maxCores?: number;
}

/**
 * Exposes the hypercores of a Node process to pages over WebSocket. Needs the package `ws`.
 *
 * Each page speaks to the cores themselves, by the packages they come from, encrypted from end to end: the bridge only
 * carries bytes. A page is told of no core; it must know the key. Any peer of the Hypercore protocol over WebSocket is
 * served, as responder.
 *
 * Emits what happens, and never completes by itself. One server and set of connections for each subscription;
 * unsubscribing closes them, and leaves the cores and a given server open. What goes wrong with a connection ends that
 * connection alone, and is in its `close` event. Errors: `ERR_TRANSPORT_FAILED` if it cannot listen or `ws` is missing.
 *
 * A page that the authorizer refuses is closed with code 1008, which {@link worthRetry} takes for final.
 *
 * @example
 * ```ts
 * bridgeCores({ cores: [core], port: 8080, origins: ['https://example.com'] }).subscribe(event => console.log(event.type));
 * ```
 *
 * @throws TypeError or RangeError at once for options that make no sense.
 * @public
 */
export function bridgeCores(options: BridgeOptions): Observable<BridgeEvent> {
  const { cores = [], keyPair, authorizeRequest, authorize: _authorize, ...listen } = options;
  if (keyPair !== undefined) checkKeyPair(portableCrypto, keyPair);
  const bounds = verifyBridgeBounds(options);
  const Class = classOf(cores, options.Hypercore);
  const connections = (listening: WebSocketListenOptions['listening']): ReturnType<typeof webSocketListen> =>
    webSocketListen({
      ...listen,
      ...(authorizeRequest !== undefined && { authorize: authorizeRequest }),
      ...(listening !== undefined && { listening }),
    });
  connections(undefined); // complains at once
  return new Observable<BridgeEvent>(subscriber =>
    connections(address => {
      options.listening?.(address);
      subscriber.next({ type: 'listening', address });
    })
      .pipe(
        mergeMap((transport, index) => {
          const connection = index + 1;
          const opened: BridgeEvent = { type: 'connection', connection, request: transport.request };
          return of(opened).pipe(
            concatWith(bridgeConnection(transport, connection, Class, options, bounds)),
            concatWith(of<BridgeEvent>({ type: 'close', connection, error: null })),
            catchError(error => of<BridgeEvent>({ type: 'close', connection, error })),
          );
        }),
      )
      .subscribe(subscriber),
  );
}
