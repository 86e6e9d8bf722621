import { isHypercoreError } from '../errors.js';
import { StorageFailedError, StorageLockedError, StorageQuotaError } from '../logErrors.js';

/** Full disks and quotas, by the names that Node and browsers give them. */
const FULL = ['ENOSPC', 'EDQUOT', 'QuotaExceededError'];

/** What the private file system of a browser says of a file that somebody else has open. */
const LOCKED = 'NoModificationAllowedError';

/** What a platform threw, as an error of this library; one of its own stays as it is. @internal */
export function storageError(name: string, error: unknown): Error {
  if (isHypercoreError(error)) return error;
  const { code, name: kind } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (kind === LOCKED) return new StorageLockedError(name, error);
  const full = FULL.some(each => each === code || each === kind);
  return full ? new StorageQuotaError(name, error) : new StorageFailedError(name, error);
}
