import type { LibsodiumModule } from './LibsodiumModule.js';

/** Texts up to this length (bytes) share one place for good; longer ones get a place of their own and give it back. */
const SHARED_TEXT = 0x40000;

/** A text is written this far behind the start of its place, so that a record can begin one byte before it. */
const TEXT_OFFSET = 16;

/** What a text may grow by: a MAC, and the tag before it. */
const TEXT_SLACK = 64;

/** Bytes for keys, states, digests and nonces: sixteen slots of 64. */
const SMALL = 1024;

/** Up to this length a loop copies faster than `set`, which needs a view. */
const LOOP = 48;

/**
 * The part of libsodium's memory through which all input and output of a backend passes. It is taken once: nothing is
 * allocated per call, neither there nor here. Every call uses it from the start, so nothing may be kept in it.
 *
 * @internal
 */
export class Scratch {
  /** libsodium's whole memory, as it is now. */
  heap: Uint8Array;
  /** The same in words; states are copied in these. */
  private words: Int32Array;
  /** Address of the small part, a multiple of 64. */
  readonly small: number;
  private readonly text: number;
  private longText = 0;

  constructor(private readonly sodium: LibsodiumModule) {
    this.small = (this.allocate(SMALL + 64) + 63) & ~63;
    this.text = this.allocate(TEXT_OFFSET + SHARED_TEXT + TEXT_SLACK) + TEXT_OFFSET;
    this.heap = sodium.HEAPU8;
    this.words = new Int32Array(this.heap.buffer);
  }

  /** Address of the n-th slot of 64 bytes in the small part. */
  slot(n: number): number {
    return this.small + 64 * n;
  }

  /**
   * Refreshes, and gives the address of a place for a text of `bytes` bytes with 16 bytes free before and 48 after it.
   * {@link Scratch.giveBack} it.
   */
  takeText(bytes: number): number {
    this.refresh();
    if (bytes <= SHARED_TEXT) return this.text;
    this.longText = this.allocate(TEXT_OFFSET + bytes + TEXT_SLACK);
    this.refresh();
    return this.longText + TEXT_OFFSET;
  }

  /** The text is no longer needed. */
  giveBack(): void {
    if (this.longText === 0) return;
    this.sodium._free(this.longText);
    this.longText = 0;
  }

  /** Copies `from[start, end)` in. */
  write(address: number, from: Uint8Array, start = 0, end = from.length): void {
    const { heap } = this;
    if (end - start > LOOP) {
      heap.set(start === 0 && end === from.length ? from : from.subarray(start, end), address);
    } else while (start < end) heap[address++] = from[start++];
  }

  /** Copies `[address, address + bytes)` to `to`, from `at` on. */
  read(address: number, bytes: number, to: Uint8Array, at: number): void {
    const { heap } = this;
    if (bytes > LOOP) to.set(heap.subarray(address, address + bytes), at);
    else for (let i = 0; i < bytes; i++) to[at + i] = heap[address + i];
  }

  /** The bytes as an array of its own. */
  copy(address: number, bytes: number): Uint8Array {
    const out = new Uint8Array(bytes);
    this.read(address, bytes, out, 0);
    return out;
  }

  writeWords(address: number, from: Int32Array): void {
    const { words } = this;
    const at = address >> 2;
    for (let i = 0; i < from.length; i++) words[at + i] = from[i];
  }

  /** Copies words out and leaves zeros. */
  takeWords(address: number, to: Int32Array): void {
    const { words } = this;
    const at = address >> 2;
    for (let i = 0; i < to.length; i++) {
      to[i] = words[at + i];
      words[at + i] = 0;
    }
  }

  /** Zeros in the small part. */
  wipe(address: number, bytes: number): void {
    this.heap.fill(0, address, address + bytes);
  }

  /** Call before anything else: memory that grew is a new buffer, and the old one is empty. */
  refresh(): void {
    const { HEAPU8 } = this.sodium;
    if (HEAPU8 === this.heap) return;
    this.heap = HEAPU8;
    this.words = new Int32Array(HEAPU8.buffer);
  }

  private allocate(bytes: number): number {
    const address = this.sodium._malloc(bytes);
    if (address === 0) throw new RangeError(`libsodium has no memory for ${bytes} bytes`);
    return address;
  }
}
