import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import type { LibsodiumModule } from './LibsodiumModule.js';
import type { Scratch } from './Scratch.js';

/** Words of libsodium's state: key (8), record counter (1), inonce (2), padding (2). */
const STATE_WORDS = 13;
const STATE_COUNTER = 8;

/**
 * The state of one direction. It lives on this side and visits libsodium's memory for the length of a call: nobody has to
 * give it back, and a stream that is forgotten leaves nothing there.
 */
class StreamState {
  private readonly words = new Int32Array(STATE_WORDS);
  readonly at: number;
  wiped = false;

  constructor(
    readonly sodium: LibsodiumModule,
    readonly scratch: Scratch,
    key: Uint8Array,
    header: Uint8Array,
    counter: number,
  ) {
    requireBytes('key', key, 32);
    requireBytes('header', header, 24);
    requireInteger('counter', counter, 0, 0xffffffff);
    this.at = scratch.slot(0);
    scratch.refresh();
    scratch.write(scratch.slot(1), header);
    scratch.write(scratch.slot(2), key);
    // Both directions derive the state alike; `init_push` would choose the header itself.
    sodium._crypto_secretstream_xchacha20poly1305_init_pull(this.at, scratch.slot(1), scratch.slot(2));
    scratch.takeWords(this.at, this.words);
    scratch.wipe(scratch.slot(1), 128);
    this.words[STATE_COUNTER] = counter;
  }

  /** Call {@link StreamState.leave} afterwards. */
  enter(): void {
    this.scratch.writeWords(this.at, this.words);
  }

  leave(): void {
    this.scratch.takeWords(this.at, this.words);
  }

  rekey(): void {
    if (this.wiped) throw new TypeError('the secret stream was wiped');
    this.scratch.refresh();
    this.enter();
    this.sodium._crypto_secretstream_xchacha20poly1305_rekey(this.at);
    this.leave();
  }

  wipe(): void {
    this.wiped = true;
    this.words.fill(0);
  }
}

/**
 * {@link SecretStreamPush} on libsodium in WASM.
 *
 * @internal The counter is given by specs alone.
 */
export class LibsodiumSecretStreamPush implements SecretStreamPush {
  private readonly state: StreamState;

  constructor(sodium: LibsodiumModule, scratch: Scratch, key: Uint8Array, header: Uint8Array, counter = 1) {
    this.state = new StreamState(sodium, scratch, key, header, counter);
  }

  seal(buffer: Uint8Array, start: number, end: number, tag: number = SecretStreamTag.MESSAGE): void {
    const { state } = this;
    if (state.wiped) throw new TypeError('the secret stream was wiped');
    requireInteger('start', start, 0, buffer.length);
    requireInteger('end', end, start + RECORD_OVERHEAD, buffer.length);
    requireInteger('tag', tag, 0, 0xff);
    const { sodium, scratch } = state;
    const bytes = end - start - RECORD_OVERHEAD;
    const text = scratch.takeText(bytes);
    scratch.write(text, buffer, start + 1, start + 1 + bytes);
    state.enter();
    // In place: the record begins one byte before its text.
    sodium._crypto_secretstream_xchacha20poly1305_push(state.at, text - 1, 0, text, bytes, 0, 0, 0, 0, tag);
    state.leave();
    scratch.read(text - 1, bytes + RECORD_OVERHEAD, buffer, start);
    scratch.giveBack();
  }

  rekey(): void {
    this.state.rekey();
  }

  wipe(): void {
    this.state.wipe();
  }
}

/** {@link SecretStreamPull} on libsodium in WASM. @internal The counter is given by specs alone. */
export class LibsodiumSecretStreamPull implements SecretStreamPull {
  private readonly state: StreamState;
  tag: number = SecretStreamTag.MESSAGE;

  constructor(sodium: LibsodiumModule, scratch: Scratch, key: Uint8Array, header: Uint8Array, counter = 1) {
    this.state = new StreamState(sodium, scratch, key, header, counter);
  }

  open(record: Uint8Array): Uint8Array | null {
    const { state } = this;
    if (record.length < RECORD_OVERHEAD || state.wiped) return null;
    const { sodium, scratch } = state;
    const text = scratch.takeText(record.length);
    const tagAt = scratch.slot(1);
    scratch.write(text, record);
    state.enter();
    // In place as well, and the state stays as it is if the record does not authenticate.
    const failed = sodium._crypto_secretstream_xchacha20poly1305_pull(
      state.at,
      text + 1,
      0,
      tagAt,
      text,
      record.length,
      0,
      0,
      0,
      0,
    );
    state.leave();
    let plaintext: Uint8Array | null = null;
    if (failed === 0) {
      plaintext = scratch.copy(text + 1, record.length - RECORD_OVERHEAD);
      this.tag = scratch.heap[tagAt];
    }
    scratch.giveBack();
    return plaintext;
  }

  rekey(): void {
    this.state.rekey();
  }

  wipe(): void {
    this.state.wipe();
    this.tag = SecretStreamTag.MESSAGE;
  }
}
