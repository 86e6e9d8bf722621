import { bestCrypto } from '../../../lib/crypto/bestCrypto.js';
import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { combinedCrypto, sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';
import { differentialCases, type DifferentialKind } from './differentialCases.js';

/** What is compared: every primitive with libsodium itself, and short digests, which sodium-native refuses to make. */
export type ComparedKind = DifferentialKind | 'shortHash';

export const comparedKinds = [
  ...(Object.keys(differentialCases) as DifferentialKind[]),
  'shortHash',
] as const satisfies ComparedKind[];

/** All backends, the slowest first. */
export async function allBackends(): Promise<CryptoBackend[]> {
  return [portableCrypto, await bestCrypto(), await sodiumNativeCrypto(), await combinedCrypto()];
}

/**
 * Shows every backend the same cases of one kind: a seed gives the same sequence to each.
 *
 * @throws Error at the first case that differs, with all that was put in.
 */
export function compareBackends(
  backends: readonly CryptoBackend[],
  kind: ComparedKind,
  seed: number,
  cases: number,
): void {
  if (kind === 'shortHash') return compareShortHashes(backends, seed, cases);
  for (const crypto of backends) {
    const random = new Random(`${crypto.name}, ${kind}`, seed);
    for (let n = 0; n < cases; n++) {
      try {
        differentialCases[kind](crypto, random);
      } catch (error) {
        throw new Error(`case ${n} of ${kind} with ${crypto.name}, seed ${seed}: ${String(error)}`, {
          cause: error,
        });
      }
    }
  }
}

function compareShortHashes(backends: readonly CryptoBackend[], seed: number, cases: number): void {
  const random = new Random('shortHash', seed);
  for (let n = 0; n < cases; n++) {
    const length = random.integer(1, 20);
    const parts = Array.from({ length: random.integer(0, 3) }, () => random.bytes(random.integer(0, 300)));
    const key = random.next() < 0.5 ? undefined : random.bytes(random.integer(1, 20));
    const digests = backends.map(crypto => hex(crypto.hash(length, parts, key)));
    if (new Set(digests).size > 1) {
      const names = backends.map(({ name }) => name).join(', ');
      throw new Error(`case ${n} of shortHash, seed ${seed}: ${names}: ${digests.join(', ')}`);
    }
  }
}
