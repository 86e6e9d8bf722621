import type { CryptoBackend } from '../CryptoBackend.js';
import { LibsodiumBackend } from './LibsodiumBackend.js';
import type { LibsodiumWrappers } from './LibsodiumModule.js';

/** One for the whole program: its memory is taken once. */
let loading: Promise<CryptoBackend> | null = null;

/**
 * libsodium compiled to WebAssembly, for any platform: several times the speed of the portable backend, and no native
 * code. It needs the optional package `libsodium-wrappers-sumo`, which is loaded when this is first called (bundlers put it
 * into a file of its own); the same backend is given to every caller.
 *
 * Rejects if the package is not installed, lacks a function, or if WebAssembly is not allowed here (a page's content
 * security policy needs `'wasm-unsafe-eval'`); the next call tries again.
 *
 * @example
 * ```ts
 * const crypto = await libsodiumCrypto();
 * transports.pipe(hypercoreProtocol({ initiator: true, crypto })).subscribe(use);
 * ```
 *
 * @public
 */
export function libsodiumCrypto(): Promise<CryptoBackend> {
  loading ??= loadLibsodium(() => import('libsodium-wrappers-sumo')).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

/**
 * A backend of its own from a given package, for specs and for those who load it in another way.
 *
 * @param load - gives the module `libsodium-wrappers-sumo`, as `import()` does
 * @internal
 */
export async function loadLibsodium(load: () => Promise<unknown>): Promise<CryptoBackend> {
  const loaded = (await load()) as LibsodiumWrappers & { default?: LibsodiumWrappers };
  // A CommonJS build lies behind `default`.
  const wrappers = loaded.default ?? loaded;
  await wrappers.ready;
  return new LibsodiumBackend(wrappers.libsodium);
}
