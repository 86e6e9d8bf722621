import { FullPages } from './FullPages.js';

/** Blocks in a page; a page with gaps takes 4 KiB. */
const PAGE_BLOCKS = 32_768;
const PAGE_WORDS = PAGE_BLOCKS / 32;

/** How much may be remembered of what one remote has. @internal */
export interface RemoteBlocksLimits {
  /** Pages of 32,768 blocks with gaps, 4 KiB each. */
  readonly maxPages: number;
  /** Rows of whole pages. */
  readonly maxRows: number;
}

/**
 * Which blocks a remote says it has. What it says costs bounded memory, however long the rows are that it names: beyond the
 * limits what was heard of first is forgotten, as if it had never been said.
 *
 * @internal
 */
export class RemoteBlocks {
  /** All blocks below it are there. */
  contiguous = 0;
  /** Pages with gaps; they hide what `full` says of the same page. */
  private readonly pages = new Map<number, Uint32Array>();
  private readonly full: FullPages;

  constructor(private readonly limits: RemoteBlocksLimits) {
    this.full = new FullPages(limits.maxRows);
  }

  /** Pages and rows that are remembered. */
  get size(): number {
    return this.pages.size + this.full.size;
  }

  has(index: number): boolean {
    if (index < this.contiguous) return true;
    const page = Math.floor(index / PAGE_BLOCKS);
    const bits = this.pages.get(page);
    if (bits === undefined) return this.full.has(page);
    const bit = index % PAGE_BLOCKS;
    return ((bits[bit >>> 5] >>> (bit & 31)) & 1) === 1;
  }

  /** The first block from `index` below `end` that is there, or -1. */
  next(index: number, end: number): number {
    for (let at = index; at < end;) {
      if (at < this.contiguous) return at;
      const page = Math.floor(at / PAGE_BLOCKS);
      const bits = this.pages.get(page);
      if (bits !== undefined) {
        const bit = firstSet(bits, at % PAGE_BLOCKS);
        if (bit !== -1) return page * PAGE_BLOCKS + bit < end ? page * PAGE_BLOCKS + bit : -1;
      } else if (this.full.has(page)) return at;
      at = this.nextPage(page + 1) * PAGE_BLOCKS;
    }
    return -1;
  }

  /** Takes a `range`. */
  setRange(start: number, length: number, has: boolean): void {
    const end = Math.min(start + length, Number.MAX_SAFE_INTEGER);
    if (end <= start) return;
    if (has && start <= this.contiguous) {
      if (end > this.contiguous) this.raise(end);
      return;
    }
    if (!has) this.lower(start);
    this.write(start, end, has);
  }

  /** Takes a `bitfield`: bit i of the words is block `start + i`. A start that is no multiple of 32 says nothing. */
  setWords(start: number, words: Uint32Array): void {
    if (start % 32 !== 0) return;
    const end = start + words.length * 32;
    this.lower(start, end);
    for (let at = start; at < end;) {
      const page = Math.floor(at / PAGE_BLOCKS);
      const offset = at % PAGE_BLOCKS;
      const count = Math.min(PAGE_BLOCKS - offset, end - at) / 32;
      const from = (at - start) / 32;
      this.open(page).set(words.subarray(from, from + count), offset / 32);
      at += count * 32;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.contiguous = 0;
    this.pages.clear();
    this.full.remove(0, Infinity);
  }

  private raise(end: number): void {
    this.contiguous = end;
    const page = Math.floor(end / PAGE_BLOCKS);
    for (const known of this.pages.keys()) if (known < page) this.pages.delete(known);
    this.full.remove(0, page);
  }

  /** The contiguous row ends at `start`; what it held from `end` on stays known. */
  private lower(start: number, end = start): void {
    const { contiguous } = this;
    if (start >= contiguous) return;
    this.contiguous = start;
    if (end < contiguous) this.write(end, contiguous, true);
  }

  private write(start: number, end: number, has: boolean): void {
    const first = Math.ceil(start / PAGE_BLOCKS);
    const last = Math.floor(end / PAGE_BLOCKS);
    if (first > last) return this.fill(first - 1, start, end, has); // within one page
    if (start < first * PAGE_BLOCKS) this.fill(first - 1, start, first * PAGE_BLOCKS, has);
    if (first < last) this.writePages(first, last, has);
    if (last * PAGE_BLOCKS < end) this.fill(last, last * PAGE_BLOCKS, end, has);
  }

  private writePages(first: number, last: number, has: boolean): void {
    if (last - first < this.pages.size) for (let page = first; page < last; page++) this.pages.delete(page);
    else for (const page of this.pages.keys()) if (page >= first && page < last) this.pages.delete(page);
    if (has) this.full.add(first, last);
    else this.full.remove(first, last);
  }

  /** Sets the bits of blocks that lie in one page. */
  private fill(page: number, start: number, end: number, has: boolean): void {
    if (!has && !this.pages.has(page) && !this.full.has(page)) return;
    const bits = this.open(page);
    const to = end - page * PAGE_BLOCKS;
    for (let bit = start - page * PAGE_BLOCKS; bit < to;) {
      if ((bit & 31) === 0 && to - bit >= 32) {
        bits[bit >>> 5] = has ? 0xffffffff : 0;
        bit += 32;
        continue;
      }
      const mask = 1 << (bit & 31);
      if (has) bits[bit >>> 5] |= mask;
      else bits[bit >>> 5] &= ~mask;
      bit++;
    }
  }

  /** The bits of a page, to be written. */
  private open(page: number): Uint32Array {
    const existing = this.pages.get(page);
    if (existing !== undefined) return existing;
    if (this.pages.size >= this.limits.maxPages) {
      for (const oldest of this.pages.keys()) {
        this.pages.delete(oldest);
        this.full.remove(oldest, oldest + 1);
        break;
      }
    }
    const bits = new Uint32Array(PAGE_WORDS);
    if (this.full.has(page)) bits.fill(0xffffffff);
    this.pages.set(page, bits);
    return bits;
  }

  /** The first page from `page` on of which anything is known. */
  private nextPage(page: number): number {
    const full = this.full.next(page);
    let next = full === -1 ? Infinity : full;
    if (this.pages.has(page)) return page;
    for (const known of this.pages.keys()) if (known >= page && known < next) next = known;
    return next;
  }
}

function firstSet(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  let value = bits[word] & (0xffffffff << (from & 31));
  while (value === 0) {
    if (++word === PAGE_WORDS) return -1;
    value = bits[word];
  }
  return word * 32 + (31 - Math.clz32(value & -value));
}
