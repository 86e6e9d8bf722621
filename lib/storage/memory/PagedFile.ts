/** Bytes of one page once it is full. */
const PAGE = 16_384;

/** Bytes of the smallest page. */
const SMALLEST = 64;

/**
 * The bytes of one file in memory, without promises: pages, so that holes cost nothing and growing never copies what is there
 * but for the last page, which doubles until it is whole. What it wastes is at most as much as the last page holds, and a
 * page at each end of a hole.
 *
 * @internal
 */
export class PagedFile {
  /** Bytes in the file, holes included. */
  length = 0;
  /** A page may be shorter than it should: zeros follow. */
  private readonly pages = new Map<number, Uint8Array>();

  /** Bytes of memory that the pages take. */
  get heldBytes(): number {
    let held = 0;
    for (const page of this.pages.values()) held += page.length;
    return held;
  }

  /** A copy of the bytes, or null if the file ends before. */
  read(offset: number, length: number): Uint8Array | null {
    if (offset + length > this.length) return null;
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const from = (offset + at) % PAGE;
      const size = Math.min(PAGE - from, length - at);
      const page = this.pages.get((offset + at - from) / PAGE);
      if (page && from < page.length) bytes.set(page.subarray(from, Math.min(from + size, page.length)), at);
      at += size;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const from = (offset + at) % PAGE;
      const size = Math.min(PAGE - from, bytes.length - at);
      const whole = at === 0 && size === bytes.length ? bytes : bytes.subarray(at, at + size);
      this.pageFor((offset + at - from) / PAGE, from + size).set(whole, from);
      at += size;
    }
    if (bytes.length > 0) this.length = Math.max(this.length, offset + bytes.length);
  }

  punch(offset: number, length: number): void {
    const end = Math.min(offset + length, this.length);
    if (end <= offset) return;
    const first = Math.ceil(offset / PAGE);
    // The last page of the file ends where the file ends.
    const last = end === this.length ? Math.ceil(end / PAGE) : Math.floor(end / PAGE);
    if (first > last) return this.zero(first - 1, offset % PAGE, end % PAGE);
    if (first * PAGE !== offset) this.zero(first - 1, offset % PAGE, PAGE);
    this.drop(first, last);
    if (last * PAGE < end) this.zero(last, 0, end % PAGE);
  }

  truncate(length: number): void {
    if (length < this.length) {
      const first = Math.ceil(length / PAGE);
      this.drop(first, Math.ceil(this.length / PAGE));
      if (length % PAGE !== 0) this.zero(first - 1, length % PAGE, PAGE);
    }
    this.length = length;
  }

  /** The same bytes once more. */
  copy(): PagedFile {
    const copy = new PagedFile();
    copy.length = this.length;
    for (const [number, page] of this.pages) copy.pages.set(number, page.slice());
    return copy;
  }

  private pageFor(number: number, size: number): Uint8Array {
    const page = this.pages.get(number);
    if (page && page.length >= size) return page;
    let room = page?.length ?? SMALLEST;
    while (room < size) room *= 2;
    const grown = new Uint8Array(room);
    if (page) grown.set(page);
    this.pages.set(number, grown);
    return grown;
  }

  private zero(number: number, from: number, to: number): void {
    const page = this.pages.get(number);
    if (!page) return;
    if (from === 0 && to >= page.length) this.pages.delete(number);
    else page.fill(0, from, to);
  }

  /** Forgets the pages from `first` up to, not including, `end`: in steps of what is fewer, numbers or pages. */
  private drop(first: number, end: number): void {
    if (end - first > this.pages.size) {
      for (const number of this.pages.keys()) if (number >= first && number < end) this.pages.delete(number);
    } else {
      for (let number = first; number < end; number++) this.pages.delete(number);
    }
  }
}
