import type { Observable } from 'rxjs';
import type { CryptoBackend } from './CryptoBackend.js';
import { firstBackend } from './firstBackend.js';
import { libsodiumCrypto } from './libsodium/libsodium.js';
import { combinedCrypto, sodiumNativeCrypto } from './sodiumNative/sodiumNative.js';
import { upgradesTo } from './upgradesTo.js';

/**
 * What `bestCrypto` is in Node. A module of its own, because a bundler for pages must not come across `sodium-native`,
 * of which it could bundle nothing.
 *
 * @public
 */
export function bestCrypto(): Promise<CryptoBackend> {
  return firstBackend([combinedCrypto, sodiumNativeCrypto, libsodiumCrypto]);
}

/**
 * What `cryptoUpgrades` is in Node.
 *
 * @public
 */
export function cryptoUpgrades(): Observable<CryptoBackend> {
  return upgradesTo(bestCrypto);
}
