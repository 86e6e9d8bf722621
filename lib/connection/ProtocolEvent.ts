import type { Channel } from './Channel.js';

/** The handshake is done: the remote proved that it owns `remotePublicKey`. @public */
export interface HandshakeEvent {
  readonly type: 'handshake';
  /** Whether this side spoke first. */
  readonly initiator: boolean;
  /** Own identity on this connection (32 bytes); null with the handshake switched off. */
  readonly publicKey: Uint8Array | null;
  /** The remote's identity (32 bytes); null with the handshake switched off. */
  readonly remotePublicKey: Uint8Array | null;
}

/** The remote opened a channel that this side has not: answer with `protocol.open(key)` if the key is known. @public */
export interface DiscoveryKeyEvent {
  readonly type: 'discovery-key';
  /** BLAKE2b-256 of the channel's key (32 bytes); the key itself never crosses the wire. */
  readonly discoveryKey: Uint8Array;
}

/** Both sides opened a channel and the remote proved that it knows the key. @public */
export interface ChannelEvent {
  readonly type: 'channel';
  readonly channel: Channel;
}

/** A channel ended, from whichever side. @public */
export interface CloseEvent {
  readonly type: 'close';
  readonly discoveryKey: Uint8Array;
}

/** A channel said something to its own protocol; nothing of it crosses the wire. @public */
export interface LocalSignalEvent {
  readonly type: 'local-signal';
  readonly discoveryKey: Uint8Array;
  readonly name: string;
  readonly data: unknown;
}

/** What a {@link Protocol} tells. @public */
export type ProtocolEvent = HandshakeEvent | DiscoveryKeyEvent | ChannelEvent | CloseEvent | LocalSignalEvent;
