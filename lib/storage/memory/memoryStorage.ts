/* eslint-disable @typescript-eslint/require-await -- `async` turns what is thrown into a rejection */
import { LogClosedError } from '../../logErrors.js';
import { OpenFiles } from '../OpenFiles.js';
import type { RandomAccess, Storage } from '../RandomAccess.js';
import { liesIn, verifyFolder, verifyName } from '../verifyName.js';
import { verifyRange } from '../verifyRange.js';
import { PagedFile } from './PagedFile.js';

/**
 * A storage in memory: gone with the page or the process, kept while the storage itself is held, so that a file that was
 * closed can be opened again.
 *
 * Holes cost nothing, and {@link RandomAccess.punch} frees memory. A folder has one writer within this storage.
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
      return new MemoryFile(pages, () => held.close(name));
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

class MemoryFile implements RandomAccess {
  private open = true;

  constructor(
    private readonly pages: PagedFile,
    private readonly closed: () => void,
  ) {}

  async length(): Promise<number> {
    this.verifyOpen();
    return this.pages.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    this.verifyOpen();
    verifyRange(offset, length);
    return this.pages.read(offset, length);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, bytes.length);
    this.pages.write(offset, bytes);
  }

  async punch(offset: number, length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, length);
    this.pages.punch(offset, length);
  }

  async truncate(length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(length, 0);
    this.pages.truncate(length);
  }

  async flush(): Promise<void> {
    this.verifyOpen();
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.closed();
  }

  private verifyOpen(): void {
    if (!this.open) throw new LogClosedError();
  }
}
