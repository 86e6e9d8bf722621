import nacl from 'tweetnacl';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { requireBytes } from '../crypto/byteChecks.js';

/** Bytes that encryption puts in front of each block. @internal */
export const ENCRYPTION_PADDING = 8;

/** XSalsa20, which tweetnacl exports below its documented functions. */
interface LowLevel {
  crypto_stream_xor(
    out: Uint8Array,
    outStart: number,
    input: Uint8Array,
    inputStart: number,
    length: number,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void;
}

/** Which of the two derivations makes the key of the blocks. @internal */
export interface BlockKeyOptions {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly encryptionKey: Uint8Array;
  /** As for cores whose key is the public key of their signer. */
  readonly compat: boolean;
}

/** BLAKE2b-256(BLAKE2b-256(`hypercore`) ‖ 5), hypercore's `BLOCK_ENCRYPTION`; the specs recompute it. */
const BLOCK_ENCRYPTION = [
  0x9a, 0xed, 0xb6, 0xf1, 0xde, 0xa8, 0x48, 0x7c, 0xc1, 0xe1, 0x69, 0x8f, 0x97, 0xeb, 0x2f, 0x06, 0x3f, 0x6d,
  0xb4, 0xc6, 0x49, 0x69, 0x56, 0x22, 0xe7, 0xb6, 0x75, 0xe2, 0xce, 0xaf, 0xa6, 0xe9,
];

/**
 * Encrypts the blocks of one core (hypercore 10 `lib/block-encryption.js`, hypercore 11 `lib/default-encryption.js`, which
 * write the same bytes). What is stored and replicated is the ciphertext, 8 bytes longer than the block; nothing in it tells
 * whether it was altered, the tree over it does.
 *
 * XSalsa20 is tweetnacl's.
 *
 * @internal
 */
export class BlockEncryption {
  private readonly blockKey: Uint8Array;
  private readonly blindingKey: Uint8Array;
  private readonly nonce = new Uint8Array(24);
  private readonly nonceView = new DataView(this.nonce.buffer);
  private readonly xsalsa20 = (nacl as unknown as { readonly lowlevel: LowLevel }).lowlevel;

  constructor(crypto: CryptoBackend, options: BlockKeyOptions) {
    requireBytes('key', options.key, 32);
    requireBytes('encryptionKey', options.encryptionKey, 32);
    this.blockKey = options.compat
      ? crypto.hash(32, [options.encryptionKey], options.key)
      : crypto.hash(32, [Uint8Array.from(BLOCK_ENCRYPTION), options.key, options.encryptionKey]);
    this.blindingKey = crypto.hash(32, [this.blockKey]);
  }

  /** A fresh array, 8 bytes longer than the block. The same index and fork must never be used for two blocks. */
  encrypt(index: number, fork: number, block: Uint8Array): Uint8Array {
    const { nonce, nonceView } = this;
    const sealed = new Uint8Array(ENCRYPTION_PADDING + block.length);
    setUint64(new DataView(sealed.buffer), fork);
    setUint64(nonceView, index);
    nonce.fill(0, 8);
    this.xsalsa20.crypto_stream_xor(sealed, 0, sealed, 0, ENCRYPTION_PADDING, nonce, this.blindingKey);
    nonce.set(sealed.subarray(0, ENCRYPTION_PADDING), 8);
    this.xsalsa20.crypto_stream_xor(sealed, ENCRYPTION_PADDING, block, 0, block.length, nonce, this.blockKey);
    return sealed;
  }

  /** A fresh array, or `null` for a block that is too short to have been encrypted. */
  decrypt(index: number, sealed: Uint8Array): Uint8Array | null {
    if (sealed.length < ENCRYPTION_PADDING) return null;
    const { nonce, nonceView } = this;
    setUint64(nonceView, index);
    nonce.fill(0, 8);
    nonce.set(sealed.subarray(0, ENCRYPTION_PADDING), 8);
    const block = new Uint8Array(sealed.length - ENCRYPTION_PADDING);
    this.xsalsa20.crypto_stream_xor(block, 0, sealed, ENCRYPTION_PADDING, block.length, nonce, this.blockKey);
    return block;
  }
}

function setUint64(view: DataView, value: number): void {
  view.setUint32(0, value >>> 0, true);
  view.setUint32(4, Math.floor(value / 0x100000000), true);
}
