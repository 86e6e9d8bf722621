import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex as NodeStream } from 'node:stream';
import { Observable, type ObservableInput, Subscription } from 'rxjs';
import type { WebSocketServer } from 'ws';
import { TransportFailedError } from '../../errors.js';
import type { Transport } from '../Transport.js';
import { verifyTimeout } from '../verifyTimeout.js';
import { verifySize } from '../waterMarks.js';
import { verifyBounds, type WebSocketBounds } from '../WebSocketTransport.js';
import { AcceptedWebSocket } from './AcceptedWebSocket.js';
import { answerOf } from './answerOf.js';
import { originAllowed, type Origins } from './originAllowed.js';

/** Where and for whom to listen. @public */
export interface WebSocketListenOptions extends WebSocketBounds {
  /** The port of a server of its own; 0 lets the system choose, see `listening`. Not together with `server`. */
  readonly port?: number;
  /** For a server of its own: `127.0.0.1` by default, since being reachable from elsewhere is a decision. */
  readonly host?: string;
  /** A server that exists and listens by itself. Its other requests, and upgrades to other paths, are left alone. */
  readonly server?: Server | SecureServer;
  /** The path to answer, without a query; every path by default. */
  readonly path?: string;
  /** The pages that may connect; those of the same host by default. */
  readonly origins?: Origins;
  /** Asked about each request before anything is accepted: a cookie or a token in the query says who it is. */
  readonly authorize?: (request: IncomingMessage) => boolean | ObservableInput<boolean>;
  /** How long `authorize` may take, in milliseconds; 10,000 by default, 0 for ever. */
  readonly authorizeTimeoutMs?: number;
  /** Connections, those that wait for `authorize` included; more are refused. 1,024 by default. */
  readonly maxConnections?: number;
  /** One message of the remote; 16,777,218 by default, a whole frame. Longer ones end the connection. */
  readonly maxPayloadBytes?: number;
  /** Called with the address once a server of its own is bound. */
  readonly listening?: (address: AddressInfo) => void;
}

/** A page that connected, as a byte transport. @public */
export interface AcceptedTransport extends Transport {
  /** The request that became this connection: its headers, its address. */
  readonly request: IncomingMessage;
}

/**
 * Accepts WebSockets, one server for each subscription. Needs the package `ws`.
 *
 * Emits a transport for each connection and never completes by itself. Unsubscribing stops listening and ends every
 * connection it accepted that is still open with code 1001; a server that was given goes on without it. Who may not
 * connect is refused before anything is accepted, with 404 (path), 403 (origin, authorizer), 408 (authorizer too late) or
 * 503 (too many). Nothing is compressed: what is encrypted cannot be, and what is not could be a bomb.
 *
 * Errors: `ERR_TRANSPORT_FAILED` if it cannot listen, or if `ws` is not installed.
 *
 * @example
 * ```ts
 * webSocketListen({ port: 8080, origins: ['https://example.com'] })
 *   .pipe(hypercoreProtocol({ initiator: false }))
 *   .subscribe(protocol => protocol.open(key));
 * ```
 *
 * @throws TypeError or RangeError at once for options that make no sense.
 * @public
 */
export function webSocketListen(options: WebSocketListenOptions): Observable<AcceptedTransport> {
  const { port, host = '127.0.0.1', server: given, path, listening } = options;
  if ((port === undefined) === (given === undefined)) throw new TypeError('give either a port or a server');
  const maxPayloadBytes = verifySize('maxPayloadBytes', options.maxPayloadBytes ?? 0x1000002);
  const maxConnections = verifySize('maxConnections', options.maxConnections ?? 1024);
  const authorizeTimeoutMs = verifyTimeout('authorizeTimeoutMs', options.authorizeTimeoutMs ?? 10_000);
  const bounds = verifyBounds(options);
  return new Observable<AcceptedTransport>(subscriber => {
    const own = given === undefined;
    const server = given ?? createServer((_request, response) => response.writeHead(426).end());
    const open = new Set<AcceptedWebSocket>();
    let upgrading = 0;
    let sockets: WebSocketServer | null = null;

    const accept = (request: IncomingMessage, stream: NodeStream, head: Buffer): void => {
      sockets!.handleUpgrade(request, stream, head, socket => {
        const transport = new AcceptedWebSocket(socket, bounds, request);
        open.add(transport);
        socket.once('close', () => open.delete(transport));
        subscriber.next(transport);
      });
    };

    const onUpgrade = (request: IncomingMessage, stream: NodeStream, head: Buffer): void => {
      if (path !== undefined && request.url?.split('?', 1)[0] !== path) {
        // Somebody else who listens may know the path.
        if (server.listenerCount('upgrade') === 1) refuse(stream, 404);
        return;
      }
      if (open.size + upgrading >= maxConnections) return refuse(stream, 503);
      const undecided = new Subscription();
      const decide = (status: number): void => {
        if (undecided.closed) return;
        undecided.unsubscribe();
        if (status !== 101) refuse(stream, status);
        else if (!subscriber.closed) accept(request, stream, head);
      };
      upgrading++;
      const gone = (): void => decide(400);
      // Only who reads learns that the page has gone away; and until it has its answer it has nothing to say.
      for (const event of GONE) stream.on(event, gone);
      undecided.add(() => {
        upgrading--;
        for (const event of GONE) stream.removeListener(event, gone);
      });
      subscriber.add(undecided);
      undecided.add(() => subscriber.remove(undecided));
      if (authorizeTimeoutMs > 0) {
        undecided.add(bounds.scheduler.schedule(() => decide(408), authorizeTimeoutMs));
      }
      undecided.add(allowed(request, options).subscribe(yes => decide(yes ? 101 : 403)));
    };

    const onFailure = (error: Error): void => subscriber.error(new TransportFailedError(error));
    subscriber.add(() => {
      server.removeListener('upgrade', onUpgrade);
      for (const transport of open) transport.goAway();
      if (!own) return;
      server.close();
      server.closeAllConnections();
    });
    import('ws').then(({ WebSocketServer }) => {
      if (subscriber.closed) return;
      sockets = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload: maxPayloadBytes,
      });
      server.on('upgrade', onUpgrade);
      if (!own) return;
      server.on('error', onFailure);
      server.listen({ port, host }, () => listening?.(server.address() as AddressInfo));
    }, onFailure);
  });
}

/** What the origin and the authorizer say. */
function allowed(
  request: IncomingMessage,
  { origins, authorize }: WebSocketListenOptions,
): Observable<boolean> {
  return answerOf(() => originAllowed(request, origins) && (authorize?.(request) ?? true));
}

const GONE = ['data', 'end', 'error', 'close'];

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  503: 'Service Unavailable',
};

function refuse(stream: NodeStream, status: number): void {
  stream.on('error', () => undefined); // it may be gone already
  const phrase = phrases[status];
  stream.end(`HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  stream.once('finish', () => stream.destroy());
}
