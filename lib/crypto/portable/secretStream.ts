import { stream, streamXOR } from '@stablelib/chacha';
import { Poly1305, equal } from '@stablelib/poly1305';
import { hchacha } from '@stablelib/xchacha20';
import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';

const BLOCK = 64;
const MAC = 16;

/**
 * The ratchet that both directions of libsodium's `crypto_secretstream_xchacha20poly1305` turn.
 *
 * A record is sealed with ChaCha20 (RFC 8439) under the nonce `counter(4) ‖ inonce(8)`: block 0 gives the Poly1305 key,
 * block 1 hides the tag, blocks 2 and up the plaintext. All scratch space lives here, so that a record costs no
 * allocation beyond what the ciphers do themselves.
 */
class Ratchet {
  private readonly key = new Uint8Array(32);
  /** Block counter (4) ‖ record counter (4) ‖ inonce (8): what StableLib's ChaCha takes and counts up in place. */
  private readonly nonce = new Uint8Array(16);
  private readonly nonceView = new DataView(this.nonce.buffer);
  private readonly blocks = new Uint8Array(2 * BLOCK);
  private readonly polyKey = this.blocks.subarray(0, 32);
  /** The block that is authenticated before the ciphertext; its first byte is the encrypted tag. */
  readonly tagBlock = this.blocks.subarray(BLOCK);
  readonly mac = new Uint8Array(MAC);
  /** Sixteen zeros for the padding, then the two lengths. */
  private readonly tail = new Uint8Array(2 * MAC);
  private readonly tailView = new DataView(this.tail.buffer);
  wiped = false;

  constructor(key: Uint8Array, header: Uint8Array, counter: number) {
    requireBytes('key', key, 32);
    requireBytes('header', header, 24);
    requireInteger('counter', counter, 0, 0xffffffff);
    hchacha(key, header.subarray(0, 16), this.key);
    this.nonce.set(header.subarray(16), 8);
    this.nonceView.setUint32(4, counter, true);
  }

  /** Fills the Poly1305 key and the tag block with keystream; {@link Ratchet.crypt} goes on behind them. */
  begin(): void {
    this.nonce.fill(0, 0, 4);
    stream(this.key, this.nonce, this.blocks, 4);
  }

  crypt(from: Uint8Array, to: Uint8Array): void {
    streamXOR(this.key, this.nonce, from, to, 4);
  }

  /**
   * Computes the MAC over tag block, ciphertext, padding and lengths. The padding is libsodium's: n mod 16 zeros,
   * where n bytes of ciphertext would need (16 − n mod 16) mod 16. Every peer does it this way.
   */
  authenticate(ciphertext: Uint8Array): void {
    const length = BLOCK + ciphertext.length;
    this.tailView.setUint32(24, length, true);
    this.tailView.setUint32(28, length / 0x100000000, true);
    new Poly1305(this.polyKey)
      .update(this.tagBlock)
      .update(ciphertext)
      .update(this.tail.subarray(MAC - (ciphertext.length % 16)))
      .finish(this.mac)
      .clean();
  }

  /** What both sides do after a record that is genuine. */
  advance(tag: number): void {
    for (let i = 0; i < 8; i++) this.nonce[8 + i] ^= this.mac[i];
    const counter = (this.nonceView.getUint32(4, true) + 1) >>> 0;
    this.nonceView.setUint32(4, counter, true);
    if (counter === 0 || (tag & SecretStreamTag.REKEY) !== 0) this.rekey();
    this.forget();
  }

  rekey(): void {
    // The new key and inonce are the old ones, encrypted with themselves.
    const next = this.blocks.subarray(0, 40);
    next.set(this.key);
    next.set(this.nonce.subarray(8), 32);
    this.nonce.fill(0, 0, 4);
    this.crypt(next, next);
    this.key.set(next.subarray(0, 32));
    this.nonce.set(next.subarray(32), 8);
    this.nonceView.setUint32(4, 1, true);
    this.forget();
  }

  /** Keystream of one record is of no use to the next. */
  forget(): void {
    this.blocks.fill(0);
  }

  wipe(): void {
    this.wiped = true;
    this.key.fill(0);
    this.nonce.fill(0);
    this.mac.fill(0);
    this.forget();
  }
}

/**
 * {@link SecretStreamPush} on StableLib's ciphers.
 *
 * @internal The counter is given by specs alone: a stream starts at 1, and only 2^32 records later does it wrap.
 */
export class PortableSecretStreamPush implements SecretStreamPush {
  // Hard to see, so that no log or inspection shows a key.
  readonly #ratchet: Ratchet;

  constructor(key: Uint8Array, header: Uint8Array, counter = 1) {
    this.#ratchet = new Ratchet(key, header, counter);
  }

  seal(buffer: Uint8Array, start: number, end: number, tag: number = SecretStreamTag.MESSAGE): void {
    const ratchet = this.#ratchet;
    requireUsable(ratchet);
    requireInteger('start', start, 0, buffer.length);
    requireInteger('end', end, start + RECORD_OVERHEAD, buffer.length);
    requireInteger('tag', tag, 0, 0xff);
    ratchet.begin();
    buffer[start] = ratchet.tagBlock[0] ^= tag;
    const body = buffer.subarray(start + 1, end - MAC);
    ratchet.crypt(body, body);
    ratchet.authenticate(body);
    buffer.set(ratchet.mac, end - MAC);
    ratchet.advance(tag);
  }

  rekey(): void {
    requireUsable(this.#ratchet);
    this.#ratchet.rekey();
  }

  wipe(): void {
    this.#ratchet.wipe();
  }
}

/** {@link SecretStreamPull} on StableLib's ciphers. @internal The counter is as in {@link PortableSecretStreamPush}. */
export class PortableSecretStreamPull implements SecretStreamPull {
  // Hard to see, so that no log or inspection shows a key.
  readonly #ratchet: Ratchet;
  tag: number = SecretStreamTag.MESSAGE;

  constructor(key: Uint8Array, header: Uint8Array, counter = 1) {
    this.#ratchet = new Ratchet(key, header, counter);
  }

  open(record: Uint8Array, inPlace = false): Uint8Array | null {
    const ratchet = this.#ratchet;
    if (record.length < RECORD_OVERHEAD || ratchet.wiped) return null;
    ratchet.begin();
    const tag = ratchet.tagBlock[0] ^ record[0];
    ratchet.tagBlock[0] = record[0];
    const body = record.subarray(1, record.length - MAC);
    ratchet.authenticate(body);
    if (!equal(ratchet.mac, record.subarray(record.length - MAC))) {
      ratchet.forget();
      return null;
    }
    const plaintext = inPlace ? body : new Uint8Array(body.length);
    ratchet.crypt(body, plaintext);
    ratchet.advance(tag);
    this.tag = tag;
    return plaintext;
  }

  rekey(): void {
    requireUsable(this.#ratchet);
    this.#ratchet.rekey();
  }

  wipe(): void {
    this.#ratchet.wipe();
    this.tag = SecretStreamTag.MESSAGE;
  }
}

/** A wiped stream would seal with a key that everybody knows. */
function requireUsable(ratchet: Ratchet): void {
  if (ratchet.wiped) throw new TypeError('the secret stream was wiped');
}
