/**
 * What a Node process needs to expose its hypercores to pages over WebSocket.
 *
 * @packageDocumentation
 */

export { bridgeCores, type BridgeOptions } from './bridgeCores.js';
export type {
  BridgeCloseEvent,
  BridgeConnectionEvent,
  BridgeCoreEvent,
  BridgeEvent,
  BridgeHandshakeEvent,
  BridgeListeningEvent,
} from './BridgeEvent.js';
export type { KeyPair } from '../crypto/CryptoBackend.js';
export type { Hypercore, HypercoreClass } from './Hypercore.js';
export type { WebSocketListenOptions } from '../transports/node/webSocketListen.js';
export type { Origins } from '../transports/node/originAllowed.js';
