import { decode } from '../encoding/decode.js';
import { encode } from '../encoding/encode.js';
import { StorageCorruptError } from '../logErrors.js';
import type { RandomAccess } from '../storage/RandomAccess.js';
import { ExternalHeaders } from './ExternalHeaders.js';
import { CHUNK_PREFIX, sealChunk } from './oplogChunk.js';
import { oplogEntryCodec, type OplogEntry } from './OplogEntry.js';
import { isExternal, oplogSlotCodec, type ExternalHeader, type OplogHeader } from './OplogHeader.js';
import { ENTRIES_START, scanOplog, SLOT_BYTES } from './scanOplog.js';

/** How an {@link Oplog} is opened. @public */
export interface OplogOptions {
  /** Writes nothing, not even to cut off what a crash left behind. */
  readonly readOnly?: boolean;
  /** Takes what is whole of a file that is damaged, up to the damage, instead of failing: what lies behind is given up. */
  readonly salvage?: boolean;
  /** Bytes of entries from which on {@link Oplog.due} asks for a header; 65,536 unless told. */
  readonly maxEntryBytes?: number;
}

/** A header on its way into its slot. */
interface SlotWrite {
  readonly slot: 0 | 1;
  readonly bit: 0 | 1;
  readonly chunk: Uint8Array;
  readonly header: OplogHeader;
  readonly external: ExternalHeader | null;
}

const NO_CHANGE: OplogEntry = { userData: null, treeNodes: null, treeUpgrade: null, bitfield: null };

/**
 * What happened to a core since its other files were flushed, and the header they had then: hypercore 10's `oplog`, byte for
 * byte, with the file `header` for a header of more than 4088 bytes.
 *
 * One call at a time: the caller waits for each before the next.
 *
 * @public
 */
export class Oplog {
  /** The header written last; null if the core is new. */
  header: OplogHeader | null = null;
  /** What to do to the state of that header to have the newest, as found on opening. Views; drop them once they were used. */
  entries: readonly OplogEntry[] = [];
  /** Bytes of entries since the last header. */
  byteLength = 0;

  private slotBits: [0 | 1, 0 | 1] = [1, 0];
  private external: ExternalHeader | null = null;
  /**
   * A header that may be in the file or not, for writing it failed. Entries carry the sum of the bits of both slots, so until it
   * is known to be there none can be written that is sure to count.
   */
  private unsure: SlotWrite | null = null;
  /** Bytes may lie behind the entries that are not one. */
  private ragged = false;
  private readonly maxEntryBytes: number;

  private constructor(
    private readonly file: RandomAccess,
    private readonly headers: ExternalHeaders,
    options: OplogOptions,
  ) {
    this.maxEntryBytes = options.maxEntryBytes ?? 0x10000;
  }

  /**
   * Reads an oplog, which may be empty, and cuts off what a crash left unfinished. Does not close the files.
   *
   * @param file - `oplog`
   * @param headerFile - `header`, which need not exist
   *
   * Rejects with `ERR_STORAGE_CORRUPT` if it holds what no crash explains, and as the files do.
   */
  static async open(
    file: RandomAccess,
    headerFile: RandomAccess,
    options: OplogOptions = {},
  ): Promise<Oplog> {
    const oplog = new Oplog(file, new ExternalHeaders(headerFile), options);
    const length = await file.length();
    const bytes = length === 0 ? new Uint8Array(0) : await file.read(0, length);
    if (!bytes) throw new StorageCorruptError('oplog', 'it is shorter than it says');
    await oplog.load(bytes, options);
    return oplog;
  }

  /** Whether the other files should be flushed and a header written. */
  get due(): boolean {
    return this.byteLength >= this.maxEntryBytes;
  }

  /**
   * Adds entries that count together or not at all, in one write. They survive the process, but not the machine before
   * {@link Oplog.flush}, which must come before the next group: recovery relies on only the last one being unfinished.
   *
   * Throws RangeError if an entry is too large to be read back.
   */
  async append(entries: readonly OplogEntry[]): Promise<void> {
    if (this.header === null) throw new Error('an oplog begins with a header');
    if (entries.length === 0) return;
    await this.finishHeader();
    const state = { start: 0, end: entries.length * CHUNK_PREFIX, buffer: null as Uint8Array | null };
    for (const entry of entries) oplogEntryCodec.preencode(state, entry);
    const buffer = (state.buffer = new Uint8Array(state.end));
    for (let i = 0; i < entries.length; i++) {
      const at = state.start;
      state.start += CHUNK_PREFIX;
      oplogEntryCodec.encode(state, entries[i]);
      sealChunk(buffer, at, state.start - at - CHUNK_PREFIX, this.bit, i < entries.length - 1);
    }
    await this.cutRagged();
    this.ragged = true;
    await this.file.write(ENTRIES_START + this.byteLength, buffer);
    this.ragged = false;
    this.byteLength += buffer.length;
  }

  /** Resolves once all entries are safe. */
  async flush(): Promise<void> {
    await this.file.flush();
  }

  /**
   * Puts a header in the place of the entries, and flushes. The other files must hold all that the entries said, safely: from
   * here on nobody can repeat it. A crash at any moment leaves either the old header with its entries or the new one. If it
   * rejects, this header or the old one counts, and whatever is written next makes sure first which.
   */
  async writeHeader(header: OplogHeader): Promise<void> {
    await this.finishHeader();
    // The entries tell which header counts, should one slot turn out broken.
    if (this.header !== null && this.byteLength === 0) await this.append([NO_CHANGE]);
    await this.file.flush();

    let payload = encode(oplogSlotCodec, header);
    let external: ExternalHeader | null = null;
    if (this.external || payload.length > SLOT_BYTES - CHUNK_PREFIX) {
      external = await this.headers.write(payload, this.external);
      payload = encode(oplogSlotCodec, external);
    }

    const slot = this.slotBits[0] === this.slotBits[1] ? 1 : 0;
    const bit = this.slotBits[slot] === 0 ? 1 : 0;
    const chunk = new Uint8Array(CHUNK_PREFIX + payload.length);
    chunk.set(payload, CHUNK_PREFIX);
    sealChunk(chunk, 0, payload.length, bit, false);
    this.unsure = { slot, bit, chunk, header, external };
    await this.finishHeader();
  }

  /** Writes a header to its slot, again if that failed before: the same bytes, so it does not matter what came of it then. */
  private async finishHeader(): Promise<void> {
    if (this.unsure === null) return;
    const { slot, bit, chunk, header, external } = this.unsure;
    await this.file.write(slot * SLOT_BYTES, chunk);
    await this.file.flush();

    this.unsure = null;
    this.slotBits[slot] = bit;
    this.header = header;
    this.external = external;
    this.byteLength = 0;
    this.ragged = true;
    await this.cutRagged();
  }

  private get bit(): 0 | 1 {
    return this.slotBits[0] === this.slotBits[1] ? 0 : 1;
  }

  private async load(bytes: Uint8Array, options: OplogOptions): Promise<void> {
    const scan = scanOplog(bytes);
    if (scan.damage !== null && options.salvage !== true) throw new StorageCorruptError('oplog', scan.damage);
    this.slotBits = [...scan.slotBits];
    if (scan.header === null) return;

    // A copy: it outlives the bytes of the file.
    const slot = decodeStored(() => decode(oplogSlotCodec, scan.header!.slice()));
    this.external = isExternal(slot) ? slot : null;
    this.header = isExternal(slot) ? await this.headers.read(slot) : slot;
    this.entries = scan.entries.map(payload => decodeStored(() => decode(oplogEntryCodec, payload)));
    this.byteLength = scan.byteLength;
    this.ragged = bytes.length !== ENTRIES_START + scan.byteLength;
    if (options.readOnly !== true) await this.cutRagged();
  }

  /** Old bytes behind new entries could pass for entries themselves once the new ones reach up to them. */
  private async cutRagged(): Promise<void> {
    if (!this.ragged) return;
    await this.file.truncate(ENTRIES_START + this.byteLength);
    await this.file.flush();
    this.ragged = false;
  }
}

/** The checksum held, so whoever wrote it speaks another language. */
function decodeStored<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new StorageCorruptError('oplog', 'what it holds cannot be understood');
  }
}
