import type { CryptoBackend, SecretStreamPull } from '../../lib/crypto/CryptoBackend.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import { HandshakeState } from '../../lib/noise/HandshakeState.js';
import { readStreamHeader, STREAM_HEADER_BYTES } from '../../lib/secret/streamHeader.js';
import { unhex } from '../../spec/helpers/bytes.js';
import { patternNames, type Recorded, type Role, roles, vectors } from '../../spec/noise/handshakes.js';
import { keysOf, wire } from '../../spec/secret/wire.js';
import streamFile from '../../spec/vectors/secretstream.json' with { type: 'json' };
import points from '../../spec/vectors/ed25519-dh.json' with { type: 'json' };
import { hexUnder } from '../corpus.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { memoryOfPoints } from '../memoryOfPoints.js';
import { mutate } from '../mutate.js';
import { same } from '../same.js';

/** What has one input of bytes. */
abstract class BytesTarget implements FuzzTarget {
  abstract readonly name: string;
  abstract readonly weight: number;
  protected input: Uint8Array = new Uint8Array(0);

  get inputBytes(): number {
    return this.input.length;
  }

  describe(): string {
    return hexOf(this.input);
  }

  abstract run(dice: Dice): FuzzOutcome;
}

interface NoiseCase {
  readonly pattern: 'XX' | 'IK';
  readonly recorded: Recorded;
  readonly role: Role;
  /** Which message, from 0, is the one that is changed. */
  readonly step: number;
  readonly message: Uint8Array;
}

/**
 * Messages of recorded handshakes. Promised is: whatever is changed in a message that authenticates is refused; what it is
 * changed in where nothing authenticates yet ends with the next message, not with a session.
 */
export class NoiseTarget extends BytesTarget {
  readonly name = 'noise messages';
  readonly weight = 200;
  private readonly crypto: CryptoBackend;
  private readonly cases: NoiseCase[] = [];
  private readonly messages: Uint8Array[];
  /** Keys that are safe, and all kinds of those that are not. */
  private readonly points = [
    ...new Set(hexUnder(points, ['publicA', 'publicB', 'publicKey', 'point', 'message1'])),
  ]
    .filter(text => text.length === 64)
    .map(unhex);

  constructor(crypto: CryptoBackend = portableCrypto) {
    super();
    this.crypto = memoryOfPoints(crypto);
    for (const pattern of patternNames) {
      for (const recorded of vectors[pattern].cases) {
        recorded.messages.forEach(({ from, message }, step) => {
          const role = roles.find(one => one !== from)!;
          this.cases.push({ pattern, recorded, role, step, message: unhex(message) });
        });
      }
    }
    this.messages = this.cases.map(({ message }) => message).filter(({ length }) => length < 1000);
  }

  run(dice: Dice): FuzzOutcome {
    const { pattern, recorded, role, step, message } = dice.pick(this.cases);
    const input = (this.input = dice.chance(0.1) ? message.slice() : this.change(dice, message));
    const state = this.stateBefore(pattern, recorded, role, step);
    const unchanged = same(input, message);
    let refused = false;
    try {
      const payload = state.read(input);
      if (hexOf(payload) !== recorded.messages[step].payload && unchanged)
        broken('the payload is as recorded');
    } catch (error) {
      if (!isHypercoreError(error) || error.code !== 'ERR_HANDSHAKE_FAILED')
        broken('only ERR_HANDSHAKE_FAILED is thrown', error);
      refused = true;
    }
    if (refused && unchanged) broken('what was recorded is read');
    // The first message of XX is plain; every other one carries a MAC over all that was said.
    const plain = pattern === 'XX' && step === 0;
    if (!refused && !unchanged && !plain) broken('a changed message does not authenticate');
    if (refused && (state.complete || state.sends || state.remotePublicKey !== null))
      broken('nothing is left of a handshake that failed');
    state.wipe();
    return refused ? 'refused' : 'accepted';
  }

  private change(dice: Dice, message: Uint8Array): Uint8Array {
    const kind = dice.next();
    // A new point costs a multiplication, so most changes come after it or bring one that is known.
    if (kind < 0.02) return mutate(dice, [message, ...this.messages]);
    if (kind < 0.4) {
      const copy = message.slice();
      copy.set(dice.pick(this.points));
      return copy;
    }
    const head = message.subarray(0, 32);
    const tail = mutate(dice, [message.subarray(32)]);
    const joined = new Uint8Array(head.length + tail.length);
    joined.set(head);
    joined.set(tail, head.length);
    return joined;
  }

  /** A state that waits for message `step`. */
  private stateBefore(pattern: 'XX' | 'IK', recorded: Recorded, role: Role, step: number): HandshakeState {
    const { crypto } = this;
    const side = recorded[role];
    const state = new HandshakeState({
      crypto,
      pattern,
      initiator: role === 'initiator',
      keyPair: this.pairOf(side.staticSeed),
      ephemeralKeyPair: this.pairOf(side.ephemeralSeed),
      prologue: unhex(recorded.prologue),
      ...(pattern === 'IK' &&
        role === 'initiator' && { remotePublicKey: unhex(recorded.responder.staticPublicKey) }),
    });
    for (const { from, message, payload } of recorded.messages.slice(0, step)) {
      if (from === role) state.write(unhex(payload));
      else state.read(unhex(message));
    }
    return state;
  }

  private readonly pairs = new Map<string, ReturnType<CryptoBackend['keyPair']>>();

  private pairOf(seed: string): ReturnType<CryptoBackend['keyPair']> {
    let pair = this.pairs.get(seed);
    if (pair === undefined) this.pairs.set(seed, (pair = this.crypto.keyPair(unhex(seed))));
    return pair;
  }
}

/** The first frame of a stream: only the one of this session and direction is taken. */
export class StreamHeaderTarget extends BytesTarget {
  readonly name = 'stream header';
  readonly weight = 20;
  private readonly session = keysOf(wire.conversations[0], 'initiator');
  private readonly right = unhex(
    wire.conversations[0].frames.find(({ kind, from }) => kind === 'header' && from === 'responder')!.frame!,
  ).subarray(3);
  private readonly corpus = [
    this.right,
    ...wire.conversations
      .flatMap(({ frames }) => frames)
      .filter(({ kind, frame }) => kind === 'header' && frame !== undefined)
      .map(({ frame }) => unhex(frame!).subarray(3)),
  ];

  run(dice: Dice): FuzzOutcome {
    const input = (this.input = dice.chance(0.5)
      ? joinedTail(this.right, mutate(dice, [this.right.subarray(32)]))
      : mutate(dice, this.corpus));
    const right =
      input.length === STREAM_HEADER_BYTES && same(input.subarray(0, 32), this.right.subarray(0, 32));
    try {
      const header = readStreamHeader(portableCrypto, this.session, input);
      if (!right) broken('a header of another session is refused');
      if (!same(header, input.slice(32))) broken('the header is what stands behind the id');
      return 'accepted';
    } catch (error) {
      if (!isHypercoreError(error) || error.code !== 'ERR_STREAM_HEADER' || right)
        broken('only ERR_STREAM_HEADER is thrown, and only for a reason', error);
      return 'refused';
    }
  }
}

function joinedTail(whole: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(32 + tail.length);
  joined.set(whole.subarray(0, 32));
  joined.set(tail, 32);
  return joined;
}

interface StreamFile {
  readonly streams: readonly {
    readonly key: string;
    readonly header: string;
    readonly messages: readonly {
      readonly plaintext?: string;
      readonly ciphertext?: string;
      readonly tag: number;
    }[];
  }[];
}

/** Records of a stream: the next one is opened, no other, and what is refused leaves the stream as it was. */
export class RecordTarget extends BytesTarget {
  readonly name: string;
  readonly weight = 20;
  private readonly records: { readonly record: Uint8Array; readonly plaintext: string }[];
  private readonly corpus: Uint8Array[];
  private readonly key: Uint8Array;
  private readonly header: Uint8Array;
  private pull: SecretStreamPull | null = null;
  private next = 0;

  constructor(private readonly crypto: CryptoBackend) {
    super();
    this.name = `records (${crypto.name})`;
    const [stream] = (streamFile as unknown as StreamFile).streams;
    this.key = unhex(stream.key);
    this.header = unhex(stream.header);
    this.records = stream.messages
      .filter(({ plaintext, ciphertext }) => plaintext !== undefined && ciphertext !== undefined)
      .map(({ plaintext, ciphertext }) => ({ record: unhex(ciphertext!), plaintext: plaintext! }));
    this.corpus = this.records.map(({ record }) => record);
  }

  run(dice: Dice): FuzzOutcome {
    // From anywhere, so that inputs do not depend on each other.
    const wanted = dice.integer(0, 5);
    if (this.pull === null || this.next > wanted) {
      this.pull?.wipe();
      this.pull = this.crypto.secretStreamPull(this.key, this.header);
      this.next = 0;
    }
    while (this.next < wanted) this.expectNext(this.pull);
    const { record } = this.records[this.next];
    const input = (this.input = dice.chance(0.2) ? record.slice() : mutate(dice, [record, ...this.corpus]));
    if (input.length < 17) return 'refused'; // whoever calls `open` has looked
    const before = hexOf(input);
    const plaintext = this.pull.open(input);
    if (hexOf(input) !== before) broken('a record is only read');
    const right = same(input, record);
    if ((plaintext !== null) !== right) broken('the next record is opened, and no other');
    if (plaintext === null) {
      if (dice.chance(0.2)) this.expectNext(this.pull);
      return 'refused';
    }
    if (hexOf(plaintext) !== this.records[this.next].plaintext) broken('the plaintext is as recorded');
    this.next++;
    return 'accepted';
  }

  private expectNext(pull: SecretStreamPull): void {
    const { record, plaintext } = this.records[this.next];
    const opened = pull.open(record);
    if (opened === null || hexOf(opened) !== plaintext) broken('a stream goes on after what it refused');
    this.next++;
  }
}
