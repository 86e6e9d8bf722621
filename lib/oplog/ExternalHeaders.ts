import crc32 from 'crc-32';
import { StorageCorruptError } from '../logErrors.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { oplogHeaderCodec, type ExternalHeader, type OplogHeader } from './OplogHeader.js';

const PAGE = 4096;

/** A zero and a checksum: five bytes, so that a last integer that grew by a turned bit does not take them all. */
const TRAILER = 5;

/**
 * The file `header`, for headers that do not fit into a slot of the oplog (hypercore 10 `lib/big-header.js`). A new header
 * never overwrites the one that counts.
 *
 * Hypercore stores it bare and passes over bytes behind it, so there is room for a checksum there: one is written, and checked
 * where it is found.
 *
 * @internal
 */
export class ExternalHeaders {
  constructor(private readonly file: RandomAccess) {}

  async read(place: ExternalHeader): Promise<OplogHeader> {
    const end = place.start + place.length;
    if (end > (await this.file.length())) throw corrupt('it ends too early');
    const bytes = await this.file.read(place.start, place.length);
    if (!bytes) throw corrupt('it ends too early');
    const state = { start: 0, end: bytes.length, buffer: bytes };
    let header: OplogHeader;
    try {
      header = oplogHeaderCodec.decode(state);
    } catch {
      throw corrupt('what it holds cannot be understood');
    }
    // Hypercore's own ends where it ends.
    const rest = bytes.length - state.start;
    if (
      rest !== 0 &&
      (rest !== TRAILER ||
        bytes[state.start] !== 0 ||
        checksumAt(bytes, state.start + 1) !== crcOf(bytes, state.start))
    ) {
      throw corrupt('its checksum does not hold');
    }
    return header;
  }

  /** Writes and flushes an encoded header, beside the one at `before`. */
  async write(payload: Uint8Array, before: ExternalHeader | null): Promise<ExternalHeader> {
    const bytes = new Uint8Array(payload.length + TRAILER);
    bytes.set(payload);
    new DataView(bytes.buffer).setInt32(payload.length + 1, crcOf(payload, payload.length), true);
    const fitsBefore = before !== null && bytes.length <= before.start;
    const start = fitsBefore || !before ? 0 : Math.ceil((before.start + before.length) / PAGE) * PAGE;
    await this.file.write(start, bytes);
    await this.file.flush();
    return { start, length: bytes.length };
  }
}

function crcOf(bytes: Uint8Array, length: number): number {
  return crc32.buf(bytes.subarray(0, length));
}

function checksumAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at).getInt32(0, true);
}

function corrupt(reason: string): StorageCorruptError {
  return new StorageCorruptError('header', reason);
}
