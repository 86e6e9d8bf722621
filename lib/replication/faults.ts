import { isHypercoreError } from '../errors.js';

/** Whether an error is the remote's doing, and not that of the storage here. @internal */
export function isRemotesFault(error: unknown): boolean {
  if (!isHypercoreError(error)) return false;
  switch (error.code) {
    case 'ERR_PROOF':
    case 'ERR_CHECKSUM':
    case 'ERR_SIGNATURE':
    case 'ERR_CONFLICT':
    case 'ERR_LIMIT_EXCEEDED':
      return true;
    default:
      return false;
  }
}

/** Whether a proof does not lead to what is known here. @internal */
export function isProofError(error: unknown): boolean {
  return isHypercoreError(error) && error.code === 'ERR_PROOF';
}
