import type { CryptoBackend } from '../crypto/CryptoBackend.js';

/** Bytes of a cipher key. @internal */
export const CIPHER_KEY_BYTES = 32;

/** Bytes by which a ciphertext is longer than its plaintext. @internal */
export const MAC_BYTES = 16;

/**
 * A key and a counter (Noise rev 34 §5.1). Without a key, bytes pass through unchanged.
 *
 * @internal
 */
export class CipherState {
  private key: Uint8Array | null = null;
  private counter = 0;

  constructor(private readonly crypto: CryptoBackend) {}

  get hasKey(): boolean {
    return this.key !== null;
  }

  /** Takes the key over (the array is wiped when it is replaced) and starts to count from zero. */
  initializeKey(key: Uint8Array): void {
    this.wipe();
    this.key = key;
  }

  /** A fresh array: the ciphertext and its MAC, or a copy if there is no key. */
  encryptWithAd(associated: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (this.key === null) return new Uint8Array(plaintext);
    const sealed = this.crypto.seal(this.key, this.nonce(), plaintext, associated);
    this.counter++;
    return sealed;
  }

  /** The reverse; null, and no change of the state, if it does not authenticate. */
  decryptWithAd(associated: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
    if (this.key === null) return new Uint8Array(ciphertext);
    if (ciphertext.length < MAC_BYTES) return null;
    const plaintext = this.crypto.open(this.key, this.nonce(), ciphertext, associated);
    if (plaintext !== null) this.counter++;
    return plaintext;
  }

  /** Overwrites the key; what follows passes through unchanged, so the owner must not go on. */
  wipe(): void {
    if (this.key !== null) this.crypto.wipe(this.key);
    this.key = null;
    this.counter = 0;
  }

  /** Four zero bytes, then the counter as 64 bits little endian (Noise rev 34 §12.3). It never nears 32 bits here. */
  private nonce(): Uint8Array {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(4, this.counter, true);
    return nonce;
  }
}
