/**
 * Checks where a call reads, writes or cuts: whole numbers from 0, and an end that is still exact.
 *
 * @throws RangeError
 * @internal
 */
export function verifyRange(offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`no bytes of a file: ${length} from ${offset}`);
  }
  if (!Number.isSafeInteger(offset + length)) throw new RangeError(`past 2^53 - 1: ${length} from ${offset}`);
}
