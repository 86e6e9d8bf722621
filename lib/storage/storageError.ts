import { isHypercoreError } from '../errors.js';
import { StorageFailedError, StorageQuotaError } from '../logErrors.js';

/** Full disks and quotas, by the names that Node and browsers give them. */
const FULL = ['ENOSPC', 'EDQUOT', 'QuotaExceededError'];

/** What a platform threw, as an error of this library; one of its own stays as it is. @internal */
export function storageError(name: string, error: unknown): Error {
  if (isHypercoreError(error)) return error;
  const { code, name: kind } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  const full = FULL.some(each => each === code || each === kind);
  return full ? new StorageQuotaError(name, error) : new StorageFailedError(name, error);
}
