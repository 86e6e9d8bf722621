import type { Observable } from 'rxjs';
import type { CryptoBackend } from './CryptoBackend.js';
import { firstBackend } from './firstBackend.js';
import { libsodiumCrypto } from './libsodium/libsodium.js';
import { upgradesTo } from './upgradesTo.js';

/**
 * The fastest backend that can be had here; its `name` says which it is. In Node that is `sodium-native +
 * libsodium-wasm` (each for what it is better at), or the one of them that is installed; anywhere else it is
 * `libsodium-wasm`; where there is nothing else, `portable`. Which packages are installed
 * decides: `sodium-native` and `libsodium-wrappers-sumo` are both optional.
 *
 * Never rejects. For a page that would rather begin at once than wait there is {@link cryptoUpgrades}.
 *
 * @example
 * ```ts
 * const crypto = await bestCrypto();
 * console.log(`cryptography: ${crypto.name}`);
 * of(transport).pipe(hypercoreProtocol({ initiator: true, crypto })).subscribe(use);
 * ```
 *
 * @public
 */
export function bestCrypto(): Promise<CryptoBackend> {
  return firstBackend([libsodiumCrypto]);
}

/**
 * Begins without waiting: emits `portableCrypto` at once, {@link bestCrypto} when it is loaded (nothing, if that is the
 * portable one too), then completes. Never errors.
 *
 * A connection keeps the backend that it began with, so the next connection is the first to be faster.
 *
 * @example
 * ```ts
 * const crypto = new BehaviorSubject<CryptoBackend>(portableCrypto);
 * cryptoUpgrades().subscribe(best => crypto.next(best));
 * defer(() => of(transport).pipe(hypercoreProtocol({ initiator: true, crypto: crypto.value }))).subscribe(use);
 * ```
 *
 * @public
 */
export function cryptoUpgrades(): Observable<CryptoBackend> {
  return upgradesTo(bestCrypto);
}
