import type { Codec } from '../encoding/Codec.js';
import type { Limits } from '../limits.js';
import type { Message } from '../messages/Message.js';
import type { PackingOptions } from '../mux/PayloadWriter.js';
import type { SecureLinkOptions } from '../secret/SecureLinkOptions.js';
import type { Transport } from '../transports/Transport.js';
import type { PayloadLink } from './PayloadLink.js';

/**
 * How to treat a remote that does not speak as Hypercore's own peers do: what to leave out and what to wait for.
 *
 * The profiles there are, are {@link rustPeer06} and {@link rustPeer07}; spread one to change a number in it. A profile
 * changes what this side sends, never how much it trusts.
 *
 * @public
 */
export interface PeerProfile {
  /** Bounds in place of the defaults; those given in the options themselves come before them. */
  readonly limits: Partial<Limits>;
  /** Packing in place of the defaults, likewise. */
  readonly packing: Partial<PackingOptions>;
  /** Which dialect the messages are written in. */
  readonly dialect: 'rust-0.6' | 'rust-0.7';
  /** The largest payload the remote can receive, in bytes; a message that needs a larger one throws when it is sent. */
  readonly maxPayloadBytes: number;
  /** How long to wait after each frame before the next leaves, in milliseconds; 0 for not at all. */
  readonly frameGapMs: number;
  /**
   * The codecs of the messages, at the positions that are their numbers. A function, as the next one, so that nobody else
   * pays for what it needs.
   *
   * @internal
   */
  readonly codecs: (profile: PeerProfile) => readonly Codec<Message>[];
  /** The link of payloads over a transport. @internal */
  readonly link: (profile: PeerProfile, transport: Transport, options: SecureLinkOptions) => PayloadLink;
}
