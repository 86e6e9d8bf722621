import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import { PlaintextSlab } from '../PlaintextSlab.js';
import { requireRecord, requireUsable } from '../recordChecks.js';
import { type RecordsInWasm, STATE_COUNTER, STATE_WORDS } from './recordsInWasm.js';

function startState(
  records: RecordsInWasm,
  key: Uint8Array,
  header: Uint8Array,
  counter: number,
): Int32Array {
  requireBytes('key', key, 32);
  requireBytes('header', header, 24);
  requireInteger('counter', counter, 0, 0xffffffff);
  const state = new Int32Array(STATE_WORDS);
  records.start(state, key, header);
  state[STATE_COUNTER] = counter;
  return state;
}

/**
 * {@link SecretStreamPush} on libsodium in WASM.
 *
 * @internal The counter is given by specs alone.
 */
export class LibsodiumSecretStreamPush implements SecretStreamPush {
  // Hard to see, so that no log or inspection shows a key.
  readonly #state: Int32Array;
  private wiped = false;

  constructor(
    private readonly records: RecordsInWasm,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
  ) {
    this.#state = startState(records, key, header, counter);
  }

  seal(buffer: Uint8Array, start: number, end: number, tag: number = SecretStreamTag.MESSAGE): void {
    requireUsable(this.wiped);
    requireRecord(buffer, start, end, tag);
    this.records.seal(this.#state, buffer, start, end, tag);
  }

  rekey(): void {
    requireUsable(this.wiped);
    this.records.rekey(this.#state);
  }

  wipe(): void {
    this.wiped = true;
    this.#state.fill(0);
  }
}

/** {@link SecretStreamPull} on libsodium in WASM. @internal The counter is given by specs alone. */
export class LibsodiumSecretStreamPull implements SecretStreamPull {
  tag: number = SecretStreamTag.MESSAGE;
  // Hard to see, so that no log or inspection shows a key.
  readonly #state: Int32Array;
  private readonly slab = new PlaintextSlab();
  private wiped = false;

  constructor(
    private readonly records: RecordsInWasm,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
  ) {
    this.#state = startState(records, key, header, counter);
  }

  open(record: Uint8Array, inPlace = false): Uint8Array | null {
    if (record.length < RECORD_OVERHEAD || this.wiped) return null;
    const plaintext = this.records.open(this.#state, record, inPlace ? null : this.slab);
    if (plaintext !== null) this.tag = this.records.tag;
    return plaintext;
  }

  rekey(): void {
    requireUsable(this.wiped);
    this.records.rekey(this.#state);
  }

  wipe(): void {
    this.wiped = true;
    this.#state.fill(0);
    this.tag = SecretStreamTag.MESSAGE;
  }
}
