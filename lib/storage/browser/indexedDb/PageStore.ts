import type { DBSchema, IDBPDatabase } from 'idb';

/** Bytes of a page. @internal */
export const PAGE = 16_384;

/** @internal */
export interface PageSchema extends DBSchema {
  /** A page of a file by its number. */
  pages: { key: [file: string, number: number]; value: Uint8Array };
  /** Length of a file. */
  files: { key: string; value: number };
}

/** What changes together in one file: pages, those that go, and the length. @internal */
export interface PageChanges {
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly length: number;
}

/**
 * The records of one file: each page that is no hole, and the length.
 *
 * @internal
 */
export class PageStore {
  constructor(
    private readonly database: IDBPDatabase<PageSchema>,
    private readonly file: string,
  ) {}

  async length(): Promise<number> {
    return (await this.database.get('files', this.file)) ?? 0;
  }

  /** Pages by number, in one transaction; null for a hole. */
  async pages(numbers: readonly number[]): Promise<(Uint8Array | null)[]> {
    const store = this.database.transaction('pages').store;
    return Promise.all(numbers.map(async number => (await store.get([this.file, number])) ?? null));
  }

  /**
   * Stores pages and the length at once.
   *
   * @param safe - whether to wait until they are on the disk
   */
  async put({ pages, length }: PageChanges, safe: boolean): Promise<void> {
    const durability = safe ? 'strict' : 'relaxed';
    const transaction = this.database.transaction(['pages', 'files'], 'readwrite', { durability });
    const store = transaction.objectStore('pages');
    const requests: Promise<unknown>[] = [];
    for (const [number, page] of pages) requests.push(store.put(page, [this.file, number]));
    requests.push(transaction.objectStore('files').put(length, this.file));
    await Promise.all([...requests, transaction.done]);
  }

  /** Deletes the pages from `first` up to, not including, `end`. */
  async drop(first: number, end: number): Promise<void> {
    if (first >= end) return;
    const range = IDBKeyRange.bound([this.file, first], [this.file, end], false, true);
    await this.database.delete('pages', range);
  }
}
