import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { CIPHER_KEY_BYTES, CipherState } from './CipherState.js';
import { HASH_BYTES, hkdf } from './hkdf.js';

/**
 * The transcript hash and the chaining key (Noise rev 34 §5.2).
 *
 * @internal
 */
export class SymmetricState {
  /** `h` of the paper: a digest of everything both sides have seen, 64 bytes. Replaced, never written into. */
  hash: Uint8Array;
  /** `ck` of the paper, 64 bytes, secret from the first Diffie–Hellman on. */
  chainingKey: Uint8Array;
  private readonly cipher: CipherState;

  constructor(
    private readonly crypto: CryptoBackend,
    protocolName: string,
  ) {
    // Every name here is shorter than a digest, so it is padded rather than hashed.
    this.hash = new Uint8Array(HASH_BYTES);
    this.hash.set(new TextEncoder().encode(protocolName));
    this.chainingKey = new Uint8Array(this.hash);
    this.cipher = new CipherState(crypto);
  }

  /** Whether what follows is encrypted. */
  get hasKey(): boolean {
    return this.cipher.hasKey;
  }

  mixHash(data: Uint8Array): void {
    this.hash = this.crypto.hash(HASH_BYTES, [this.hash, data]);
  }

  /** Takes a shared secret in and wipes it. */
  mixKey(secret: Uint8Array): void {
    const [chainingKey, output] = hkdf(this.crypto, this.chainingKey, secret);
    this.crypto.wipe(this.chainingKey);
    this.chainingKey = chainingKey;
    this.cipher.initializeKey(new Uint8Array(output.subarray(0, CIPHER_KEY_BYTES)));
    this.crypto.wipe(output);
    this.crypto.wipe(secret);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.cipher.encryptWithAd(this.hash, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** Null, and no change of the state, if it does not authenticate. */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array | null {
    const plaintext = this.cipher.decryptWithAd(this.hash, ciphertext);
    if (plaintext !== null) this.mixHash(ciphertext);
    return plaintext;
  }

  /** The two keys of the session: the initiator's for sending, then the responder's. */
  split(): [Uint8Array, Uint8Array] {
    const outputs = hkdf(this.crypto, this.chainingKey, new Uint8Array(0));
    const keys = outputs.map(output => new Uint8Array(output.subarray(0, CIPHER_KEY_BYTES))) as [
      Uint8Array,
      Uint8Array,
    ];
    for (const output of outputs) this.crypto.wipe(output);
    return keys;
  }

  /** Overwrites the chaining key and the cipher key. The hash is no secret and stays. */
  wipe(): void {
    this.crypto.wipe(this.chainingKey);
    this.cipher.wipe();
  }
}
