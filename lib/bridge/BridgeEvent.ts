import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The bridge listens; only of a server of its own. @public */
export interface BridgeListeningEvent {
  readonly type: 'listening';
  readonly address: AddressInfo;
}

/** A page connected. @public */
export interface BridgeConnectionEvent {
  readonly type: 'connection';
  /** The number of the connection, counted from 1. */
  readonly connection: number;
  readonly request: IncomingMessage;
}

/** A page proved who it is, and the authorizer let it in. @public */
export interface BridgeHandshakeEvent {
  readonly type: 'handshake';
  readonly connection: number;
  /** The page's identity (32 bytes). */
  readonly remotePublicKey: Uint8Array;
}

/** A page opened a core that is here. @public */
export interface BridgeCoreEvent {
  readonly type: 'core';
  readonly connection: number;
  /** BLAKE2b-256 of the core's key (32 bytes). */
  readonly discoveryKey: Uint8Array;
}

/** A connection ended. @public */
export interface BridgeCloseEvent {
  readonly type: 'close';
  readonly connection: number;
  /** What ended it; null if it ended in order. */
  readonly error: unknown;
}

/** What a bridge tells. @public */
export type BridgeEvent =
  BridgeListeningEvent | BridgeConnectionEvent | BridgeHandshakeEvent | BridgeCoreEvent | BridgeCloseEvent;
