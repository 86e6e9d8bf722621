import type { ObservableInput } from 'rxjs';
import type { HypercoreErrorCode } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { HostilePeer } from './HostilePeer.js';

/**
 * What a hook of a {@link Misbehaviour} returns: nothing, and the peer goes on at once; or something that may complete,
 * and the peer goes on when it does. `NEVER` stops it for good.
 *
 * @public
 */
export type HostileAct = ObservableInput<unknown> | void;

/** How a sound peer ends what was done to it. @public */
export interface Verdict {
  /** What ends: the whole connection, the one channel, or nothing at all. */
  readonly ends: 'connection' | 'channel' | 'nothing';
  /** The code of the error it ends with; null where nothing ends. */
  readonly code: HypercoreErrorCode | null;
  /** Which limit the error names, where its code is `ERR_LIMIT_EXCEEDED`. */
  readonly limit?: keyof Limits;
}

/**
 * One way to be a bad peer: hooks in place of what an honest peer does at each step of a connection. A step without a
 * hook is done honestly, and so a misbehaviour without any is an honest peer that says nothing.
 *
 * @example
 * ```ts
 * const chatterbox: Misbehaviour = {
 *   name: 'repeats itself',
 *   does: 'sends one message a thousand times',
 *   phase: 'open',
 *   expected: { ends: 'nothing', code: null },
 *   opened: peer => {
 *     for (let i = 0; i < 1000; i++) peer.payload(rawMessage(1, 0, new Uint8Array(4)));
 *   },
 * };
 * ```
 *
 * @public
 */
export interface Misbehaviour {
  /** Short, and one of its kind. */
  readonly name: string;
  /** What it does, for people. */
  readonly does: string;
  /** How far the connection comes before it begins. */
  readonly phase: 'handshake' | 'header' | 'open';
  /** What a peer that keeps the promises of this library makes of it. */
  readonly expected: Verdict;
  /** In place of waiting for, or sending, the first handshake message. */
  connected?(peer: HostilePeer): HostileAct;
  /** In place of sending handshake message number `step`, counted from 1 over both sides. */
  handshake?(peer: HostilePeer, message: Uint8Array, step: number): HostileAct;
  /** In place of sending the stream header (56 bytes). */
  header?(peer: HostilePeer, header: Uint8Array): HostileAct;
  /** Once both headers have been exchanged. */
  opened?(peer: HostilePeer): HostileAct;
  /** For each payload of the remote, decrypted; empty ones too. */
  payload?(peer: HostilePeer, payload: Uint8Array): void;
}
