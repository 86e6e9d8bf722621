/**
 * What needs Node: TCP, and the server's side of WebSocket. Any other Node stream is a transport through `nodeDuplex` of `rx-hypercore`.
 *
 * @packageDocumentation
 */

export { nodeDuplex, type DuplexStream } from './transports/nodeDuplex.js';
export { tcpConnect, type TcpConnectOptions, tcpListen, type TcpListenOptions } from './transports/tcp.js';
export {
  type AcceptedTransport,
  webSocketListen,
  type WebSocketListenOptions,
} from './transports/node/webSocketListen.js';
export type { Origins } from './transports/node/originAllowed.js';
export type { Transport } from './transports/Transport.js';
