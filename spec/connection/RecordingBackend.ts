import { hchacha } from '@stablelib/xchacha20';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';

/** A backend, and a copy of every secret that passed through it, under a name. They cannot be reached from it. */
export interface RecordingBackend {
  readonly crypto: CryptoBackend;
  readonly secrets: Map<string, Uint8Array>;
  /** Arrays that held the secrets, to see what became of them. */
  readonly holders: Map<string, Uint8Array>;
}

export function recordingBackend(of: CryptoBackend = portableCrypto): RecordingBackend {
  const secrets = new Map<string, Uint8Array>();
  const holders = new Map<string, Uint8Array>();
  const note = (name: string, bytes: Uint8Array): void => {
    const numbered = `${name} ${secrets.size}`;
    secrets.set(numbered, new Uint8Array(bytes));
    holders.set(numbered, bytes);
  };
  const stream = (name: string, key: Uint8Array, header: Uint8Array): void => {
    note(`key of ${name}`, key);
    note(`ratchet of ${name}`, hchacha(key, header.subarray(0, 16), new Uint8Array(32)));
  };
  const crypto: CryptoBackend = Object.assign(Object.create(of) as CryptoBackend, {
    keyPair(seed: Uint8Array) {
      note('seed', seed);
      const pair = of.keyPair(seed);
      holders.set(`secret key ${secrets.size}`, pair.secretKey);
      return pair;
    },
    dh(secretKey: Uint8Array, remotePublicKey: Uint8Array) {
      const shared = of.dh(secretKey, remotePublicKey);
      if (shared !== null) note('shared secret', shared);
      return shared;
    },
    seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array) {
      note('cipher key', key);
      return of.seal(key, nonce, plaintext, associated);
    },
    open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array) {
      note('cipher key', key);
      return of.open(key, nonce, sealed, associated);
    },
    secretStreamPush(key: Uint8Array, header: Uint8Array) {
      stream('push', key, header);
      return of.secretStreamPush(key, header);
    },
    secretStreamPull(key: Uint8Array, header: Uint8Array) {
      stream('pull', key, header);
      return of.secretStreamPull(key, header);
    },
  });
  return { crypto, secrets, holders };
}
