import { CHUNK_PREFIX, MAX_PAYLOAD, openChunk, type OplogChunk } from './oplogChunk.js';

/** Bytes of a header slot. @internal */
export const SLOT_BYTES = 4096;

/** Where the entries begin, behind two slots. @internal */
export const ENTRIES_START = 2 * SLOT_BYTES;

/** What an oplog holds, as far as its checksums tell. @internal */
export interface OplogScan {
  /** The slot whose header counts: 0 or 1, or -1 if neither holds one. */
  readonly current: 0 | 1 | -1;
  /** Bits of the two slots, as the next header must assume them. */
  readonly slotBits: readonly [0 | 1, 0 | 1];
  /** Payload of the current header, a view. */
  readonly header: Uint8Array | null;
  /** Payloads of the entries of whole groups, views. */
  readonly entries: readonly Uint8Array[];
  /** Bytes of those entries. */
  readonly byteLength: number;
  /** What cannot come from a write that was cut short, or null. */
  readonly damage: string | null;
}

/**
 * Finds the header that counts and the entries that belong to it (hypercore 10 `lib/oplog.js`, `open`): the header in slot A
 * if the bits of both slots are the same, else that in B, and one alone by itself; entries carry the sum of the two bits, and
 * the first one that does not, or whose checksum fails, ends them, as does a group that was not finished.
 *
 * A checksum fails after a crash in the middle of a write, and then only in what was written last. If valid entries lie behind
 * the one that fails, or if the entries belong to a header that is not there, something else happened, which is reported:
 * to go on would silently forget what was stored.
 *
 * @internal
 */
export function scanOplog(bytes: Uint8Array): OplogScan {
  const a = openChunk(bytes.subarray(0, SLOT_BYTES), 0);
  const b = openChunk(bytes.subarray(SLOT_BYTES, ENTRIES_START), 0);
  if (!a && !b) {
    const damage = bytes.length >= ENTRIES_START ? 'neither header is whole' : null;
    return { current: -1, slotBits: [1, 0], header: null, entries: [], byteLength: 0, damage };
  }
  const slotBits: [0 | 1, 0 | 1] = [a ? a.headerBit : flipped(b!.headerBit), b ? b.headerBit : a!.headerBit];
  const current = slotBits[0] === slotBits[1] ? 0 : 1;
  const header = (current === 0 ? a : b)!.payload;
  const { entries, end, tail } = liveEntries(bytes, current);
  const damage =
    (!a && isWritten(bytes, 0)) || (!b && isWritten(bytes, SLOT_BYTES))
      ? damagedSlot(bytes, current)
      : tail === null
        ? damagedEntry(bytes, end, current)
        : null;
  return { current, slotBits, header, entries, byteLength: end - ENTRIES_START, damage };
}

function flipped(bit: 0 | 1): 0 | 1 {
  return bit === 0 ? 1 : 0;
}

/** The entries of whole groups, where the last of them ends, and the chunk there if there is one that is whole. */
function liveEntries(bytes: Uint8Array, bit: 0 | 1) {
  const entries: Uint8Array[] = [];
  let whole = 0;
  let end = ENTRIES_START;
  let tail = openChunk(bytes, end);
  for (; tail?.headerBit === bit; tail = openChunk(bytes, tail.end)) {
    entries.push(tail.payload);
    if (tail.partial) continue;
    whole = entries.length;
    ({ end } = tail);
  }
  entries.length = whole;
  return { entries, end, tail };
}

/** A slot that no core has used yet is all zeros, or behind the end of the file. */
function isWritten(bytes: Uint8Array, at: number): boolean {
  return bytes.subarray(at, at + SLOT_BYTES).some(byte => byte !== 0);
}

/**
 * One slot is broken. If a write was cut short there, the other header still counts, and its entries are still there: a
 * header is written only behind entries, which go when it is safe.
 */
function damagedSlot(bytes: Uint8Array, bit: 0 | 1): string | null {
  return openChunk(bytes, ENTRIES_START)?.headerBit === bit ? null : 'a header is broken';
}

/** Something follows the last group that is not an entry. What was cut short is one group, with nothing behind it. */
function damagedEntry(bytes: Uint8Array, end: number, bit: 0 | 1): string | null {
  let bad = end;
  for (let chunk = openChunk(bytes, bad); chunk; chunk = openChunk(bytes, bad)) bad = chunk.end;
  if (bytes.length - bad < CHUNK_PREFIX) return null;
  let at = bad + 1;
  let found: OplogChunk | null = null;
  while (at < bytes.length && !(found = liveChunk(bytes, at, bit))) at++;
  // Only the length was hit if another one makes the checksum right.
  if (holdsWithLength(bytes, bad, (found ? at : bytes.length) - bad - CHUNK_PREFIX, bit)) {
    return 'the length of an entry is broken';
  }
  if (!found) return null;
  const word = new DataView(bytes.buffer, bytes.byteOffset + bad).getUint32(4, true);
  if (bad + CHUNK_PREFIX + (word >>> 2) === at && (word & 3) === bit) return 'an entry is broken';
  let groups = 0;
  for (let chunk: OplogChunk | null = found; chunk; chunk = liveChunk(bytes, chunk.end, bit)) {
    if (!chunk.partial) groups++;
  }
  return groups > 1 ? 'an entry is broken' : null;
}

function holdsWithLength(bytes: Uint8Array, at: number, length: number, bit: 0 | 1): boolean {
  if (length < 1 || length > MAX_PAYLOAD) return false;
  const chunk = bytes.slice(at, at + CHUNK_PREFIX + length);
  return [false, true].some(partial => {
    new DataView(chunk.buffer).setUint32(4, length * 4 + (partial ? 2 : 0) + bit, true);
    return openChunk(chunk, 0) !== null;
  });
}

function liveChunk(bytes: Uint8Array, at: number, bit: 0 | 1): OplogChunk | null {
  const chunk = openChunk(bytes, at);
  return chunk && chunk.headerBit === bit && chunk.payload.length > 0 ? chunk : null;
}
