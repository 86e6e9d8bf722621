import { catchError, defaultIfEmpty, defer, map, type Observable, take } from 'rxjs';
import { RemoteKeyRejectedError } from '../errors.js';
import type { Authorizer } from './SecureLinkOptions.js';

/**
 * Asks an authorizer: emits once and completes if the remote is welcome, else errors with `ERR_REMOTE_KEY_REJECTED`. A
 * boolean is answered synchronously; of an Observable the first value counts, and the rest is not waited for.
 *
 * @internal
 */
export function admit(authorize: Authorizer, remotePublicKey: Uint8Array): Observable<void> {
  return defer(() => {
    const verdict = authorize(remotePublicKey);
    return typeof verdict === 'boolean' ? [verdict] : verdict;
  }).pipe(
    take(1),
    defaultIfEmpty(false),
    catchError(cause => {
      throw new RemoteKeyRejectedError(cause);
    }),
    map(welcome => {
      // Written in JavaScript, an authorizer may answer anything; only true is yes.
      if (welcome !== true) throw new RemoteKeyRejectedError();
    }),
  );
}
