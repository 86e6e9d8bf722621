import { requireInteger } from '../crypto/byteChecks.js';

/** What the timers of Node and of browsers can wait; they take more for nothing and fire at once. */
const LONGEST_MS = 0x7fffffff;

/**
 * A time to wait, in milliseconds, where 0 is for ever.
 *
 * @throws RangeError if it is not an integer from 0 to 2,147,483,647, beyond which timers fire at once (HTML, section
 * 8.7; Node's `timers`).
 * @internal
 */
export function verifyTimeout(name: string, milliseconds: number): number {
  requireInteger(name, milliseconds, 0, LONGEST_MS);
  return milliseconds;
}
