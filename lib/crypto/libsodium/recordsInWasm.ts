import { RECORD_OVERHEAD } from '../CryptoBackend.js';
import type { PlaintextSlab } from '../PlaintextSlab.js';
import type { LibsodiumModule } from './LibsodiumModule.js';
import type { Scratch } from './Scratch.js';

/** Words of libsodium's secretstream state: key (8), record counter (1), inonce (2), padding (2). @internal */
export const STATE_WORDS = 13;

/** Which of them is the record counter. @internal */
export const STATE_COUNTER = 8;

/** Where a state is while it is used, and where the tag of an opened record is put. */
const STATE_SLOT = 0;
const TAG_SLOT = 1;

/**
 * libsodium's secretstream in WASM, for a state that lives on this side as words and visits libsodium's memory for the
 * length of a call: nobody has to give it back, and a stream that is forgotten leaves nothing there.
 *
 * @internal
 */
export class RecordsInWasm {
  // libsodium's memory is behind both, and nothing that an application walks, prints or writes out may lead there.
  readonly #sodium: LibsodiumModule;
  readonly #scratch: Scratch;

  constructor(sodium: LibsodiumModule, scratch: Scratch) {
    this.#sodium = sodium;
    this.#scratch = scratch;
  }

  /** The state of a stream that begins, in either direction: `init_push` would choose the header itself. */
  start(state: Int32Array, key: Uint8Array, header: Uint8Array): void {
    const sodium = this.#sodium;
    const scratch = this.#scratch;
    const [stateAt, headerAt, keyAt] = [scratch.slot(STATE_SLOT), scratch.slot(1), scratch.slot(2)];
    scratch.refresh();
    scratch.write(headerAt, header);
    scratch.write(keyAt, key);
    sodium._crypto_secretstream_xchacha20poly1305_init_pull(stateAt, headerAt, keyAt);
    scratch.takeWords(stateAt, state);
    scratch.wipe(headerAt, 128);
  }

  /** Seals `buffer[start, end)` in place, as `SecretStreamPush.seal` does. */
  seal(state: Int32Array, buffer: Uint8Array, start: number, end: number, tag: number): void {
    const sodium = this.#sodium;
    const scratch = this.#scratch;
    const bytes = end - start - RECORD_OVERHEAD;
    const text = scratch.takeText(bytes);
    const stateAt = scratch.slot(STATE_SLOT);
    scratch.write(text, buffer, start + 1, start + 1 + bytes);
    scratch.writeWords(stateAt, state);
    // In place there as well: the record begins one byte before its text.
    sodium._crypto_secretstream_xchacha20poly1305_push(stateAt, text - 1, 0, text, bytes, 0, 0, 0, 0, tag);
    scratch.takeWords(stateAt, state);
    scratch.read(text - 1, bytes + RECORD_OVERHEAD, buffer, start);
    scratch.giveBack();
  }

  /** The plaintext, in the record itself where there is no slab; or null, and then the state is as it was. */
  open(state: Int32Array, record: Uint8Array, slab: PlaintextSlab | null): Uint8Array | null {
    const sodium = this.#sodium;
    const scratch = this.#scratch;
    const { length } = record;
    const text = scratch.takeText(length);
    const stateAt = scratch.slot(STATE_SLOT);
    scratch.write(text, record);
    scratch.writeWords(stateAt, state);
    const failed = sodium._crypto_secretstream_xchacha20poly1305_pull(
      stateAt,
      text + 1,
      0,
      scratch.slot(TAG_SLOT),
      text,
      length,
      0,
      0,
      0,
      0,
    );
    scratch.takeWords(stateAt, state);
    let plaintext: Uint8Array | null = null;
    if (failed === 0) {
      const bytes = length - RECORD_OVERHEAD;
      plaintext = slab === null ? record.subarray(1, 1 + bytes) : slab.take(bytes);
      scratch.read(text + 1, bytes, plaintext, 0);
    }
    scratch.giveBack();
    return plaintext;
  }

  /** Tag of the record that was opened last. */
  get tag(): number {
    return this.#scratch.heap[this.#scratch.slot(TAG_SLOT)];
  }

  rekey(state: Int32Array): void {
    const sodium = this.#sodium;
    const scratch = this.#scratch;
    const stateAt = scratch.slot(STATE_SLOT);
    scratch.refresh();
    scratch.writeWords(stateAt, state);
    sodium._crypto_secretstream_xchacha20poly1305_rekey(stateAt);
    scratch.takeWords(stateAt, state);
  }
}
