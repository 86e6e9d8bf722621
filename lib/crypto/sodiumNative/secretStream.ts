import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import type { RecordsInWasm } from '../libsodium/recordsInWasm.js';
import { PlaintextSlab } from '../PlaintextSlab.js';
import { requireRecord, requireUsable } from '../recordChecks.js';
import type { SodiumModule } from './SodiumModule.js';

/** Bytes of libsodium's state: key (32), record counter (4), inonce (8), padding (8). */
const STATE_BYTES = 52;
const STATE_COUNTER = 32;
const MAC = 16;

/** Up to this length a record is sealed in WASM sooner than the addon is reached; found by measuring. */
const SMALL_RECORD = 512;

/**
 * What both directions stand on: one state, which the addon works on as bytes and WASM, where there is one, as words.
 * Both are the same libsodium.
 */
class StreamState {
  readonly bytes = new Uint8Array(STATE_BYTES);
  readonly words = new Int32Array(this.bytes.buffer);
  wiped = false;

  constructor(
    readonly sodium: SodiumModule,
    readonly small: RecordsInWasm | null,
    key: Uint8Array,
    header: Uint8Array,
    counter: number,
  ) {
    requireBytes('key', key, 32);
    requireBytes('header', header, 24);
    requireInteger('counter', counter, 0, 0xffffffff);
    // Both directions derive the state alike; `init_push` would choose the header itself.
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(this.bytes, header, key);
    new DataView(this.bytes.buffer).setUint32(STATE_COUNTER, counter, true);
  }

  rekey(): void {
    requireUsable(this.wiped);
    this.sodium.crypto_secretstream_xchacha20poly1305_rekey(this.bytes);
  }

  wipe(): void {
    this.wiped = true;
    this.bytes.fill(0);
  }
}

/**
 * {@link SecretStreamPush} on sodium-native.
 *
 * @internal The counter is given by specs alone.
 */
export class NativeSecretStreamPush implements SecretStreamPush {
  // Hard to see, so that no log or inspection shows a key.
  readonly #state: StreamState;

  constructor(
    sodium: SodiumModule,
    small: RecordsInWasm | null,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
  ) {
    this.#state = new StreamState(sodium, small, key, header, counter);
  }

  seal(buffer: Uint8Array, start: number, end: number, tag: number = SecretStreamTag.MESSAGE): void {
    const { sodium, small, bytes, words, wiped } = this.#state;
    requireUsable(wiped);
    requireRecord(buffer, start, end, tag);
    if (small !== null && end - start <= SMALL_RECORD) return small.seal(words, buffer, start, end, tag);
    // libsodium encrypts in place if the text lies one byte behind the start of the record.
    const record = buffer.subarray(start, end);
    const text = buffer.subarray(start + 1, end - MAC);
    sodium.crypto_secretstream_xchacha20poly1305_push(bytes, record, text, null, tag);
  }

  rekey(): void {
    this.#state.rekey();
  }

  wipe(): void {
    this.#state.wipe();
  }
}

/** {@link SecretStreamPull} on sodium-native. @internal The counter is given by specs alone. */
export class NativeSecretStreamPull implements SecretStreamPull {
  tag: number = SecretStreamTag.MESSAGE;
  // Hard to see, so that no log or inspection shows a key.
  readonly #state: StreamState;
  private readonly slab: PlaintextSlab;
  private readonly tagOut = new Uint8Array(1);

  constructor(
    sodium: SodiumModule,
    small: RecordsInWasm | null,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
    allocate?: (bytes: number) => Uint8Array,
  ) {
    this.slab = new PlaintextSlab(allocate);
    this.#state = new StreamState(sodium, small, key, header, counter);
  }

  open(record: Uint8Array): Uint8Array | null {
    const { small, words, wiped } = this.#state;
    if (record.length < RECORD_OVERHEAD || wiped) return null;
    if (small === null || record.length > SMALL_RECORD) return this.openWithAddon(record);
    const plaintext = small.open(words, record, this.slab);
    if (plaintext !== null) this.tag = small.tag;
    return plaintext;
  }

  rekey(): void {
    this.#state.rekey();
  }

  wipe(): void {
    this.#state.wipe();
    this.tag = SecretStreamTag.MESSAGE;
  }

  private openWithAddon(record: Uint8Array): Uint8Array | null {
    const { sodium, bytes } = this.#state;
    const plaintext = this.slab.take(record.length - RECORD_OVERHEAD);
    try {
      sodium.crypto_secretstream_xchacha20poly1305_pull(bytes, plaintext, this.tagOut, record, null);
    } catch {
      this.slab.giveBack(plaintext);
      return null; // the one reason left: it does not authenticate
    }
    this.tag = this.tagOut[0];
    return plaintext;
  }
}
