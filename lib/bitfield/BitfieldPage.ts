/** Bits of one page: 4096 bytes, as hypercore 10 keeps them. @internal */
export const PAGE_BITS = 32_768;

/** Bytes of one page. @internal */
export const PAGE_BYTES = 4096;

const WORDS = PAGE_BITS / 32;

/**
 * One page of a bitfield. Knows how many of its bits are set, and holds no memory while all of them are.
 *
 * @internal
 */
export class BitfieldPage {
  /** Bits that are set. */
  count = 0;
  /** null while every bit is set. */
  private words: Uint32Array | null = new Uint32Array(WORDS);

  get(bit: number): boolean {
    return this.words === null || (this.words[bit >>> 5] & (1 << (bit & 31))) !== 0;
  }

  /** Sets or clears the bits from `start` up to, not including, `end`; tells whether any of them changed. */
  fill(start: number, end: number, value: boolean): boolean {
    const before = this.count;
    if (before === (value ? PAGE_BITS : 0)) return false;
    const words = this.open();
    let count = before;
    for (let word = start >>> 5; word * 32 < end; word++) {
      const mask = maskOf(start - word * 32, end - word * 32);
      const old = words[word];
      const now = value ? old | mask : old & ~mask;
      if (old === now >>> 0) continue;
      words[word] = now;
      count += bitsIn(now) - bitsIn(old);
    }
    this.settle(count);
    return count !== before;
  }

  /** Puts whole words in the place of those from number `at`; tells whether any bit changed. */
  put(at: number, from: Uint32Array): boolean {
    const words = this.open();
    let changed = false;
    let { count } = this;
    for (let i = 0; i < from.length; i++) {
      const old = words[at + i];
      if (old === from[i]) continue;
      words[at + i] = from[i];
      count += bitsIn(from[i]) - bitsIn(old);
      changed = true;
    }
    this.settle(count);
    return changed;
  }

  /** Copies words, from number `at` on, into `to`. */
  copyInto(to: Uint32Array, at: number): void {
    if (this.words) to.set(this.words.subarray(at, at + to.length));
    else to.fill(0xffffffff);
  }

  /** First bit from `from` on that is set or not, or -1. */
  first(from: number, value: boolean): number {
    if (this.count === (value ? 0 : PAGE_BITS)) return -1;
    if (this.words === null) return from;
    const flip = value ? 0 : 0xffffffff;
    let word = from >>> 5;
    let bits = (this.words[word] ^ flip) & (0xffffffff << (from & 31));
    while (bits === 0) {
      if (++word === WORDS) return -1;
      bits = this.words[word] ^ flip;
    }
    return word * 32 + (31 - Math.clz32(bits & -bits));
  }

  /** Last bit up to and including `from` that is set, or -1. */
  lastSet(from: number): number {
    if (this.count === 0) return -1;
    if (this.words === null) return from;
    let word = from >>> 5;
    let bits = this.words[word] & (0xffffffff >>> (31 - (from & 31)));
    while (bits === 0) {
      if (--word < 0) return -1;
      bits = this.words[word];
    }
    return word * 32 + (31 - Math.clz32(bits));
  }

  /** Bits set from `start` up to, not including, `end`. */
  countSet(start: number, end: number): number {
    if (this.count === 0) return 0;
    if (this.words === null) return end - start;
    if (end - start === PAGE_BITS) return this.count;
    let count = 0;
    for (let word = start >>> 5; word * 32 < end; word++) {
      count += bitsIn(this.words[word] & maskOf(start - word * 32, end - word * 32));
    }
    return count;
  }

  private open(): Uint32Array {
    return (this.words ??= new Uint32Array(WORDS).fill(0xffffffff));
  }

  private settle(count: number): void {
    this.count = count;
    if (count === PAGE_BITS) this.words = null;
  }
}

/** Ones for those of a word's bits that lie from `start` up to, not including, `end`, either of which may lie outside. */
function maskOf(start: number, end: number): number {
  const low = start > 0 ? 0xffffffff << start : 0xffffffff;
  return end < 32 ? low & ~(0xffffffff << end) : low;
}

function bitsIn(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
