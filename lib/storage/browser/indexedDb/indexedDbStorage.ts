import { openDB } from 'idb';
import { LogClosedError } from '../../../logErrors.js';
import { OpenFiles } from '../../OpenFiles.js';
import { OrderedFile } from '../../OrderedFile.js';
import type { RandomAccess } from '../../RandomAccess.js';
import { storageError } from '../../storageError.js';
import { liesIn } from '../../verifyName.js';
import type { BrowserFiles } from '../BrowserFiles.js';
import { IndexedDbFile } from './IndexedDbFile.js';
import { type PageSchema, PageStore } from './PageStore.js';

/**
 * Files as pages in an IndexedDB database of their own.
 *
 * @internal
 */
export async function indexedDbStorage(name: string): Promise<BrowserFiles> {
  const database = await openDB<PageSchema>(`rx-hypercore/${name}`, 1, {
    upgrade(created) {
      created.createObjectStore('pages');
      created.createObjectStore('files');
    },
    // Somebody deletes the database, or a later version of the library wants it.
    blocking: () => database.close(),
  });
  const held = new OpenFiles();
  const files = new Set<RandomAccess>();
  let closed = false;
  return {
    async open(file) {
      if (closed) throw new LogClosedError();
      held.open(file);
      try {
        const opened = await IndexedDbFile.open(new PageStore(database, file), () => {
          held.close(file);
          files.delete(ordered);
        });
        const ordered = new OrderedFile(file, opened);
        files.add(ordered);
        return ordered;
      } catch (error) {
        held.close(file);
        throw storageError(file, error);
      }
    },
    async remove(folder) {
      held.verifyUnused(folder);
      try {
        const transaction = database.transaction(['pages', 'files'], 'readwrite');
        const requests: Promise<unknown>[] = [];
        for (const file of await transaction.objectStore('files').getAllKeys()) {
          if (!liesIn(folder, file)) continue;
          // In the order of keys, every array lies behind every number.
          const range = IDBKeyRange.bound([file], [file, []]);
          requests.push(transaction.objectStore('pages').delete(range));
          requests.push(transaction.objectStore('files').delete(file));
        }
        await Promise.all([...requests, transaction.done]);
      } catch (error) {
        throw storageError(folder, error);
      }
    },
    lock: null,
    async close() {
      closed = true;
      await Promise.all([...files].map(file => file.close()));
      database.close();
    },
  };
}
