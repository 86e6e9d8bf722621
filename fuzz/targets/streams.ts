import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError } from '../../lib/errors.js';
import { FrameDecoder } from '../../lib/framing/FrameDecoder.js';
import { defaultLimits } from '../../lib/limits.js';
import { type PacketSink, readPayload } from '../../lib/mux/PayloadReader.js';
import { joinBytes } from '../../lib/testing/hostile/rawPackets.js';
import { SecureState } from '../../lib/secret/SecureState.js';
import { unhex } from '../../spec/helpers/bytes.js';
import { naiveFrames } from '../../spec/framing/naiveFrames.js';
import {
  framesOf,
  optionsOf,
  other,
  plaintextOf,
  type Role,
  scripted,
  wire,
} from '../../spec/secret/wire.js';
import { payloadCorpus } from '../corpus.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { memoryOfPoints } from '../memoryOfPoints.js';
import { mutate } from '../mutate.js';

/** Cuts bytes into chunks of any size. */
function cut(dice: Dice, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const most = dice.pick([1, 3, 40, 700, 5000]);
  for (let at = 0; at < bytes.length;) {
    const length = dice.integer(1, most);
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** Frames in chunks of any size, against the obvious decoder. */
export class FramesTarget implements FuzzTarget {
  readonly name = 'frames';
  readonly weight = 8;
  private input: Uint8Array = new Uint8Array(0);
  private readonly corpus = wire.conversations
    .flatMap(conversation => conversation.frames.map(({ frame }) => frame))
    .filter(frame => frame !== undefined)
    .map(unhex);

  get inputBytes(): number {
    return this.input.length;
  }

  describe(): string {
    return hexOf(this.input);
  }

  run(dice: Dice): FuzzOutcome {
    const input = (this.input = mutate(dice, this.corpus));
    const limit = dice.pick([16, 100, 0xffffff]);
    const decoder = new FrameDecoder(limit);
    const frames: Uint8Array[] = [];
    let refused = false;
    const pull = (): void => {
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(frame);
    };
    try {
      for (const chunk of cut(dice, input)) {
        decoder.push(chunk);
        if (dice.chance(0.7)) pull();
      }
      pull();
      decoder.finish();
    } catch (error) {
      if (!isHypercoreError(error)) broken('only errors of the library are thrown', error);
      refused = true;
      if (error.code === 'ERR_FRAME_TRUNCATED' && naiveFrames(input).rest.length === 0)
        broken('nothing is cut short');
    }
    const expected = naiveFrames(input).frames;
    const end = expected.findIndex(frame => frame.length > limit);
    const whole = end < 0 ? expected : expected.slice(0, end);
    if (frames.length !== whole.length) broken(`${whole.length} frames, not ${frames.length}`);
    frames.forEach((frame, i) => {
      if (hexOf(frame) !== hexOf(Uint8Array.from(whole[i]))) broken(`frame ${i} is what was sent`);
    });
    return refused ? 'refused' : 'accepted';
  }
}

/** Payloads, batches included: what is found in them is no more than their bytes can hold, and lies within them. */
export class PayloadTarget implements FuzzTarget {
  readonly name = 'payload';
  readonly weight = 1;
  private input: Uint8Array = new Uint8Array(0);
  private readonly corpus = payloadCorpus();
  private calls = 0;
  private readonly sink: PacketSink = {
    open: (_channel, _protocol, _id, buffer, start, end) => this.found(buffer, start, end),
    reject: () => this.found(this.input, 0, 0),
    close: () => this.found(this.input, 0, 0),
    message: (_channel, _type, buffer, start, end) => this.found(buffer, start, end),
  };

  get inputBytes(): number {
    return this.input.length;
  }

  describe(): string {
    return hexOf(this.input);
  }

  run(dice: Dice): FuzzOutcome {
    const input = (this.input = mutate(dice, this.corpus));
    this.calls = 0;
    let refused = false;
    try {
      readPayload(input, this.sink, defaultLimits);
    } catch (error) {
      if (!isHypercoreError(error)) broken('only errors of the library are thrown', error);
      refused = true;
    }
    // An item takes two bytes at least.
    if (this.calls > input.length / 2 + 1) broken(`${this.calls} packets in ${input.length} bytes`);
    return refused ? 'refused' : 'accepted';
  }

  private found(buffer: Uint8Array, start: number, end: number): void {
    this.calls++;
    if (buffer !== this.input || !(start >= 0 && start <= end && end <= buffer.length)) {
      broken(`what is found lies in the payload, not at [${start}, ${end})`);
    }
  }
}

interface Recording {
  readonly role: Role;
  readonly options: ReturnType<typeof optionsOf>;
  readonly bytes: Uint8Array;
  /** Where the record of each payload ends, and the payload. */
  readonly payloads: readonly (readonly [number, string])[];
}

/**
 * Recorded conversations, changed on their way. Nothing may be told that was not sent: the payloads are those of the records
 * that arrived whole before the first change, and not one more.
 */
export class ConversationTarget implements FuzzTarget {
  readonly name = 'conversation';
  readonly weight = 1000;
  private input: Uint8Array = new Uint8Array(0);
  private recordings: (() => Recording)[] | null = null;

  get inputBytes(): number {
    return this.input.length;
  }

  describe(): string {
    return hexOf(this.input);
  }

  run(dice: Dice): FuzzOutcome {
    const { options, bytes, payloads } = dice.pick((this.recordings ??= recordings()))();
    const input = (this.input = dice.chance(0.05) ? bytes.slice() : mutate(dice, [bytes]));
    let first = 0;
    while (first < input.length && first < bytes.length && input[first] === bytes[first]) first++;
    const told: string[] = [];
    const state = new SecureState(options, {
      send: () => undefined,
      authorize: () => undefined,
      session: () => undefined,
      ready: () => undefined,
      payload: payload => told.push(hexOf(payload)),
    });
    let refused = false;
    try {
      state.start();
      for (const chunk of cut(dice, input)) state.receive(chunk);
      const error = state.end();
      if (error !== null && !isHypercoreError(error))
        broken('an end is told as an error of the library', error);
    } catch (error) {
      if (!isHypercoreError(error)) broken('only errors of the library are thrown', error);
      refused = true;
    }
    if (state.phase !== 'ended') broken('a connection whose bytes ended is over');
    const expected = payloads.filter(([end]) => end <= first).map(([, payload]) => payload);
    if (told.join() !== expected.join())
      broken(`${expected.length} payloads are authentic, told were ${told.length}`);
    return refused ? 'refused' : 'accepted';
  }
}

function recordings(): (() => Recording)[] {
  const crypto = memoryOfPoints(portableCrypto);
  return wire.conversations
    .filter(conversation => conversation.frames.every(({ frame }) => frame !== undefined))
    .flatMap(conversation =>
      (['initiator', 'responder'] as const).map(role => {
        const frames = framesOf(conversation, other(role));
        const kinds = conversation.frames.filter(({ from }) => from !== role);
        let end = 0;
        const payloads: [number, string][] = [];
        frames.forEach((frame, i) => {
          end += frame.length;
          const payload = kinds[i].kind === 'message' ? hexOf(plaintextOf(kinds[i])) : '';
          if (payload !== '') payloads.push([end, payload]);
        });
        const bytes = joinBytes(...frames);
        // Scripted randomness is used up by one connection.
        return () => {
          const seeds = [conversation[role].ephemeralSeed, conversation[`${role}Header`]];
          const random = scripted(...seeds.map(unhex));
          const randomBytes = (length: number): Uint8Array => random.randomBytes(length);
          const options = { ...optionsOf(conversation, role), crypto: { ...crypto, randomBytes } };
          return { role, options, bytes, payloads };
        };
      }),
    );
}
