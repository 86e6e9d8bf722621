import { LimitExceededError } from '../errors.js';
import { BitfieldPage, PAGE_BITS } from './BitfieldPage.js';

/** Bounds of a {@link Bitfield}. @public */
export interface BitfieldOptions {
  /** Blocks it can speak of, from block 0; 2^31 unless told, which takes a file of 256 MiB, holes included. */
  readonly maxBlocks?: number;
  /** Pages of 32,768 blocks that may take memory, 4 KiB each; as many as `maxBlocks` takes unless told. */
  readonly maxPages?: number;
}

const DEFAULT_MAX_BLOCKS = 0x80000000;

/**
 * Which blocks are here: a sparse bitmap in pages of 32,768 bits. A page without a bit set, and one with all of them, takes
 * no memory worth the name, so that what it holds grows with what a range leaves open rather than with the length.
 *
 * What would go over a bound throws `LimitExceededError` of scope `log` with the name of the option, before anything changed.
 *
 * @public
 */
export class Bitfield {
  readonly maxBlocks: number;
  readonly maxPages: number;
  private readonly pages = new Map<number, BitfieldPage>();
  /** Pages above this were never set. */
  private end = 0;
  private readonly changed = new Set<number>();

  constructor(options: BitfieldOptions = {}) {
    this.maxBlocks = options.maxBlocks ?? DEFAULT_MAX_BLOCKS;
    this.maxPages = options.maxPages ?? Math.ceil(this.maxBlocks / PAGE_BITS);
    if (!Number.isSafeInteger(this.maxBlocks) || this.maxBlocks < 1)
      throw new RangeError('maxBlocks: 1 or more');
    if (!Number.isSafeInteger(this.maxPages) || this.maxPages < 1)
      throw new RangeError('maxPages: 1 or more');
  }

  /** Blocks up to the first that is missing. */
  get contiguousLength(): number {
    return this.firstUnset(0);
  }

  /** Whether a block is here. */
  get(index: number): boolean {
    return this.pages.get(Math.floor(index / PAGE_BITS))?.get(index % PAGE_BITS) ?? false;
  }

  /** Sets or clears one bit; tells whether it changed. */
  set(index: number, value: boolean): boolean {
    return this.setRange(index, 1, value);
  }

  /** Sets or clears `length` bits from `start` on; tells whether any of them changed. */
  setRange(start: number, length: number, value: boolean): boolean {
    verify(start, length);
    // Nothing is set above, so nothing there can be cleared.
    const end = value ? start + length : Math.min(start + length, this.end * PAGE_BITS);
    if (end <= start) return false;
    const first = Math.floor(start / PAGE_BITS);
    const last = Math.floor((end - 1) / PAGE_BITS);
    if (value) this.reserve(end, first, last);
    let changed = false;
    for (let number = first; number <= last; number++) {
      const page = value ? this.pageFor(number) : this.pages.get(number);
      if (!page) continue;
      const base = number * PAGE_BITS;
      if (!page.fill(Math.max(start - base, 0), Math.min(end - base, PAGE_BITS), value)) continue;
      this.changed.add(number);
      if (page.count === 0) this.pages.delete(number);
      changed = true;
    }
    return changed;
  }

  /** First block from `from` on that is here, or -1. */
  firstSet(from: number): number {
    for (let number = Math.floor(from / PAGE_BITS); number < this.end; number++) {
      const base = number * PAGE_BITS;
      const bit = this.pages.get(number)?.first(Math.max(from - base, 0), true) ?? -1;
      if (bit !== -1) return base + bit;
    }
    return -1;
  }

  /** First block from `from` on that is missing; there always is one. */
  firstUnset(from: number): number {
    for (let number = Math.floor(from / PAGE_BITS); number < this.end; number++) {
      const base = number * PAGE_BITS;
      const page = this.pages.get(number);
      if (!page) return Math.max(from, base);
      const bit = page.first(Math.max(from - base, 0), false);
      if (bit !== -1) return base + bit;
    }
    return Math.max(from, this.end * PAGE_BITS);
  }

  /** Last block up to and including `from` that is here, or -1. */
  lastSet(from: number = Number.MAX_SAFE_INTEGER): number {
    for (let number = Math.min(Math.floor(from / PAGE_BITS), this.end - 1); number >= 0; number--) {
      const base = number * PAGE_BITS;
      const bit = this.pages.get(number)?.lastSet(Math.min(from - base, PAGE_BITS - 1)) ?? -1;
      if (bit !== -1) return base + bit;
    }
    return -1;
  }

  /** How many of `length` blocks from `start` on are here. */
  count(start: number, length: number): number {
    verify(start, length);
    const end = Math.min(start + length, this.end * PAGE_BITS);
    let count = 0;
    for (let at = start; at < end;) {
      const bit = at % PAGE_BITS;
      const size = Math.min(PAGE_BITS - bit, end - at);
      count += this.pages.get((at - bit) / PAGE_BITS)?.countSet(bit, bit + size) ?? 0;
      at += size;
    }
    return count;
  }

  /**
   * The bits from `start`, a multiple of 32, on as words whose lowest bit is the first, as a bitfield message carries them.
   * The words belong to the caller.
   */
  words(start: number, words: number): Uint32Array {
    verifyWords(start, words);
    const copy = new Uint32Array(words);
    for (let at = 0; at < words;) {
      const word = (start / 32 + at) % (PAGE_BITS / 32);
      const size = Math.min(PAGE_BITS / 32 - word, words - at);
      this.pages
        .get((start / 32 + at - word) / (PAGE_BITS / 32))
        ?.copyInto(copy.subarray(at, at + size), word);
      at += size;
    }
    return copy;
  }

  /** Puts such words in the place of what is there: zeros clear. Tells whether any bit changed. */
  setWords(start: number, words: Uint32Array): boolean {
    verifyWords(start, words.length);
    const pageWords = PAGE_BITS / 32;
    let length = words.length;
    while (length > 0 && words[length - 1] === 0) length--;
    if (length > 0)
      this.reserve((start / 32 + length) * 32, Math.floor(start / PAGE_BITS), pageOf(start, length));
    let changed = false;
    for (let at = 0; at < words.length;) {
      const word = (start / 32 + at) % pageWords;
      const number = (start / 32 + at - word) / pageWords;
      const part = words.subarray(at, at + pageWords - word);
      const page = at < length ? this.pageFor(number) : this.pages.get(number);
      if (page?.put(word, part)) {
        this.changed.add(number);
        changed = true;
      }
      if (page?.count === 0) this.pages.delete(number);
      at += part.length;
    }
    return changed;
  }

  /** Forgets every bit. */
  clear(): void {
    this.setRange(0, this.end * PAGE_BITS, false);
  }

  /** Numbers of the pages that changed since the last call, in order; they count as unchanged from now on. @internal */
  takeChanged(): number[] {
    const changed = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    return changed;
  }

  /** Takes it back for pages that could not be stored. @internal */
  markChanged(pages: readonly number[]): void {
    for (const page of pages) this.changed.add(page);
  }

  private reserve(end: number, first: number, last: number): void {
    if (end > this.maxBlocks) throw new LimitExceededError('maxBlocks', this.maxBlocks, end, 'log');
    let pages = this.pages.size;
    // What lies between is counted only as far as it matters.
    for (let number = first; number <= last && pages <= this.maxPages; number++) {
      if (!this.pages.has(number)) pages++;
    }
    if (pages > this.maxPages) throw new LimitExceededError('maxPages', this.maxPages, pages, 'log');
  }

  private pageFor(number: number): BitfieldPage {
    let page = this.pages.get(number);
    if (!page) {
      this.pages.set(number, (page = new BitfieldPage()));
      this.end = Math.max(this.end, number + 1);
    }
    return page;
  }
}

function pageOf(start: number, words: number): number {
  return Math.floor((start / 32 + words - 1) / (PAGE_BITS / 32));
}

function verify(start: number, length: number): void {
  if (!Number.isSafeInteger(start) || start < 0 || !Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`no blocks: ${length} from ${start}`);
  }
}

function verifyWords(start: number, words: number): void {
  verify(start, words);
  if (start % 32 !== 0) throw new RangeError(`words start at a multiple of 32, not at ${start}`);
}
