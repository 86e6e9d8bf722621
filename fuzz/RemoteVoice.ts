import {
  joinBytes,
  rawBatch,
  rawClose,
  rawMessage,
  rawOpen,
  rawReject,
} from '../lib/testing/hostile/rawPackets.js';
import type { Dice } from './Dice.js';
import { mutate } from './mutate.js';

/** What a {@link RemoteVoice} speaks of. */
export interface Vocabulary {
  readonly protocols: readonly string[];
  readonly ids: readonly (Uint8Array | undefined)[];
  /** What may stand behind an id. */
  handshake(dice: Dice, id: Uint8Array | undefined): Uint8Array;
  /** A message's type and body. */
  message(dice: Dice): readonly [number, Uint8Array];
  /** Payloads from elsewhere. */
  readonly corpus: readonly Uint8Array[];
}

/** A remote that mostly knows what it says: its ids are those it may use, its channels those it opened, until they are not. */
export class RemoteVoice {
  private open: number[] = [];
  private free: number[] = [];
  private highest = 0;

  constructor(
    private readonly dice: Dice,
    private readonly words: Vocabulary,
  ) {}

  /** The next payload. */
  say(): Uint8Array {
    const { dice, words } = this;
    const payload = this.sentence();
    return dice.chance(0.12) ? mutate(dice, [payload, ...words.corpus]) : payload;
  }

  private sentence(): Uint8Array {
    const { dice, words } = this;
    const kind = dice.next();
    if (kind < 0.7) return this.packet();
    if (kind < 0.78) return dice.pick(words.corpus).slice();
    const channel = this.channel();
    const items: Uint8Array[] = [];
    for (let i = dice.integer(0, 5); i > 0; i--) {
      if (channel !== 0) items.push(joinBytes(...this.typed()));
      else items.push(this.control().subarray(1));
    }
    const batch = rawBatch(channel, items);
    return dice.chance(0.1) ? rawBatch(0, [batch.subarray(1)]) : batch;
  }

  private typed(): [Uint8Array, Uint8Array] {
    const [type, body] = this.words.message(this.dice);
    return [Uint8Array.of(type), body];
  }

  private packet(): Uint8Array {
    if (this.dice.chance(0.5)) return this.control();
    const [type, body] = this.words.message(this.dice);
    return rawMessage(Math.max(1, this.channel()), type, body);
  }

  private control(): Uint8Array {
    const { dice, words } = this;
    const kind = dice.next();
    if (kind < 0.6) {
      const id = dice.pick(words.ids);
      const handshake = words.handshake(dice, id);
      return rawOpen(this.newId(), {
        protocol: dice.pick(words.protocols),
        ...(id !== undefined && { id }),
        handshake,
      });
    }
    if (kind < 0.9) {
      const at = dice.integer(0, Math.max(0, this.open.length - 1));
      const id = this.open.splice(at, 1)[0] ?? dice.integer(0, 9);
      if (id > 0) this.free.push(id);
      return rawClose(id);
    }
    return rawReject(dice.integer(0, 4));
  }

  private newId(): number {
    const { dice } = this;
    if (dice.chance(0.03)) return dice.integer(0, this.highest + 3);
    const id = (dice.chance(0.7) ? this.free.pop() : undefined) ?? ++this.highest;
    this.open.push(id);
    return id;
  }

  private channel(): number {
    const { dice } = this;
    return this.open.length > 0 && dice.chance(0.8)
      ? dice.pick(this.open)
      : dice.integer(0, this.highest + 2);
  }
}
