import { LimitExceededError } from '../errors.js';
import { defaultLimits, type Limits } from '../limits.js';
import type { EncodingState } from './Codec.js';
import { uint } from './uint.js';

/** A cursor that carries the bounds of its connection to the codecs that read with it. @internal */
export interface BoundedState extends EncodingState {
  readonly limits: Limits;
}

/**
 * Looks at the count or length that comes next, which the codec that is called then reads again: more than the limit
 * allows is refused before anything is allocated. What cannot be there, because the bytes left do not suffice, is for that
 * codec to refuse.
 *
 * @param minBytes - the fewest bytes that one of the things takes
 * @param limits - those of the cursor unless given, and the defaults if it carries none
 * @throws LimitExceededError; OutOfBoundsError and BadValueError as `uint` does
 * @internal
 */
export function verifyCount<K extends keyof Limits>(
  state: EncodingState,
  name: K,
  minBytes: number,
  limits: Pick<Limits, K> = (state as Partial<BoundedState>).limits ?? defaultLimits,
): void {
  const { start } = state;
  const count = uint.decode(state);
  const allowed = limits[name];
  const exceeds = count > allowed && count <= (state.end - state.start) / minBytes;
  state.start = start;
  if (exceeds) throw new LimitExceededError(name, allowed, count);
}
