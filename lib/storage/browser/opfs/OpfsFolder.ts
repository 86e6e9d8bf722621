import { OpfsFile, type SyncAccessHandle } from './OpfsFile.js';

/** Where all storages of this library lie. */
const HOME = 'rx-hypercore';

/** The file that is kept open while a folder is locked and there are no Web Locks; no other file can have this name. */
const LOCK = '.lock';

/** How long a handle of a page that is just going away is waited for. */
const RETRIES = 60;
const RETRY_MS = 50;

/**
 * One storage in the origin private file system, for a scope that has synchronous handles: a dedicated worker. What it throws
 * is the platform's own, so that a worker is made of no more than this.
 *
 * @internal
 */
export class OpfsFolder {
  private readonly files = new Set<OpfsFile>();
  private closed = false;

  private constructor(private readonly folder: FileSystemDirectoryHandle) {}

  /** Rejects if this scope has no such file system, or no synchronous handles. */
  static async open(storage: StorageManager, name: string): Promise<OpfsFolder> {
    const { FileSystemFileHandle: file } = globalThis as { FileSystemFileHandle?: { prototype: object } };
    if (!file || !('createSyncAccessHandle' in file.prototype)) {
      throw new DOMException('files have no synchronous handles here', 'NotSupportedError');
    }
    const root = await storage.getDirectory();
    const home = await root.getDirectoryHandle(HOME, { create: true });
    return new OpfsFolder(await home.getDirectoryHandle(name, { create: true }));
  }

  /** Opens a file, which nobody else may have open. */
  async file(name: string): Promise<OpfsFile> {
    const handle = await this.handle(name, RETRIES);
    const file: OpfsFile = new OpfsFile(handle, () => this.files.delete(file));
    if (this.closed) file.close();
    this.files.add(file);
    return file;
  }

  /** Keeps others out by a handle; gives what lets them in again. */
  async lock(folder: string): Promise<() => void> {
    const handle = await this.handle(folder === '' ? LOCK : `${folder}/${LOCK}`, 0);
    return () => handle.close();
  }

  async remove(folder: string): Promise<void> {
    const parts = folder.split('/');
    const last = parts.pop()!;
    try {
      const parent = await this.descend(parts, false);
      await parent.removeEntry(last, { recursive: true });
    } catch (error) {
      if ((error as Error).name !== 'NotFoundError') throw error;
    }
  }

  /** Closes every file. */
  close(): void {
    this.closed = true;
    for (const file of [...this.files]) file.close();
  }

  private async handle(path: string, retries: number): Promise<SyncAccessHandle> {
    const parts = path.split('/');
    const name = parts.pop()!;
    const folder = await this.descend(parts, true);
    const file = (await folder.getFileHandle(name, { create: true })) as FileSystemFileHandle & {
      createSyncAccessHandle(): Promise<SyncAccessHandle>;
    };
    for (let tries = 0; ; tries++) {
      try {
        return await file.createSyncAccessHandle();
      } catch (error) {
        if ((error as Error).name !== 'NoModificationAllowedError') throw error;
        if (tries >= retries) throw error;
      }
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }

  private async descend(parts: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    let folder = this.folder;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return folder;
  }
}
