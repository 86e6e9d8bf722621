/* eslint-disable @typescript-eslint/require-await -- `async` turns what is thrown into a rejection */
import { OpenFiles } from '../OpenFiles.js';
import type { Storage } from '../RandomAccess.js';
import { SettledFile, type SyncFile } from '../SettledFile.js';
import { liesIn, verifyFolder, verifyName } from '../verifyName.js';
import { PagedFile } from './PagedFile.js';

/**
 * A storage in memory: gone with the page or the process, kept while the storage itself is held, so that a file that was
 * closed can be opened again.
 *
 * Holes cost nothing, and punching frees memory. A folder has one writer within this storage.
 *
 * @example
 * ```ts
 * const storage = memoryStorage();
 * const file = await storage.open('notes/data');
 * await file.write(0, new Uint8Array([1, 2, 3]));
 * await file.close();
 * ```
 * @public
 */
export function memoryStorage(): Storage {
  const files = new Map<string, PagedFile>();
  const held = new OpenFiles();
  return {
    async open(name) {
      held.open(verifyName(name));
      let pages = files.get(name);
      if (!pages) files.set(name, (pages = new PagedFile()));
      return new SettledFile(name, new MemoryFile(pages, () => held.close(name)));
    },
    async lock(folder) {
      held.lock(verifyFolder(folder));
      let locked = true;
      return async () => {
        if (locked) held.unlock(folder);
        locked = false;
      };
    },
    async remove(folder) {
      held.verifyUnused(verifyName(folder));
      for (const name of files.keys()) if (liesIn(folder, name)) files.delete(name);
    },
  };
}

/** What stays when a file is closed is its pages. */
class MemoryFile implements SyncFile {
  constructor(
    private readonly pages: PagedFile,
    readonly close: () => void,
  ) {}

  get length(): number {
    return this.pages.length;
  }

  read(offset: number, length: number): Uint8Array | null {
    return this.pages.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.pages.write(offset, bytes);
  }

  punch(offset: number, length: number): void {
    this.pages.punch(offset, length);
  }

  truncate(length: number): void {
    this.pages.truncate(length);
  }

  flush(): void {
    // There is nothing safer than where it is.
  }
}
