import type { CryptoBackend } from '../CryptoBackend.js';
import type { SodiumModule } from './SodiumModule.js';
import { SodiumNativeBackend } from './SodiumNativeBackend.js';

let loading: Promise<CryptoBackend> | null = null;

/**
 * libsodium as a native addon of Node, the fastest backend. It needs the optional package `sodium-native` (4.3 or later),
 * which is loaded when this is first called; the same backend is given to every caller.
 *
 * Rejects if the package is not installed or has no build for this machine; the next call tries again.
 *
 * @example
 * ```ts
 * const crypto = await sodiumNativeCrypto();
 * tcpConnect({ port: 8000 }).pipe(hypercoreProtocol({ initiator: true, crypto })).subscribe(use);
 * ```
 *
 * @public
 */
export function sodiumNativeCrypto(): Promise<CryptoBackend> {
  loading ??= loadSodiumNative(importSodiumNative).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * A backend of its own from a given package, for specs.
 *
 * @param load - gives the module `sodium-native`, as `import()` does
 * @internal
 */
export async function loadSodiumNative(load: () => Promise<unknown>): Promise<CryptoBackend> {
  const loaded = (await load()) as SodiumModule & { default?: SodiumModule };
  return new SodiumNativeBackend(loaded.default ?? loaded);
}

function importSodiumNative(): Promise<unknown> {
  // A name in a variable: TypeScript knows no types for it.
  const specifier = 'sodium-native';
  return import(specifier);
}
