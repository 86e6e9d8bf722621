import crc32 from 'crc-32';

/** Bytes before the payload of a chunk: a checksum, and a word of length and bits. @internal */
export const CHUNK_PREFIX = 8;

/** The longest payload that the word can tell. @internal */
export const MAX_PAYLOAD = 0x3fffffff;

const HEADER_BIT = 1;
const PARTIAL = 2;

/** What lies in a header slot or among the entries of an oplog. @internal */
export interface OplogChunk {
  /** A view. */
  readonly payload: Uint8Array;
  readonly headerBit: 0 | 1;
  /** More entries of the same group follow. */
  readonly partial: boolean;
  /** Offset behind it. */
  readonly end: number;
}

/**
 * Writes the prefix of a chunk whose payload of `length` bytes lies behind it already: `crc32:u32le`, then
 * `length << 2 | partial << 1 | headerBit` as u32le; the checksum is over that word and the payload
 * (hypercore 10 `lib/oplog.js`).
 *
 * @internal
 */
export function sealChunk(
  buffer: Uint8Array,
  at: number,
  length: number,
  headerBit: 0 | 1,
  partial: boolean,
): void {
  if (length > MAX_PAYLOAD)
    throw new RangeError(`at most ${MAX_PAYLOAD} bytes in the oplog at once, not ${length}`);
  const view = new DataView(buffer.buffer, buffer.byteOffset + at);
  // Not shifted: that would make the two highest bits of a long length negative.
  view.setUint32(4, length * 4 + (partial ? PARTIAL : 0) + headerBit, true);
  view.setInt32(0, checksum(buffer, at, length), true);
}

/** Reads the chunk at an offset; null if it is cut off, or its checksum does not hold. @internal */
export function openChunk(buffer: Uint8Array, at: number): OplogChunk | null {
  if (buffer.length - at < CHUNK_PREFIX) return null;
  const view = new DataView(buffer.buffer, buffer.byteOffset + at);
  const word = view.getUint32(4, true);
  const length = word >>> 2;
  const start = at + CHUNK_PREFIX;
  if (buffer.length - start < length) return null;
  if (view.getInt32(0, true) !== checksum(buffer, at, length)) return null;
  return {
    payload: buffer.subarray(start, start + length),
    headerBit: (word & HEADER_BIT) as 0 | 1,
    partial: (word & PARTIAL) !== 0,
    end: start + length,
  };
}

function checksum(buffer: Uint8Array, at: number, length: number): number {
  return crc32.buf(buffer.subarray(at + 4, at + CHUNK_PREFIX + length));
}
