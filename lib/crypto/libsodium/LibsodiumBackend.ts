import type { CryptoBackend, KeyPair, SecretStreamPull, SecretStreamPush } from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import { portableCrypto } from '../portable/portable.js';
import type { LibsodiumModule } from './LibsodiumModule.js';
import { RecordsInWasm } from './recordsInWasm.js';
import { Scratch } from './Scratch.js';
import { LibsodiumSecretStreamPull, LibsodiumSecretStreamPush } from './secretStream.js';

const MAC = 16;

/** Input of a hash is brought over in pieces of this many bytes. */
const HASH_PIECE = 0x10000;

/** Functions that only the "sumo" build has, or that other versions may lack. */
const needed = [
  '_malloc',
  '_free',
  '_crypto_generichash',
  '_crypto_hash_sha512',
  '_crypto_scalarmult_ed25519_noclamp',
  '_crypto_secretstream_xchacha20poly1305_push',
] as const;

/**
 * libsodium in WASM, called below its JavaScript wrappers: these allocate and free memory on both sides for every
 * argument, which costs more than sealing a small record.
 *
 * @internal
 */
export class LibsodiumBackend implements CryptoBackend {
  readonly name = 'libsodium-wasm';
  /** Its secretstreams, for a backend that wants them for small records alone. @internal */
  readonly records: RecordsInWasm;
  private readonly scratch: Scratch;

  /** @throws TypeError if it is not a build of libsodium with all that is needed. */
  constructor(private readonly sodium: LibsodiumModule) {
    for (const name of needed) {
      if (typeof sodium[name] !== 'function') throw new TypeError(`this build of libsodium has no ${name}`);
    }
    if (sodium._crypto_secretstream_xchacha20poly1305_statebytes() !== 52) {
      throw new TypeError('this build of libsodium has another secretstream');
    }
    this.scratch = new Scratch(sodium);
    this.records = new RecordsInWasm(sodium, this.scratch);
  }

  randomBytes(length: number): Uint8Array {
    return portableCrypto.randomBytes(length);
  }

  hash(length: number, parts: readonly Uint8Array[], key?: Uint8Array): Uint8Array {
    requireInteger('length', length, 1, 64);
    if (key !== undefined) requireBytes('key', key, 1, 64);
    let total = 0;
    for (const part of parts) {
      requireBytes('part', part, 0, Infinity);
      total += part.length;
    }
    const { sodium, scratch } = this;
    scratch.refresh();
    const [out, keyAt] = [scratch.slot(0), scratch.slot(1)];
    const keyBytes = key?.length ?? 0;
    if (key !== undefined) scratch.write(keyAt, key);
    if (total <= HASH_PIECE) {
      const text = scratch.takeText(total);
      let at = text;
      for (const part of parts) {
        scratch.write(at, part);
        at += part.length;
      }
      sodium._crypto_generichash(out, length, text, total, 0, keyAt, keyBytes);
      scratch.wipe(text, total);
    } else this.hashPieces(out, length, parts, keyAt, keyBytes);
    const digest = scratch.copy(out, length);
    scratch.wipe(out, 128);
    return digest;
  }

  keyPair(seed: Uint8Array): KeyPair {
    requireBytes('seed', seed, 32);
    const { sodium, scratch } = this;
    scratch.refresh();
    const [publicAt, secretAt, seedAt] = [scratch.slot(0), scratch.slot(1), scratch.slot(2)];
    scratch.write(seedAt, seed);
    sodium._crypto_sign_seed_keypair(publicAt, secretAt, seedAt);
    const pair = { publicKey: scratch.copy(publicAt, 32), secretKey: scratch.copy(secretAt, 64) };
    scratch.wipe(publicAt, 192);
    return pair;
  }

  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
    requireBytes('message', message, 0, Infinity);
    requireBytes('secretKey', secretKey, 64);
    const { sodium, scratch } = this;
    const text = scratch.takeText(message.length);
    const [signatureAt, secretAt] = [scratch.slot(0), scratch.slot(1)];
    scratch.write(text, message);
    scratch.write(secretAt, secretKey);
    sodium._crypto_sign_detached(signatureAt, 0, text, message.length, 0, secretAt);
    scratch.wipe(secretAt, 64);
    scratch.giveBack();
    return scratch.copy(signatureAt, 64);
  }

  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    requireBytes('message', message, 0, Infinity);
    requireBytes('signature', signature, 0, Infinity);
    requireBytes('publicKey', publicKey, 0, Infinity);
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    const { sodium, scratch } = this;
    const text = scratch.takeText(message.length);
    const [signatureAt, publicAt] = [scratch.slot(0), scratch.slot(1)];
    scratch.write(text, message);
    scratch.write(signatureAt, signature);
    scratch.write(publicAt, publicKey);
    const failed = sodium._crypto_sign_verify_detached(signatureAt, text, message.length, 0, publicAt);
    scratch.giveBack();
    return failed === 0;
  }

  dh(secretKey: Uint8Array, remotePublicKey: Uint8Array): Uint8Array | null {
    requireBytes('secretKey', secretKey, 64);
    requireBytes('remotePublicKey', remotePublicKey, 32);
    const { sodium, scratch } = this;
    scratch.refresh();
    const [seedAt, scalarAt, pointAt, sharedAt] = [0, 1, 2, 3].map(n => scratch.slot(n));
    scratch.write(seedAt, secretKey, 0, 32);
    scratch.write(pointAt, remotePublicKey);
    sodium._crypto_hash_sha512(scalarAt, seedAt, 32, 0);
    const { heap } = scratch;
    heap[scalarAt] &= 0xf8;
    heap[scalarAt + 31] = (heap[scalarAt + 31] & 0x7f) | 0x40;
    const failed = sodium._crypto_scalarmult_ed25519_noclamp(sharedAt, scalarAt, pointAt);
    const shared = failed === 0 ? scratch.copy(sharedAt, 32) : null;
    scratch.wipe(seedAt, 256);
    return shared;
  }

  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array {
    const { sodium, scratch } = this;
    const text = this.bringAead(key, nonce, plaintext, associated);
    const [keyAt, nonceAt, associatedAt] = [scratch.slot(0), scratch.slot(1), text + plaintext.length + MAC];
    sodium._crypto_aead_chacha20poly1305_ietf_encrypt(
      text,
      0,
      text,
      plaintext.length,
      0,
      associatedAt,
      associated.length,
      0,
      0,
      nonceAt,
      keyAt,
    );
    const sealed = scratch.copy(text, plaintext.length + MAC);
    scratch.wipe(keyAt, 128);
    scratch.giveBack();
    return sealed;
  }

  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | null {
    const { sodium, scratch } = this;
    const text = this.bringAead(key, nonce, sealed, associated);
    const [keyAt, nonceAt, associatedAt] = [scratch.slot(0), scratch.slot(1), text + sealed.length + MAC];
    let plaintext: Uint8Array | null = null;
    if (sealed.length >= MAC) {
      const failed = sodium._crypto_aead_chacha20poly1305_ietf_decrypt(
        text,
        0,
        0,
        text,
        sealed.length,
        0,
        associatedAt,
        associated.length,
        0,
        nonceAt,
        keyAt,
      );
      if (failed === 0) plaintext = scratch.copy(text, sealed.length - MAC);
    }
    scratch.wipe(text, sealed.length);
    scratch.wipe(keyAt, 128);
    scratch.giveBack();
    return plaintext;
  }

  secretStreamPush(key: Uint8Array, header: Uint8Array): SecretStreamPush {
    return new LibsodiumSecretStreamPush(this.records, key, header);
  }

  secretStreamPull(key: Uint8Array, header: Uint8Array): SecretStreamPull {
    return new LibsodiumSecretStreamPull(this.records, key, header);
  }

  /** @internal For specs: a stream at a given counter. */
  pushFrom(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPush {
    return new LibsodiumSecretStreamPush(this.records, key, header, counter);
  }

  /** @internal For specs: a stream at a given counter. */
  pullFrom(key: Uint8Array, header: Uint8Array, counter: number): SecretStreamPull {
    return new LibsodiumSecretStreamPull(this.records, key, header, counter);
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    return portableCrypto.equal(a, b);
  }

  wipe(bytes: Uint8Array): void {
    bytes.fill(0);
  }

  /** Text, then room for a MAC, then associated data; the key in slot 0, the nonce in slot 1. */
  private bringAead(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, associated: Uint8Array): number {
    requireBytes('key', key, 32);
    requireBytes('nonce', nonce, 12);
    requireBytes('text', text, 0, Infinity);
    requireBytes('associated', associated, 0, Infinity);
    const { scratch } = this;
    const at = scratch.takeText(text.length + MAC + associated.length);
    scratch.write(at, text);
    scratch.write(at + text.length + MAC, associated);
    scratch.write(scratch.slot(0), key);
    scratch.write(scratch.slot(1), nonce);
    return at;
  }

  private hashPieces(
    out: number,
    length: number,
    parts: readonly Uint8Array[],
    keyAt: number,
    keyBytes: number,
  ): void {
    const { sodium, scratch } = this;
    // A state is 384 bytes and wants to lie on a multiple of 64.
    const [state, text] = [scratch.slot(4), scratch.takeText(HASH_PIECE)];
    sodium._crypto_generichash_init(state, keyAt, keyBytes, length);
    for (const part of parts) {
      for (let at = 0; at < part.length; at += HASH_PIECE) {
        const end = Math.min(part.length, at + HASH_PIECE);
        scratch.write(text, part, at, end);
        sodium._crypto_generichash_update(state, text, end - at, 0);
      }
    }
    sodium._crypto_generichash_final(state, out, length);
    scratch.wipe(state, 384);
    scratch.wipe(text, HASH_PIECE);
  }
}
