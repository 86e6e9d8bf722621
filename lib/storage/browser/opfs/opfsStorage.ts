import { LogClosedError, StorageFailedError } from '../../../logErrors.js';
import { OpenFiles } from '../../OpenFiles.js';
import { SettledFile } from '../../SettledFile.js';
import { storageError } from '../../storageError.js';
import type { BrowserFiles } from '../BrowserFiles.js';
import { OpfsFolder } from './OpfsFolder.js';
import { OpfsWorker } from './OpfsWorker.js';
import { OpfsWorkerFile } from './OpfsWorkerFile.js';

/**
 * Files of the origin private file system, used from here: in a dedicated worker.
 *
 * @internal
 */
export async function opfsStorage(storage: StorageManager, name: string): Promise<BrowserFiles> {
  const folder = await OpfsFolder.open(storage, name);
  const held = new OpenFiles();
  const files = new Set<SettledFile>();
  let closed = false;
  return {
    async open(file) {
      if (closed) throw new LogClosedError();
      held.open(file);
      try {
        const opened = new SettledFile(file, await folder.file(file), () => {
          held.close(file);
          files.delete(opened);
        });
        files.add(opened);
        return opened;
      } catch (error) {
        held.close(file);
        throw storageError(file, error);
      }
    },
    async remove(path) {
      held.verifyUnused(path);
      try {
        await folder.remove(path);
      } catch (error) {
        throw storageError(path, error);
      }
    },
    async lock(path) {
      try {
        const unlock = await folder.lock(path);
        return () => Promise.resolve(unlock());
      } catch (error) {
        throw storageError(path, error);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...files].map(file => file.close()));
      folder.close();
    },
  };
}

/**
 * The same, used through a worker. Nothing tells a page that a worker has ended, other than a lock that ended with it.
 *
 * @param timeoutMs - how long the worker may take to start
 * @internal
 */
export async function opfsStorageIn(
  worker: Worker,
  name: string,
  locks: LockManager | null,
  timeoutMs: number,
): Promise<BrowserFiles> {
  const remote = new OpfsWorker(worker);
  const held = new OpenFiles();
  const timer = setTimeout(() => {
    remote.end(
      new StorageFailedError(name, new DOMException('the worker did not start in time', 'TimeoutError')),
    );
  }, timeoutMs);
  try {
    const life = locks && `rx-hypercore/worker/${crypto.randomUUID()}`;
    await remote.call(name, ['start', name, life]);
    if (locks && life !== null) remote.watch(locks, life);
  } catch (error) {
    remote.end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    async open(file) {
      held.open(file);
      try {
        const id = await remote.call<number>(file, ['open', file]);
        return new OpfsWorkerFile(file, remote, id, () => held.close(file));
      } catch (error) {
        held.close(file);
        throw error;
      }
    },
    async remove(folder) {
      held.verifyUnused(folder);
      await remote.call(folder, ['remove', folder]);
    },
    async lock(folder) {
      const id = await remote.call<number>(folder, ['lock', folder]);
      return () => remote.call<void>(folder, ['unlock', id]);
    },
    async close() {
      try {
        await remote.call(name, ['end']);
      } catch (error) {
        if (!(error instanceof LogClosedError)) throw error;
      } finally {
        remote.end();
      }
    },
  };
}
