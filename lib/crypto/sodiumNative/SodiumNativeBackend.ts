import type { CryptoBackend, KeyPair, SecretStreamPull, SecretStreamPush } from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import type { LibsodiumBackend } from '../libsodium/LibsodiumBackend.js';
import { portableCrypto } from '../portable/portable.js';
import { NativeSecretStreamPull, NativeSecretStreamPush } from './secretStream.js';
import type { SodiumModule } from './SodiumModule.js';

const MAC = 16;

/** sodium-native makes no shorter digests and takes no shorter keys; libsodium itself and the interface do. */
const SHORTEST = 16;

/** Up to this many bytes are hashed, or sealed, in WASM sooner than the addon is reached; found by measuring. */
const SMALL_INPUT = 640;
const SMALL_TEXT = 128;

/**
 * libsodium itself, through Node's addon, and on request libsodium in WASM beside it.
 *
 * A call into the addon costs about half a microsecond, whatever it does; a call into WASM costs next to nothing, but the
 * ciphers run at a third of the speed there. So what is small goes to WASM, curves and whatever is large to the addon.
 *
 * @internal
 */
export class SodiumNativeBackend implements CryptoBackend {
  readonly name: string;
  private readonly expanded = new Uint8Array(64);
  private readonly scalar = this.expanded.subarray(0, 32);
  private readonly shared = new Uint8Array(new ArrayBuffer(32));

  /** @throws TypeError if this is not sodium-native as we know it. */
  constructor(
    private readonly sodium: SodiumModule,
    private readonly small: LibsodiumBackend | null = null,
    /** Memory that may hold anything; zeroing 64 KiB takes a twentieth of the time of decrypting them. */
    private readonly allocate?: (bytes: number) => Uint8Array,
  ) {
    if (sodium.crypto_secretstream_xchacha20poly1305_STATEBYTES !== 52) {
      throw new TypeError('this is not a sodium-native with a secretstream');
    }
    this.name = small === null ? 'sodium-native' : `sodium-native + ${small.name}`;
  }

  randomBytes(length: number): Uint8Array {
    requireInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
    const bytes = new Uint8Array(length);
    if (length > 0) this.sodium.randombytes_buf(bytes);
    return bytes;
  }

  hash(length: number, parts: readonly Uint8Array[], key?: Uint8Array): Uint8Array {
    requireInteger('length', length, 1, 64);
    if (key !== undefined) requireBytes('key', key, 1, 64);
    let total = 0;
    for (const part of parts) {
      requireBytes('part', part, 0, Infinity);
      total += part.length;
    }
    if (this.small !== null && total <= SMALL_INPUT) return this.small.hash(length, parts, key);
    if (length < SHORTEST || (key !== undefined && key.length < SHORTEST)) {
      return portableCrypto.hash(length, parts, key);
    }
    const digest = new Uint8Array(length);
    if (parts.length === 1) this.sodium.crypto_generichash(digest, parts[0], key);
    else this.sodium.crypto_generichash_batch(digest, parts, key);
    return digest;
  }

  keyPair(seed: Uint8Array): KeyPair {
    requireBytes('seed', seed, 32);
    const pair = { publicKey: new Uint8Array(32), secretKey: new Uint8Array(64) };
    this.sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, seed);
    return pair;
  }

  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
    requireBytes('message', message, 0, Infinity);
    requireBytes('secretKey', secretKey, 64);
    const signature = new Uint8Array(64);
    this.sodium.crypto_sign_detached(signature, message, secretKey);
    return signature;
  }

  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    requireBytes('message', message, 0, Infinity);
    requireBytes('signature', signature, 0, Infinity);
    requireBytes('publicKey', publicKey, 0, Infinity);
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    return this.sodium.crypto_sign_verify_detached(signature, message, publicKey);
  }

  dh(secretKey: Uint8Array, remotePublicKey: Uint8Array): Uint8Array | null {
    requireBytes('secretKey', secretKey, 64);
    requireBytes('remotePublicKey', remotePublicKey, 32);
    const { sodium, expanded, scalar, shared } = this;
    sodium.crypto_hash_sha512(expanded, secretKey.subarray(0, 32));
    scalar[0] &= 0xf8;
    scalar[31] = (scalar[31] & 0x7f) | 0x40;
    try {
      sodium.crypto_scalarmult_ed25519_noclamp(shared, scalar, remotePublicKey);
      return shared.slice();
    } catch {
      return null; // the one reason left: a point that libsodium refuses
    } finally {
      expanded.fill(0);
      shared.fill(0);
    }
  }

  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array {
    requireAead(key, nonce, plaintext, associated);
    if (this.fits(plaintext, associated)) return this.small!.seal(key, nonce, plaintext, associated);
    const sealed = new Uint8Array(plaintext.length + MAC);
    const data = associated.length === 0 ? null : associated;
    this.sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, data, null, nonce, key);
    return sealed;
  }

  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | null {
    requireAead(key, nonce, sealed, associated);
    if (this.fits(sealed, associated)) return this.small!.open(key, nonce, sealed, associated);
    if (sealed.length < MAC) return null;
    const plaintext = new Uint8Array(sealed.length - MAC);
    const data = associated.length === 0 ? null : associated;
    try {
      this.sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, data, nonce, key);
    } catch {
      return null; // the one reason left: it does not authenticate
    }
    return plaintext;
  }

  secretStreamPush(key: Uint8Array, header: Uint8Array): SecretStreamPush {
    return new NativeSecretStreamPush(this.sodium, this.small?.records ?? null, key, header);
  }

  secretStreamPull(key: Uint8Array, header: Uint8Array): SecretStreamPull {
    return this.pullFrom(key, header, 1);
  }

  /** @internal For specs: a stream at a given counter. */
  pushFrom(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPush {
    return new NativeSecretStreamPush(this.sodium, this.small?.records ?? null, key, header, counter);
  }

  /** @internal For specs: a stream at a given counter. */
  pullFrom(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPull {
    const records = this.small?.records ?? null;
    return new NativeSecretStreamPull(this.sodium, records, key, header, counter, this.allocate);
  }

  /** Not the addon's: to reach it takes several times as long as to compare a hash. */
  equal(a: Uint8Array, b: Uint8Array): boolean {
    return portableCrypto.equal(a, b);
  }

  wipe(bytes: Uint8Array): void {
    bytes.fill(0);
  }

  private fits(text: Uint8Array, associated: Uint8Array): boolean {
    return this.small !== null && text.length + associated.length <= SMALL_TEXT;
  }
}

function requireAead(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, associated: Uint8Array): void {
  requireBytes('key', key, 32);
  requireBytes('nonce', nonce, 12);
  requireBytes('text', text, 0, Infinity);
  requireBytes('associated', associated, 0, Infinity);
}
