import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import { TimeoutExceededError, TransportFailedError } from '../errors.js';
import { LendingTransport } from './LendingTransport.js';
import { TcpTransport } from './TcpTransport.js';
import type { Transport } from './Transport.js';

/** Where to dial. @public */
export interface TcpConnectOptions {
  readonly port: number;
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** How long dialling may take, in milliseconds; 10,000 by default, 0 for as long as the system allows. */
  readonly connectTimeoutMs?: number;
}

/** Where to listen. @public */
export interface TcpListenOptions {
  /** 0 lets the system choose; see `listening`. */
  readonly port: number;
  /** `127.0.0.1` by default: being reachable from elsewhere is a decision. */
  readonly host?: string;
  /** Connections waiting to be accepted, and accepted ones; more are refused by closing them. 1,024 by default. */
  readonly maxConnections?: number;
  /** Called with the address once it is bound. */
  readonly listening?: (address: AddressInfo) => void;
}

/**
 * Dials a TCP connection for each subscription.
 *
 * Emits the transport once it is connected and completes when the socket has closed. Unsubscribing destroys the
 * socket. Errors: `ERR_TRANSPORT_FAILED` if it cannot connect, `ERR_TIMEOUT` if that takes too long; what happens to
 * the connection later is the transport's to report.
 *
 * @public
 */
export function tcpConnect(options: TcpConnectOptions): Observable<Transport> {
  const { port, host = '127.0.0.1', connectTimeoutMs = 10_000 } = options;
  return new Observable<Transport>(subscriber => {
    let transport: LendingTransport | null = null;
    const buffer = readBuffer();
    const onread = {
      buffer,
      callback: (bytes: number): boolean => {
        transport?.take(buffer.subarray(0, bytes));
        // A pause right after a resume does not keep Node from reading on; this does.
        return !socket.isPaused();
      },
    };
    const socket = connect({ port, host, noDelay: true, onread });
    // Nothing is read before there is somebody to take it.
    socket.pause();
    const timer =
      connectTimeoutMs === 0
        ? undefined
        : setTimeout(() => {
            subscriber.error(new TimeoutExceededError('connect', connectTimeoutMs));
          }, connectTimeoutMs);
    const onError = (error: Error): void => subscriber.error(new TransportFailedError(error, 'connect'));
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      transport = new LendingTransport(socket);
      socket.removeListener('error', onError);
      socket.once('close', () => subscriber.complete());
      subscriber.next(transport);
    });
    return () => {
      clearTimeout(timer);
      destroy(socket);
    };
  });
}

/**
 * Listens for TCP connections, one server for each subscription.
 *
 * Emits a transport for each connection and never completes by itself. Unsubscribing closes the server and destroys
 * every connection it accepted that is still open. Errors: `ERR_TRANSPORT_FAILED` if it cannot listen.
 *
 * @public
 */
export function tcpListen(options: TcpListenOptions): Observable<Transport> {
  const { port, host = '127.0.0.1', maxConnections = 1024, listening } = options;
  return new Observable<Transport>(subscriber => {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, socket => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      subscriber.next(new TcpTransport(socket));
    });
    server.maxConnections = maxConnections;
    server.on('error', error => subscriber.error(new TransportFailedError(error)));
    server.listen({ port, host }, () => listening?.(server.address() as AddressInfo));
    return () => {
      server.close();
      for (const socket of sockets) destroy(socket);
    };
  });
}

/** Every dialled socket reads into this: what is in it has been taken when the next one reads. */
let sharedBuffer: Uint8Array | null = null;

/** Four times what Node would read at once, and no memory for each read: large messages cost a third less of the socket. */
const READ_BYTES = 0x40000;

function readBuffer(): Uint8Array {
  return (sharedBuffer ??= new Uint8Array(READ_BYTES));
}

function destroy(socket: Socket): void {
  // A failure after this point has nobody to hear it, and must not become an uncaught exception.
  socket.on('error', () => undefined);
  socket.destroy();
}
