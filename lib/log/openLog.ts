import { portableCrypto } from '../crypto/portable/portable.js';
import { Log } from './Log.js';
import type { LogOptions } from './LogOptions.js';
import { openCore } from './openCore.js';

/**
 * Opens a core that is stored, or makes it.
 *
 * On a disk the files are those of hypercore 10, which can open what was written here, and the other way round; not both at
 * once: a core has one writer.
 *
 * @example
 * ```ts
 * const log = await openLog({ keyPair });
 * await log.append(new TextEncoder().encode('hello'));
 * console.log(log.length, await log.get(0));
 * await log.close();
 * ```
 *
 * Rejects with a RangeError or TypeError for options that cannot be meant or do not fit what is stored, with
 * `ERR_STORAGE_LOCKED` if the core is open already, here or elsewhere, with `ERR_STORAGE_CORRUPT` if the files are damaged, and
 * with the errors of the storage.
 *
 * @public
 */
export async function openLog(options: LogOptions = {}): Promise<Log> {
  const crypto = options.crypto ?? portableCrypto;
  return new Log(await openCore({ ...options, crypto }));
}
