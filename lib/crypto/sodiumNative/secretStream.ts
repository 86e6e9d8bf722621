import {
  RECORD_OVERHEAD,
  SecretStreamTag,
  type SecretStreamPull,
  type SecretStreamPush,
} from '../CryptoBackend.js';
import { requireBytes, requireInteger } from '../byteChecks.js';
import type { SodiumModule } from './SodiumModule.js';

/** Bytes of libsodium's state: key (32), record counter (4), inonce (8), padding (8). */
const STATE_BYTES = 52;
const STATE_COUNTER = 32;
const MAC = 16;

function startState(sodium: SodiumModule, key: Uint8Array, header: Uint8Array, counter: number): Uint8Array {
  requireBytes('key', key, 32);
  requireBytes('header', header, 24);
  requireInteger('counter', counter, 0, 0xffffffff);
  const state = new Uint8Array(STATE_BYTES);
  // Both directions derive the state alike; `init_push` would choose the header itself.
  sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key);
  new DataView(state.buffer).setUint32(STATE_COUNTER, counter, true);
  return state;
}

/**
 * {@link SecretStreamPush} on sodium-native.
 *
 * @internal The counter is given by specs alone.
 */
export class NativeSecretStreamPush implements SecretStreamPush {
  private readonly state: Uint8Array;
  private wiped = false;

  constructor(
    private readonly sodium: SodiumModule,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
  ) {
    this.state = startState(sodium, key, header, counter);
  }

  seal(buffer: Uint8Array, start: number, end: number, tag: number = SecretStreamTag.MESSAGE): void {
    this.requireUsable();
    requireInteger('start', start, 0, buffer.length);
    requireInteger('end', end, start + RECORD_OVERHEAD, buffer.length);
    requireInteger('tag', tag, 0, 0xff);
    // libsodium encrypts in place if the text lies one byte behind the start of the record.
    this.sodium.crypto_secretstream_xchacha20poly1305_push(
      this.state,
      buffer.subarray(start, end),
      buffer.subarray(start + 1, end - MAC),
      null,
      tag,
    );
  }

  rekey(): void {
    this.requireUsable();
    this.sodium.crypto_secretstream_xchacha20poly1305_rekey(this.state);
  }

  wipe(): void {
    this.wiped = true;
    this.sodium.sodium_memzero(this.state);
  }

  private requireUsable(): void {
    if (this.wiped) throw new TypeError('the secret stream was wiped');
  }
}

/** {@link SecretStreamPull} on sodium-native. @internal The counter is given by specs alone. */
export class NativeSecretStreamPull implements SecretStreamPull {
  private readonly state: Uint8Array;
  private readonly tagOut = new Uint8Array(1);
  private wiped = false;
  tag: number = SecretStreamTag.MESSAGE;

  constructor(
    private readonly sodium: SodiumModule,
    key: Uint8Array,
    header: Uint8Array,
    counter = 1,
  ) {
    this.state = startState(sodium, key, header, counter);
  }

  open(record: Uint8Array): Uint8Array | null {
    if (record.length < RECORD_OVERHEAD || this.wiped) return null;
    const plaintext = new Uint8Array(record.length - RECORD_OVERHEAD);
    try {
      this.sodium.crypto_secretstream_xchacha20poly1305_pull(
        this.state,
        plaintext,
        this.tagOut,
        record,
        null,
      );
    } catch {
      return null; // the one reason left: it does not authenticate
    }
    this.tag = this.tagOut[0];
    return plaintext;
  }

  rekey(): void {
    if (this.wiped) throw new TypeError('the secret stream was wiped');
    this.sodium.crypto_secretstream_xchacha20poly1305_rekey(this.state);
  }

  wipe(): void {
    this.wiped = true;
    this.sodium.sodium_memzero(this.state);
    this.tag = SecretStreamTag.MESSAGE;
  }
}
