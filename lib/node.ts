/**
 * What needs Node: TCP. Any other Node stream is a transport through `nodeDuplex` of `rx-hypercore`.
 *
 * @packageDocumentation
 */

export { nodeDuplex, type DuplexStream } from './transports/nodeDuplex.js';
export { tcpConnect, type TcpConnectOptions, tcpListen, type TcpListenOptions } from './transports/tcp.js';
export type { Transport } from './transports/Transport.js';
