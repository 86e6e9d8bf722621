import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StorageFailedError, StorageLockedError } from '../../logErrors.js';
import { OpenFiles } from '../OpenFiles.js';
import { OrderedFile } from '../OrderedFile.js';
import type { RandomAccess, Storage } from '../RandomAccess.js';
import { verifyFolder, verifyName } from '../verifyName.js';
import { DiskFile, type DiskTraits } from './DiskFile.js';
import { RandomAccessFile } from './RandomAccessFile.js';

/** The file that is locked, the same one that hypercore 10 locks, so that each keeps the other out. */
const LOCKED = 'oplog';

/**
 * A storage in a folder of the file system, by the package `random-access-file`: each file one file, in the layout of
 * hypercore 10, which may open the same folder at another time.
 *
 * Names cannot leave the folder. {@link RandomAccess.punch} makes holes where the file system can and writes zeros where it
 * cannot; {@link RandomAccess.flush} is an fsync. {@link Storage.lock} locks the file `oplog` of the folder for this
 * process; lock before you open that file. A full disk, or a full quota, is `ERR_STORAGE_QUOTA`.
 *
 * @param folder - made when the first file is written
 *
 * @example
 * ```ts
 * const storage = diskStorage('./cores');
 * const unlock = await storage.lock('notes');
 * const file = await storage.open('notes/data');
 * await file.write(0, new Uint8Array([1, 2, 3]));
 * await file.flush();
 * await file.close();
 * await unlock();
 * ```
 * @public
 */
export function diskStorage(folder: string): Storage {
  return new DiskStorage(resolve(folder));
}

class DiskStorage implements Storage {
  private readonly held = new OpenFiles();
  /** Files that carry a lock, open until it is given back. */
  private readonly locked = new Map<string, RandomAccessFile>();
  private readonly traits: DiskTraits = { trims: null };
  /** Whether this platform was seen to lock. */
  private locks = false;

  constructor(private readonly root: string) {}

  // eslint-disable-next-line @typescript-eslint/require-await -- it turns what is thrown into a rejection
  async open(name: string): Promise<RandomAccess> {
    this.held.open(verifyName(name));
    const locked = this.locked.get(name);
    const file = locked ?? this.fileOf(name, false);
    const release = async () => {
      try {
        // The lock goes with the descriptor; other processes must not get in while it is held.
        if (!locked) await close(file);
      } finally {
        this.held.close(name);
      }
    };
    return new OrderedFile(name, new DiskFile(join(this.root, name), this.root, file, this.traits, release));
  }

  async lock(folder: string): Promise<() => Promise<void>> {
    this.held.lock(verifyFolder(folder));
    const name = folder === '' ? LOCKED : `${folder}/${LOCKED}`;
    const file = this.fileOf(name, true);
    try {
      await take(file, folder);
      if (!this.locks) await this.verifyLock(name, folder);
    } catch (error) {
      await close(file);
      this.held.unlock(folder);
      throw error;
    }
    this.locked.set(name, file);
    let unlocking: Promise<void> | null = null;
    return () => {
      unlocking ??= close(file).finally(() => {
        this.locked.delete(name);
        this.held.unlock(folder);
      });
      return unlocking;
    };
  }

  async remove(folder: string): Promise<void> {
    this.held.verifyUnused(verifyName(folder));
    try {
      await rm(join(this.root, folder), { recursive: true, force: true });
    } catch (error) {
      throw new StorageFailedError(folder, error);
    }
  }

  private fileOf(name: string, lock: boolean): RandomAccessFile {
    return new RandomAccessFile(name, {
      directory: this.root,
      lock,
      sparse: !name.endsWith(LOCKED),
      alloc: size => new Uint8Array(size),
    });
  }

  /** Without its optional native part the package locks nothing and does not say so. A second lock must fail. */
  private async verifyLock(name: string, folder: string): Promise<void> {
    const second = this.fileOf(name, true);
    try {
      await take(second, folder);
    } catch (error) {
      if (!(error instanceof StorageLockedError)) throw error;
      this.locks = true;
      return;
    } finally {
      await close(second);
    }
    throw new StorageFailedError(folder, new Error('fs-native-extensions, which locks files, is missing'));
  }
}

/** Writing nothing makes the file, which only opening does not. */
function take(file: RandomAccessFile, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(0, new Uint8Array(0), error => {
      if (!error) resolve();
      else if (error.code === 'ELOCKED') reject(new StorageLockedError(folder, error));
      else reject(new StorageFailedError(folder, error));
    });
  });
}

function close(file: RandomAccessFile): Promise<void> {
  return new Promise((resolve, reject) => {
    file.close(error => (error ? reject(error) : resolve()));
  });
}
