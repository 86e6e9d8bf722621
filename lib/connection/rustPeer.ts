import { linkToRust } from './linkToRust.js';
import type { PeerProfile } from './PeerProfile.js';
import { rustCodecs } from './rustCodecs.js';

/**
 * For a remote on the Rust crate `hypercore-protocol` 0.5 or 0.6.
 *
 * What it changes, and why (`docs/rust.md` has the proofs):
 *
 * - Never rejects a channel: the crate takes a reject for an error. What the remote opens and nobody wants stays
 *   unanswered.
 * - Keeps everything back until the remote's stream header came: the crate panics if a record reaches it together with the
 *   end of the handshake.
 * - Sends each frame by itself, a moment after the one before, and keeps batches below the size of a network packet: the
 *   crate loses its place when a read ends inside a frame.
 * - Never sends a payload whose length is a multiple of 256, nor an empty one: behind or before another frame, the crate
 *   misreads both. The keep-alive is an empty batch instead.
 * - Writes messages as the crate does: requests have no padding in a seek, extensions always have their name, `noData` has
 *   no reason. What it has no place for is left out.
 * - Refuses to send more than 16,384 bytes in one message, with a `FrameTooLargeError` from `next`: larger frames reach the
 *   crate in pieces, and nobody would be told that it lost them.
 *
 * Frames that a network cuts in two are beyond this side's power: see `docs/rust.md` for what to add to the remote, and for
 * the numbers that hold then.
 *
 * @example
 * ```ts
 * tcpConnect({ port: 8000 }).pipe(hypercoreProtocol({ initiator: true, peer: rustPeer06 })).subscribe(use);
 * ```
 *
 * @public
 */
export const rustPeer06: PeerProfile = {
  dialect: 'rust-0.6',
  limits: { keepAliveMs: 5_000, idleTimeoutMs: 30_000 },
  packing: { channelsPerBatch: 'one', controlInBatches: false, overshoot: false, maxBatchBytes: 1_200 },
  maxPayloadBytes: 0x4000,
  frameGapMs: 1,
  codecs: rustCodecs,
  link: linkToRust,
};

/**
 * For a remote on the Rust crate `hypercore-protocol` 0.7, with `hypercore_handshake` and `uint24le_framing`.
 *
 * Like {@link rustPeer06}, but without the waits between frames, and up to 65,516 bytes in one message. Besides:
 *
 * - Never puts messages of two channels into one batch, which the crate takes for one.
 * - Extension messages have the length of their payload before it, as the crate wants them.
 * - Nobody waits for a sign of life: the crate sends none. This side gives one each second, and one when the handshake is
 *   done, because the crate may sleep over what it has received until more arrives.
 *
 * @public
 */
export const rustPeer07: PeerProfile = {
  dialect: 'rust-0.7',
  limits: { keepAliveMs: 1_000, idleTimeoutMs: 0 },
  packing: { channelsPerBatch: 'one', controlInBatches: false, overshoot: false, maxBatchBytes: 0x8000 },
  maxPayloadBytes: 0x10000 - 3 - 17, // with length and MAC, what fits into the buffer it reads into
  frameGapMs: 0,
  codecs: rustCodecs,
  link: linkToRust,
};
