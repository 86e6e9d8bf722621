import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import { type RecordsInWasm, STATE_COUNTER, STATE_WORDS } from '../libsodium/recordsInWasm.js';
import { PlaintextSlab } from '../PlaintextSlab.js';
import { requireRecord, requireUsable } from '../recordChecks.js';
import type { SodiumModule } from './SodiumModule.js';

const MAC = 16;

/** Up to this length a record is sealed in WASM sooner than the addon is reached; found by measuring. */
const SMALL_RECORD = 192;

/**
 * What both directions stand on: one state, which the addon works on as bytes and WASM, where there is one, as words.
 * Both are the same libsodium.
 */
class StreamState {
  readonly words = new Int32Array(STATE_WORDS);
  wiped = false;
  private view: Uint8Array | null = null;

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
    if (small === null) sodium.crypto_secretstream_xchacha20poly1305_init_pull(this.bytes, header, key);
    else small.start(this.words, key, header);
    if (counter !== 1) new DataView(this.words.buffer).setUint32(4 * STATE_COUNTER, counter, true);
  }

  /** The same memory as the words; the state of a quiet stream is smaller without. */
  get bytes(): Uint8Array {
    return (this.view ??= new Uint8Array(this.words.buffer));
  }

  rekey(): void {
    requireUsable(this.wiped);
    this.sodium.crypto_secretstream_xchacha20poly1305_rekey(this.bytes);
  }

  wipe(): void {
    this.wiped = true;
    this.words.fill(0);
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
    const { sodium, small, words, wiped } = this.#state;
    requireUsable(wiped);
    requireRecord(buffer, start, end, tag);
    if (small !== null && end - start <= SMALL_RECORD) return small.seal(words, buffer, start, end, tag);
    // libsodium encrypts in place if the text lies one byte behind the start of the record.
    const record = buffer.subarray(start, end);
    const text = buffer.subarray(start + 1, end - MAC);
    sodium.crypto_secretstream_xchacha20poly1305_push(this.#state.bytes, record, text, null, tag);
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
  /** Made when the addon first needs it. */
  private tagOut: Uint8Array | null = null;

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

  open(record: Uint8Array, inPlace = false): Uint8Array | null {
    const { small, words, wiped } = this.#state;
    if (record.length < RECORD_OVERHEAD || wiped) return null;
    if (small === null || record.length > SMALL_RECORD) return this.openWithAddon(record, inPlace);
    const plaintext = small.open(words, record, inPlace ? null : this.slab);
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

  private openWithAddon(record: Uint8Array, inPlace: boolean): Uint8Array | null {
    const { sodium, bytes } = this.#state;
    const tagOut = (this.tagOut ??= new Uint8Array(1));
    const bytesOfText = record.length - RECORD_OVERHEAD;
    // libsodium decrypts in place if the text is to lie one byte behind the start of the record.
    const plaintext = inPlace ? record.subarray(1, 1 + bytesOfText) : this.slab.take(bytesOfText);
    try {
      sodium.crypto_secretstream_xchacha20poly1305_pull(bytes, plaintext, tagOut, record, null);
    } catch {
      if (!inPlace) this.slab.giveBack(plaintext);
      return null; // the one reason left: it does not authenticate
    }
    this.tag = tagOut[0];
    return plaintext;
  }
}
