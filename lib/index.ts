/**
 * rx-hypercore: the Hypercore wire protocol as RxJS operators. What an application needs; the layers one by one are in
 * `rx-hypercore/operators`, TCP in `rx-hypercore/node`, help for specs in `rx-hypercore/testing`.
 *
 * @packageDocumentation
 */

export type { Duplex } from './Duplex.js';
export * from './errors.js';
export * from './logErrors.js';
export { defaultLimits, type Limits, verifyLimits } from './limits.js';

export type { Codec, EncodingState } from './encoding/Codec.js';
export { array, type ArrayOptions } from './encoding/array.js';
export { bytes, optionalBytes } from './encoding/bytes.js';
export { compactCodec } from './encoding/compactCodec.js';
export { decode } from './encoding/decode.js';
export { encode } from './encoding/encode.js';
export { fixed, fixed32 } from './encoding/fixed.js';
export { jsonCodec } from './encoding/jsonCodec.js';
export { rest } from './encoding/rest.js';
export { text } from './encoding/text.js';
export { uint } from './encoding/uint.js';
export { uint32Array } from './encoding/uint32Array.js';

export type { CryptoBackend, KeyPair, SecretStreamPull, SecretStreamPush } from './crypto/CryptoBackend.js';
export { portableCrypto } from './crypto/portable/portable.js';
export { discoveryKey } from './keys/discoveryKey.js';
export { generateKeyPair, keyPairFromSeed } from './keys/keyPair.js';

export type { Transport } from './transports/Transport.js';
export { memoryPair, type MemoryPairOptions } from './transports/memoryPair.js';
export { type DuplexStream, nodeDuplex } from './transports/nodeDuplex.js';
export {
  type DataChannelLike,
  type DataChannelOptions,
  dataChannelTransport,
} from './transports/dataChannelTransport.js';
export {
  type MessagePortLike,
  type MessagePortOptions,
  messagePortTransport,
} from './transports/messagePortTransport.js';
export type { WaterMarks } from './transports/waterMarks.js';
export { type WebStreamPair, webStreamTransport } from './transports/webStreamTransport.js';
export type { EventLike, EventSourceLike } from './transports/EventSourceLike.js';
export { relay, type RelayOptions } from './transports/relay.js';
export {
  webSocketConnect,
  type WebSocketConnectOptions,
  type WebSocketConstructor,
  type WebSocketUrl,
} from './transports/webSocketConnect.js';
export type { WebSocketBounds, WebSocketLike } from './transports/WebSocketTransport.js';
export { type SecretStream, secretStreamTransport } from './connection/secretStreamTransport.js';
export type { SecuredTransport } from './connection/SecuredTransport.js';

export { abortable } from './connection/abortable.js';
export { hypercoreProtocol, type ProtocolOptions } from './connection/hypercoreProtocol.js';
export type { WireTap } from './connection/TappedLink.js';
export { type ChannelOptions, Protocol } from './connection/Protocol.js';
export type { PeerProfile } from './connection/PeerProfile.js';
export { rustPeer06, rustPeer07 } from './connection/rustPeer.js';
export { Channel } from './connection/Channel.js';
export type { LocalSignal } from './connection/LocalSignal.js';
export type { Pausable, PressureOptions } from './connection/Pausable.js';
export { backoff, type BackoffOptions } from './connection/backoff.js';
export {
  type ClosedState,
  type ConnectingState,
  connectionState,
  type ConnectionState,
  type HandshakingState,
  type IdleState,
  type OpenState,
  type WaitingState,
} from './connection/connectionState.js';
export {
  type PageCondition,
  pageCondition,
  type PageEvents,
  type PageLike,
} from './connection/pageCondition.js';
export { Reconnecting, reconnecting, type ReconnectOptions } from './connection/reconnecting.js';
export { worthRetry } from './connection/worthRetry.js';
export { paced, type PacedOptions } from './connection/paced.js';
export { pullFrom, type PullOptions, readableFrom } from './connection/pullFrom.js';
export { type SendOptions, type SendSource, type SendTarget, sendTo } from './connection/sendTo.js';
export type {
  ChannelEvent,
  CloseEvent,
  DiscoveryKeyEvent,
  HandshakeEvent,
  LocalSignalEvent,
  ProtocolEvent,
} from './connection/ProtocolEvent.js';

export type { Message, MessageType } from './messages/Message.js';
export { ofType } from './messages/ofType.js';
export { bitfield, type Bitfield } from './messages/bitfield.js';
export { cancel, type Cancel } from './messages/cancel.js';
export { data, type Data, type DataFields } from './messages/data.js';
export { extension, type Extension, MAX_EXTENSION_NAME_BYTES } from './messages/extension.js';
export type { Manifest, ManifestPrologue, ManifestSigner } from './messages/manifest.js';
export { noData, type NoData, type NoDataFields } from './messages/noData.js';
export type { DataBlock, DataHash, DataSeek, DataUpgrade, TreeNode } from './messages/proof.js';
export { range, type Range, type RangeFields } from './messages/range.js';
export {
  request,
  type Request,
  type RequestBlock,
  type RequestFields,
  type RequestSeek,
  type RequestUpgrade,
} from './messages/request.js';
export { synchronize, type Synchronize } from './messages/synchronize.js';
export { unwant, type Unwant } from './messages/unwant.js';
export { want, type Want, type WantFields } from './messages/want.js';

export type { Session, SessionKeys } from './secret/Session.js';
export type { Authorizer, SecureLinkOptions } from './secret/SecureLinkOptions.js';
export type { SecureOptions } from './secret/SecureOptions.js';
export { type ChannelDefinition, ProtocolChannel, type ProtocolMessage } from './mux/ProtocolChannel.js';
export type { PackingOptions } from './mux/PayloadWriter.js';
