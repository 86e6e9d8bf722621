import type { CryptoBackend, SecretStreamPull, SecretStreamPush } from '../../lib/crypto/CryptoBackend.js';
import { aeadSuite } from './aeadSuite.js';
import { ed25519DhSuite } from './ed25519DhSuite.js';
import { ed25519SignSuite } from './ed25519SignSuite.js';
import { hashSuite } from './hashSuite.js';
import { plainSuite } from './plainSuite.js';
import { secretStreamSuite } from './secretStreamSuite.js';

/** Starts secret streams at a given counter, which the interface has no use for: without it four vectors are left out. */
export interface StreamsFromCounter {
  push(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPush;
  pull(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPull;
}

/** Everything a backend must show, whatever it is made of. Call it inside of a `describe`. */
export function backendSuite(crypto: CryptoBackend, fromCounter?: StreamsFromCounter): void {
  plainSuite(crypto);
  hashSuite(crypto);
  ed25519SignSuite(crypto);
  ed25519DhSuite(crypto);
  aeadSuite(crypto);
  secretStreamSuite(crypto, fromCounter);
}
