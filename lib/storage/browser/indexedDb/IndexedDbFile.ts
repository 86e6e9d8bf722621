import QuickLRU from 'quick-lru';
import type { PlainFile } from '../../OrderedFile.js';
import { PAGE, type PageStore } from './PageStore.js';

/** Pages that are kept for the next read or write, some 1 MiB. */
const KEPT_PAGES = 64;

/** Pages that may wait for a flush: 4 MiB. */
const MAX_WAITING = 256;

/**
 * A file of pages in IndexedDB. What was written waits in memory until it is flushed, or too much of it has gathered.
 *
 * @internal
 */
export class IndexedDbFile implements PlainFile {
  /** Pages not stored yet. */
  private waiting = new Map<number, Uint8Array>();
  /** Pages as they are stored; null for a hole. */
  private readonly kept = new QuickLRU<number, Uint8Array | null>({ maxSize: KEPT_PAGES });
  private storedLength: number;
  /** Whether something was stored that may not be on the disk yet. */
  private unsafe = false;

  private constructor(
    private readonly store: PageStore,
    private bytes: number,
    private readonly closed: () => void,
  ) {
    this.storedLength = bytes;
  }

  static async open(store: PageStore, closed: () => void): Promise<IndexedDbFile> {
    return new IndexedDbFile(store, await store.length(), closed);
  }

  length(): Promise<number> {
    return Promise.resolve(this.bytes);
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    if (offset + length > this.bytes) return null;
    const bytes = new Uint8Array(length);
    const first = Math.floor(offset / PAGE);
    const pages = await this.pages(first, Math.ceil((offset + length) / PAGE));
    pages.forEach((page, i) => {
      const base = (first + i) * PAGE;
      if (page)
        bytes.set(
          page.subarray(Math.max(offset - base, 0), offset + length - base),
          Math.max(base - offset, 0),
        );
    });
    return bytes;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const from = (offset + at) % PAGE;
      const size = Math.min(PAGE - from, bytes.length - at);
      const page = await this.pageToChange((offset + at - from) / PAGE, from === 0 && size === PAGE);
      page.set(bytes.subarray(at, at + size), from);
      at += size;
      this.bytes = Math.max(this.bytes, offset + at);
      if (this.waiting.size > MAX_WAITING) await this.put(false);
    }
  }

  async punch(offset: number, length: number): Promise<void> {
    const end = offset + length;
    const first = Math.ceil(offset / PAGE);
    const last = end >= this.bytes ? Math.ceil(end / PAGE) : Math.floor(end / PAGE);
    if (first > last) return this.zero(first - 1, offset % PAGE, end % PAGE);
    await this.zero(first - 1, offset - (first - 1) * PAGE, PAGE);
    await this.zero(last, 0, Math.max(end - last * PAGE, 0));
    await this.drop(first, last);
  }

  async truncate(length: number): Promise<void> {
    if (length < this.bytes) {
      const first = Math.ceil(length / PAGE);
      await this.zero(first - 1, length - (first - 1) * PAGE, PAGE);
      const end = Math.ceil(this.bytes / PAGE);
      this.bytes = length;
      await this.drop(first, end);
    }
    this.bytes = length;
  }

  async flush(): Promise<void> {
    if (this.unsafe || this.isChanged) await this.put(true);
  }

  async close(): Promise<void> {
    try {
      if (this.isChanged) await this.put(false);
    } finally {
      this.closed();
    }
  }

  private get isChanged(): boolean {
    return this.waiting.size > 0 || this.bytes !== this.storedLength;
  }

  private async put(safe: boolean): Promise<void> {
    const { bytes: length, waiting: pages } = this;
    await this.store.put({ pages, length }, safe);
    this.storedLength = length;
    this.unsafe = !safe;
    this.waiting = new Map();
    for (const [number, page] of pages) this.kept.set(number, page);
  }

  /** Pages from `first` up to, not including, `end`; null for a hole. */
  private async pages(first: number, end: number): Promise<(Uint8Array | null)[]> {
    const pages: (Uint8Array | null | undefined)[] = [];
    const missing: number[] = [];
    for (let number = first; number < end; number++) {
      const page = this.waiting.get(number) ?? this.kept.get(number);
      if (page === undefined) missing.push(number);
      pages.push(page);
    }
    if (missing.length > 0) {
      const stored = await this.store.pages(missing);
      stored.forEach((page, i) => {
        pages[missing[i] - first] = page;
        this.kept.set(missing[i], page);
      });
    }
    return pages as (Uint8Array | null)[];
  }

  /** A page that may be written into, all of it if `whole`. */
  private async pageToChange(number: number, whole: boolean): Promise<Uint8Array> {
    const waiting = this.waiting.get(number);
    if (waiting) return waiting;
    const [page] = whole || number * PAGE >= this.bytes ? [null] : await this.pages(number, number + 1);
    const own = page ?? new Uint8Array(PAGE);
    this.kept.delete(number);
    this.waiting.set(number, own);
    return own;
  }

  private async zero(number: number, from: number, to: number): Promise<void> {
    if (number < 0 || from >= to || from >= PAGE) return;
    const [page] = await this.pages(number, number + 1);
    if (page) (await this.pageToChange(number, false)).fill(0, from, to);
  }

  private async drop(first: number, end: number): Promise<void> {
    for (const pages of [this.waiting, this.kept]) {
      for (const number of [...pages.keys()]) if (number >= first && number < end) pages.delete(number);
    }
    await this.store.drop(first, end);
    this.unsafe = true;
  }
}
