import { StorageLockedError } from '../../logErrors.js';

/**
 * Takes the sole right to a folder of a storage by Web Locks, against every tab and worker of the origin: the folder itself
 * exclusively, and what it lies in together with others, so that a folder and one within it keep each other out.
 *
 * Gives what returns the locks, which go by themselves with the tab or worker. A page that was reloaded comes before the old one
 * has gone altogether, so that a lock is waited for, `timeoutMs` at most.
 *
 * @internal
 */
export async function webLock(
  locks: LockManager,
  storage: string,
  folder: string,
  timeoutMs: number,
): Promise<() => Promise<void>> {
  const taken: (() => Promise<void>)[] = [];
  const release = async () => {
    await Promise.all(taken.map(give => give()));
  };
  try {
    for (const above of foldersAbove(folder))
      taken.push(await take(locks, storage, above, 'shared', timeoutMs));
    taken.push(await take(locks, storage, folder, 'exclusive', timeoutMs));
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** `''`, `a` and `a/b` for `a/b/c`. */
function foldersAbove(folder: string): string[] {
  if (folder === '') return [];
  const parts = folder.split('/');
  return parts.map((_, i) => parts.slice(0, i).join('/'));
}

async function take(
  locks: LockManager,
  storage: string,
  folder: string,
  mode: LockMode,
  timeoutMs: number,
): Promise<() => Promise<void>> {
  const name = `rx-hypercore/${storage}/${folder}`;
  const patience = new AbortController();
  const late = new StorageLockedError(folder);
  const timer = setTimeout(() => patience.abort(late), timeoutMs);
  try {
    return await hold(locks, name, { mode, signal: patience.signal }, late);
  } catch (error) {
    if (error !== late) throw error instanceof Error ? error : new Error(String(error));
    // A browser that is busy takes its time for locks that nobody has, too; to this it knows the answer.
    return await hold(locks, name, { mode, ifAvailable: true }, late);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves, once there is a lock, to what gives it back. Rejects as the request does, and with `taken` if it is not available. */
function hold(
  locks: LockManager,
  name: string,
  options: LockOptions,
  taken: StorageLockedError,
): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const returned = locks.request(name, options, lock => {
      if (lock === null) throw taken;
      return new Promise<void>(giveBack => {
        resolve(async () => {
          giveBack();
          await returned;
        });
      });
    });
    returned.catch(reject);
  });
}
