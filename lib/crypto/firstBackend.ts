import type { CryptoBackend } from './CryptoBackend.js';
import { portableCrypto } from './portable/portable.js';

/**
 * The first of several backends that can be had, tried one after the other; the portable one if none of them can.
 *
 * @internal
 */
export async function firstBackend(
  candidates: readonly (() => Promise<CryptoBackend>)[],
): Promise<CryptoBackend> {
  for (const candidate of candidates) {
    try {
      return await candidate();
    } catch {
      // Not installed, no build for this machine, not allowed on this page: the next one.
    }
  }
  return portableCrypto;
}
