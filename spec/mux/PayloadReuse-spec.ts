import { defaultLimits } from '../../lib/limits.js';
import { rest } from '../../lib/encoding/rest.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { PayloadWriter } from '../../lib/mux/PayloadWriter.js';
import { verifyPacking } from '../../lib/mux/verifyPacking.js';
import { concat, fill, hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';

const HEADROOM = 4;
const TAILROOM = 16;

interface Held {
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly copy: Uint8Array;
}

/** Holds payloads until it says, asked, that it is done with all of them, and then scribbles over their memory. */
class Receiver {
  readonly buffers = new Set<Uint8Array>();
  readonly payloads: Uint8Array[] = [];
  readonly writer: PayloadWriter;
  private held: Held[] = [];

  constructor(
    private readonly done: () => boolean,
    gathers = true,
  ) {
    this.writer = new PayloadWriter({
      ...verifyPacking({}, 0x10000),
      headroom: HEADROOM,
      tailroom: TAILROOM,
      onQueued: gathers ? () => undefined : null,
      output: this,
    });
  }

  send(body: Uint8Array): void {
    this.writer.message(1, 0, rest, body);
    this.writer.release();
  }

  payload(buffer: Uint8Array, start: number, end: number): void {
    // Sealed at once, in place.
    for (let i = start - HEADROOM; i < end + TAILROOM; i++) buffer[i] ^= 0x5a;
    const copy = buffer.slice(start - HEADROOM, end + TAILROOM);
    this.held.push({ buffer, start, end, copy });
    this.buffers.add(buffer);
  }

  get allSent(): boolean {
    if (!this.done()) return false;
    this.letGo();
    return true;
  }

  /** What is held must be as it was given; then its memory is anybody's. */
  letGo(): void {
    for (const one of this.held) {
      const region = one.buffer.subarray(one.start - HEADROOM, one.end + TAILROOM);
      if (hex(region) !== hex(one.copy)) throw new Error('a payload was overwritten before it had left');
    }
    for (const one of this.held) {
      one.buffer.fill(0xee, one.start - HEADROOM, one.end + TAILROOM);
      this.payloads.push(one.copy.slice(HEADROOM, -TAILROOM).map(byte => byte ^ 0x5a));
    }
    this.held = [];
  }
}

const bodiesIn = (payloads: readonly Uint8Array[]): string => {
  const bodies: Uint8Array[] = [];
  const unexpected = (): void => fail('only messages were sent');
  for (const payload of payloads) {
    readPayload(
      payload,
      {
        message: (_channel, _type, buffer, start, end) => bodies.push(buffer.slice(start, end)),
        open: unexpected,
        reject: unexpected,
        close: unexpected,
      },
      defaultLimits,
    );
  }
  return hex(concat(...bodies));
};

describe('PayloadWriter, whose receiver is done with payloads now and then', () => {
  for (const gathers of [true, false]) {
    it(`uses memory again only then, ${gathers ? 'in batches' : 'one by one'}`, () => {
      const random = new Random('memory of payloads');
      for (let round = 0; round < 30; round++) {
        const likelihood = random.pick([0.1, 0.5, 1]);
        const receiver = new Receiver(() => random.next() < likelihood, gathers);
        const sent: Uint8Array[] = [];
        for (let n = 0; n < 120; n++) {
          const most = random.next() < 0.1 ? 70_000 : random.next() < 0.2 ? 9000 : 300;
          const body = fill(random.integer(0, most), n);
          sent.push(body);
          receiver.send(body);
          if (random.next() < 0.3) receiver.writer.flush();
        }
        receiver.writer.flush();
        receiver.letGo();
        expect(bodiesIn(receiver.payloads) === hex(concat(...sent))).toBe(true);
      }
    });
  }

  it('takes no new memory for a flood, neither of small messages nor of large ones', () => {
    for (const bytes of [100, 65_536]) {
      const receiver = new Receiver(() => true);
      for (let n = 0; n < (bytes === 100 ? 20_000 : 200); n++) receiver.send(fill(bytes, n));
      expect(receiver.buffers.size).toBeLessThan(10);
    }
  });

  it('uses one place for messages that leave one by one', () => {
    const receiver = new Receiver(() => true);
    for (let n = 0; n < 1000; n++) {
      receiver.send(fill(500, n));
      receiver.writer.flush();
    }
    expect(receiver.buffers.size).toBe(1);
  });

  it('leaves a payload alone that is being given away, also if the receiver sends meanwhile and is done', () => {
    const bodies: Uint8Array[] = [];
    let answers = 3;
    const writer: PayloadWriter = new PayloadWriter({
      ...verifyPacking({}, 0x10000),
      headroom: HEADROOM,
      tailroom: TAILROOM,
      onQueued: null,
      output: {
        allSent: true,
        payload(buffer, start, end) {
          const before = hex(buffer.subarray(start, end));
          if (answers-- > 0) {
            writer.message(1, 0, rest, fill(300, answers));
            writer.release();
          }
          expect(hex(buffer.subarray(start, end))).toBe(before);
          bodies.push(buffer.slice(start + 2, end));
        },
      },
    });
    writer.message(1, 0, rest, fill(300, 9));
    writer.release();
    expect(bodies.reverse()).toEqual([9, 2, 1, 0].map(byte => fill(300, byte)));
  });

  it('uses nothing again for a receiver that says nothing', () => {
    const receiver = new Receiver(() => false);
    for (let n = 0; n < 40; n++) receiver.send(fill(40_000, n));
    expect(receiver.buffers.size).toBeGreaterThan(30);
  });
});
