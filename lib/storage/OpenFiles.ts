import { StorageFailedError, StorageLockedError } from '../logErrors.js';
import { liesIn } from './verifyName.js';

/**
 * Who holds what within one process or page: a file is open once at a time, and a folder has one writer.
 *
 * @internal
 */
export class OpenFiles {
  private readonly files = new Set<string>();
  private readonly folders = new Set<string>();

  /** @throws StorageLockedError if the file is open already. */
  open(name: string): void {
    if (this.files.has(name)) throw new StorageLockedError(name);
    this.files.add(name);
  }

  close(name: string): void {
    this.files.delete(name);
  }

  /** @throws StorageLockedError if the folder is locked already, or one that holds it or lies in it. */
  lock(folder: string): void {
    for (const other of this.folders) {
      if (liesIn(folder, other) || liesIn(other, folder)) throw new StorageLockedError(folder);
    }
    this.folders.add(folder);
  }

  unlock(folder: string): void {
    this.folders.delete(folder);
  }

  /** @throws StorageFailedError if a file under the folder is open. */
  verifyUnused(folder: string): void {
    for (const name of this.files) {
      if (liesIn(folder, name)) throw new StorageFailedError(folder, new Error('a file in it is open'));
    }
  }
}
