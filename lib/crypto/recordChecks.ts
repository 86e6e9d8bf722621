import { RECORD_OVERHEAD } from './CryptoBackend.js';
import { requireInteger } from './byteChecks.js';

/**
 * Throws if `buffer[start, end)` cannot hold a record, or the tag is no byte.
 *
 * @throws RangeError
 * @internal
 */
export function requireRecord(buffer: Uint8Array, start: number, end: number, tag: number): void {
  // Small integers throughout, which is every call: one comparison each, and the names of things only if it fails.
  const sound =
    (start | 0) === start &&
    (end | 0) === end &&
    start >= 0 &&
    end - start >= RECORD_OVERHEAD &&
    end <= buffer.length &&
    (tag & 0xff) === tag;
  if (sound) return;
  requireInteger('start', start, 0, buffer.length);
  requireInteger('end', end, start + RECORD_OVERHEAD, buffer.length);
  requireInteger('tag', tag, 0, 0xff);
}

/**
 * Throws once a stream was wiped: it would seal with a key that everybody knows.
 *
 * @throws TypeError
 * @internal
 */
export function requireUsable(wiped: boolean): void {
  if (wiped) throw new TypeError('the secret stream was wiped');
}
