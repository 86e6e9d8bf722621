import { type Limits, verifyLimits } from '../../limits.js';
import { channelMisbehaviours } from './channelMisbehaviours.js';
import { handshakeMisbehaviours } from './handshakeMisbehaviours.js';
import type { Misbehaviour } from './Misbehaviour.js';
import { muxMisbehaviours } from './muxMisbehaviours.js';
import { recordMisbehaviours } from './recordMisbehaviours.js';

/** What the misbehaviours are about. @public */
export interface MisbehaviourOptions {
  /** A key (32 bytes) that the victim opens; without it, those that need one are left out. */
  readonly key?: Uint8Array;
  /** The victim's limits, which they exceed by one; the defaults by default. Small ones make floods short. */
  readonly limits?: Partial<Limits>;
}

/**
 * Every misbehaviour in store, those that begin first come first: garbage in each phase, oversized and lying lengths,
 * replayed and reordered records, wrong capabilities, reused ids, nested and truncated batches, floods and storms, silence and
 * drips.
 *
 * Each says what becomes of a victim that keeps the promises of this library, for a victim that only listens: an
 * application that answers a flood of requests, say, may be hurt by its own answers.
 *
 * @throws RangeError for limits that make no sense.
 * @see {@link HostilePeer}
 * @public
 */
export function misbehaviours(options: MisbehaviourOptions = {}): readonly Misbehaviour[] {
  const limits = verifyLimits(options.limits);
  return [
    ...handshakeMisbehaviours(limits),
    ...recordMisbehaviours(limits),
    ...muxMisbehaviours(limits),
    ...(options.key === undefined ? [] : channelMisbehaviours(options.key, limits)),
  ];
}
