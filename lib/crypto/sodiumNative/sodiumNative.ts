import type { CryptoBackend } from '../CryptoBackend.js';
import { libsodiumCrypto } from '../libsodium/libsodium.js';
import type { LibsodiumBackend } from '../libsodium/LibsodiumBackend.js';
import type { SodiumModule } from './SodiumModule.js';
import { SodiumNativeBackend } from './SodiumNativeBackend.js';

let loading: Promise<CryptoBackend> | null = null;
let combining: Promise<CryptoBackend> | null = null;

/**
 * libsodium as a native addon of Node, the fastest single backend. It needs the optional package `sodium-native` (4.3 or later),
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
 * The two builds of libsodium that are fastest in Node, each for what it is better at: the addon for curves and for
 * everything large, WASM for small records and hashes, where reaching the addon costs more than the work. It needs
 * both `sodium-native` and `libsodium-wrappers-sumo`; the same backend is given to every caller.
 *
 * Rejects if either cannot be loaded; the next call tries again.
 *
 * @public
 */
export function combinedCrypto(): Promise<CryptoBackend> {
  combining ??= combine().catch((error: unknown) => {
    combining = null;
    throw error;
  });
  return combining;
}

/**
 * A backend of its own from a given package, for specs.
 *
 * @param load - gives the module `sodium-native`, as `import()` does
 * @internal
 */
export async function loadSodiumNative(load: () => Promise<unknown>): Promise<CryptoBackend> {
  return new SodiumNativeBackend(await moduleOf(load), null, await unsafeAllocator());
}

async function combine(): Promise<CryptoBackend> {
  const [sodium, small] = await Promise.all([moduleOf(importSodiumNative), libsodiumCrypto()]);
  return new SodiumNativeBackend(sodium, small as LibsodiumBackend, await unsafeAllocator());
}

async function moduleOf(load: () => Promise<unknown>): Promise<SodiumModule> {
  const loaded = (await load()) as SodiumModule & { default?: SodiumModule };
  return loaded.default ?? loaded;
}

/** Node alone can hand out memory without zeroing it first; a plain array over it, so that nobody is given a `Buffer`. */
async function unsafeAllocator(): Promise<(bytes: number) => Uint8Array> {
  const { Buffer } = await import('node:buffer');
  return bytes => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

function importSodiumNative(): Promise<unknown> {
  // A name in a variable: TypeScript knows no types for it.
  const specifier = 'sodium-native';
  return import(specifier);
}
