import { concat, defer, distinctUntilChanged, type Observable, of } from 'rxjs';
import type { CryptoBackend } from './CryptoBackend.js';
import { portableCrypto } from './portable/portable.js';

/**
 * Emits the portable backend at once and `best` when it is there, unless that is the same; then completes.
 *
 * @internal
 */
export function upgradesTo(best: () => Promise<CryptoBackend>): Observable<CryptoBackend> {
  return concat(of(portableCrypto), defer(best)).pipe(distinctUntilChanged());
}
