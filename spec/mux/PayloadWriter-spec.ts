import type { Codec } from '../../lib/encoding/Codec.js';
import { fixed32 } from '../../lib/encoding/fixed.js';
import { rest } from '../../lib/encoding/rest.js';
import { uint } from '../../lib/encoding/uint.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { PayloadWriter, type PayloadWriterOptions } from '../../lib/mux/PayloadWriter.js';
import { verifyPacking } from '../../lib/mux/verifyPacking.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { batch, NotingSink, noteOf, ordinary } from './packetBytes.js';

interface Sent {
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly copy: Uint8Array;
}

class Bench {
  readonly sent: Sent[] = [];
  queued = 0;
  readonly writer: PayloadWriter;

  constructor(given: Partial<PayloadWriterOptions> = {}, maxBatchBytes = 0x10000) {
    this.writer = new PayloadWriter({
      ...verifyPacking(given, maxBatchBytes),
      headroom: 0,
      tailroom: 0,
      onQueued: () => this.queued++,
      output: {
        payload: (buffer, start, end) =>
          this.sent.push({ buffer, start, end, copy: buffer.slice(start, end) }),
      },
      ...given,
    });
  }

  message(channel: number, type: number, body: Uint8Array): void {
    this.writer.message(channel, type, rest, body);
    this.writer.release();
  }

  packet(packet: Packet): void {
    if (packet.type === 'message') return this.message(packet.channel, packet.messageType, packet.body);
    if (packet.type === 'open')
      this.writer.open(packet.channel, packet.protocol, packet.id, rest, packet.handshake);
    else if (packet.type === 'close') this.writer.close(packet.channel);
    else this.writer.reject(packet.channel);
    this.writer.release();
  }

  get hexes(): string[] {
    return this.sent.map(sent => hex(sent.copy));
  }
}

const b = unhex;

const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i]);

describe('PayloadWriter', () => {
  it('lets a single packet leave in the ordinary form, several as a batch across channels', () => {
    const bench = new Bench();
    bench.message(1, 0, b('aa'));
    expect([bench.queued, bench.sent.length]).toEqual([1, 0]);
    bench.writer.flush();
    bench.message(1, 0, b('aa'));
    bench.message(2, 300, b('bbbb'));
    bench.message(2, 1, b(''));
    bench.message(1, 0, b('cc'));
    expect(bench.queued).toBe(2);
    bench.writer.flush();
    bench.writer.flush();
    expect(bench.hexes).toEqual([
      '0100aa',
      '000001' + '0200aa' + '0002' + '05fd2c01bbbb' + '0101' + '0001' + '0200cc',
    ]);
  });

  it('lets control packets leave alone and at once, between what was sent before and after', () => {
    const bench = new Bench();
    bench.message(1, 0, b('aa'));
    bench.writer.open(2, 'p', b('0102'), uint, 5);
    bench.writer.release();
    bench.message(2, 0, b('bb'));
    bench.message(2, 0, b('cc'));
    bench.writer.close(2);
    bench.writer.release();
    bench.writer.reject(300);
    bench.writer.release();
    bench.message(1, 0, b('dd'));
    expect(bench.hexes).toEqual([
      '0100aa',
      '0001020170020102' + '05',
      '0000020200bb0200cc',
      '000302',
      '0002fd2c01',
    ]);
    bench.writer.flush();
    expect(bench.hexes.at(-1)).toBe('0100dd');
  });

  it('packs control packets like others where that is allowed', () => {
    const bench = new Bench({ controlInBatches: true });
    bench.writer.open(1, 'p', null, null, undefined);
    bench.writer.release();
    bench.message(1, 0, b('aa'));
    bench.writer.close(1);
    bench.writer.release();
    bench.writer.flush();
    expect(bench.hexes).toEqual(['000000' + '05' + '0101017000' + '0001' + '0200aa' + '0000' + '020301']);
    bench.writer.close(7);
    bench.writer.release();
    bench.writer.flush();
    expect(bench.hexes.at(-1)).toBe('000307');
  });

  it('puts one channel into a batch where only that is understood', () => {
    const bench = new Bench({ channelsPerBatch: 'one' });
    for (const channel of [1, 1, 2, 1, 1]) bench.message(channel, 0, b('aa'));
    bench.writer.flush();
    expect(bench.hexes).toEqual(['0000010200aa0200aa', '0200aa', '0000010200aa0200aa']);
  });

  it('keeps a batch of one where that is asked for', () => {
    const bench = new Bench({ unwrapSingle: false });
    bench.message(1, 0, b('aa'));
    bench.writer.flush();
    expect(bench.hexes).toEqual(['0000010200aa']);
  });

  it('sends at once without an owner who flushes, unless corked; corks nest', () => {
    const bench = new Bench({ onQueued: null });
    bench.message(1, 0, b('aa'));
    expect(bench.hexes).toEqual(['0100aa']);
    bench.writer.cork();
    bench.writer.cork();
    bench.message(1, 0, b('bb'));
    bench.message(1, 0, b('cc'));
    bench.writer.flush();
    bench.writer.uncork();
    expect(bench.sent.length).toBe(1);
    bench.writer.uncork();
    bench.writer.uncork();
    expect(bench.hexes).toEqual(['0100aa', '0000010200bb0200cc']);
  });

  it('leaves what is uncorked to the flush that is due, and flushes itself if that came too early', () => {
    const bench = new Bench();
    bench.writer.cork();
    bench.message(1, 0, b('aa'));
    bench.writer.uncork();
    expect([bench.queued, bench.sent.length]).toEqual([1, 0]);
    bench.writer.cork();
    bench.writer.flush();
    expect(bench.sent.length).toBe(0);
    bench.writer.uncork();
    expect(bench.hexes).toEqual(['0100aa']);
  });

  it('fills a batch up to maxBatchBytes and not one byte further', () => {
    // 00 00 01 + (len type 8 bytes) twice = 23 bytes.
    for (const [maxBatchBytes, payloads] of [
      [22, 2],
      [23, 1],
      [24, 1],
    ]) {
      const bench = new Bench({ maxBatchBytes });
      bench.message(1, 0, fill(8, 1));
      bench.message(1, 0, fill(8, 2));
      bench.writer.flush();
      expect(bench.sent.length).withContext(String(maxBatchBytes)).toBe(payloads);
    }
    // A change of channel takes two bytes more.
    for (const [maxBatchBytes, payloads] of [
      [24, 2],
      [25, 1],
    ]) {
      const bench = new Bench({ maxBatchBytes });
      bench.message(1, 0, fill(8, 1));
      bench.message(2, 0, fill(8, 2));
      bench.writer.flush();
      expect(bench.sent.length).withContext(String(maxBatchBytes)).toBe(payloads);
    }
  });

  it('overshoots by one packet where Protomux does', () => {
    // A batch of one such message has 13 bytes.
    for (const [maxBatchBytes, payloads] of [
      [13, 2],
      [14, 1],
    ]) {
      const bench = new Bench({ maxBatchBytes, overshoot: true });
      bench.message(1, 0, fill(8, 1));
      bench.message(1, 0, fill(500, 2));
      bench.writer.flush();
      expect(bench.sent.length).withContext(String(maxBatchBytes)).toBe(payloads);
    }
  });

  it('sends a packet larger than any batch alone', () => {
    const bench = new Bench({ maxBatchBytes: 100 });
    bench.message(1, 0, b('aa'));
    bench.message(1, 0, fill(300, 5));
    bench.message(1, 0, b('bb'));
    bench.writer.flush();
    expect(bench.hexes).toEqual(['0100aa', '0100' + '05'.repeat(300), '0100bb']);
  });

  it('writes what a naive writer writes, in order, whatever is sent', () => {
    const random = new Random('PayloadWriter');
    for (let round = 0; round < 80; round++) {
      const controlInBatches = random.integer(0, 1) === 0;
      const channelsPerBatch = random.pick(['one', 'many'] as const);
      const maxBatchBytes = random.pick([20, 300, 5000, 0x10000, 0x100000]);
      const headroom = random.pick([0, 32]);
      const tailroom = random.pick([0, 17]);
      const bench = new Bench({ controlInBatches, channelsPerBatch, maxBatchBytes, headroom, tailroom });
      const packets: Packet[] = [];
      let flushed: Packet[] = [];
      const single: Packet[][] = [];
      for (let i = random.integer(1, 60); i > 0; i--) {
        const channel = random.pick([1, 2, 253]);
        const body = random.bytes(random.pick([0, 3, 40, 252, 900, 9000]));
        const packet: Packet =
          random.integer(0, 5) > 0
            ? { type: 'message', channel, messageType: random.pick([0, 1, 400]), body }
            : random.pick<Packet>([
                { type: 'close', channel },
                { type: 'reject', channel },
                {
                  type: 'open',
                  channel,
                  protocol: 'p',
                  id: random.pick([null, random.bytes(32)]),
                  handshake: body,
                },
              ]);
        bench.packet(packet);
        packets.push(packet);
        flushed.push(packet);
        if (random.integer(0, 9) === 0) {
          bench.writer.flush();
          single.push(flushed);
          flushed = [];
        }
      }
      bench.writer.flush();
      const sink = new NotingSink();
      for (const { copy } of bench.sent) {
        const notes = sink.notes.length;
        readPayload(copy, sink, { maxBatchItems: 1e6, maxBatchDepth: 1, maxNameBytes: 1e6 });
        // Byte for byte: the packets a payload holds decide how it is written.
        const held = packets.slice(notes, sink.notes.length);
        expect(same(copy, held.length === 1 ? ordinary(held[0]) : batch(held))).toBeTrue();
        if (held.length > 1) expect(copy.length).toBeLessThanOrEqual(maxBatchBytes);
        if (held.length > 1 && !controlInBatches)
          expect(held.every(({ type }) => type === 'message')).toBeTrue();
      }
      expect(sink.notes).toEqual(packets.map(noteOf));
    }
  });

  it('gives every payload its headroom and tailroom, which nobody else uses, and touches no payload later', () => {
    const random = new Random('PayloadWriter, slab');
    for (const [headroom, tailroom] of [
      [0, 0],
      [27, 16],
      [3, 40],
    ]) {
      const bench = new Bench({ headroom, tailroom });
      for (let i = 0; i < 1500; i++) {
        bench.message(random.pick([1, 2]), 0, random.bytes(random.pick([0, 10, 100, 1000, 3000])));
        if (random.integer(0, 3) === 0) bench.writer.flush();
        // The owner overwrites what it was given, right away or later.
        if (random.integer(0, 1) === 0)
          for (const { buffer, start, end } of bench.sent.slice(-3)) {
            buffer.fill(0xee, start - headroom, start);
            buffer.fill(0xee, end, end + tailroom);
          }
      }
      bench.writer.flush();
      const places = new Map<Uint8Array, [number, number][]>();
      for (const { buffer, start, end, copy } of bench.sent) {
        expect(same(buffer.subarray(start, end), copy)).toBeTrue();
        expect(start - headroom).toBeGreaterThanOrEqual(0);
        expect(end + tailroom).toBeLessThanOrEqual(buffer.length);
        const taken = places.get(buffer) ?? [];
        taken.push([start - headroom, end + tailroom]);
        places.set(buffer, taken);
      }
      for (const taken of places.values()) {
        taken.sort(([a], [z]) => a - z);
        for (let i = 1; i < taken.length; i++) expect(taken[i][0]).toBeGreaterThanOrEqual(taken[i - 1][1]);
      }
      expect(places.size).withContext('buffers').toBeLessThan(bench.sent.length);
    }
  });

  it('shares buffers among small payloads, and holds little for the first of them', () => {
    const bench = new Bench({ headroom: 32, tailroom: 16, onQueued: null });
    for (let i = 0; i < 1000; i++) bench.message(1, 0, fill(100, 1));
    const buffers = [...new Set(bench.sent.map(({ buffer }) => buffer))];
    expect(buffers.length).toBeLessThan(12);
    expect(buffers[0].length).toBeLessThan(4096);
    expect(Math.max(...buffers.map(buffer => buffer.length))).toBeLessThan(70_000);
  });

  it('gives a large payload a buffer of its exact size', () => {
    const bench = new Bench({ headroom: 5, tailroom: 7, onQueued: null });
    bench.message(1, 0, fill(100_000, 1));
    const [{ buffer, start, end }] = bench.sent;
    expect(end - start).toBe(100_002);
    expect(buffer.length - (end - start)).toBeLessThan(40);
  });

  it('encodes the value when it is sent', () => {
    const bench = new Bench();
    const body = b('aa');
    bench.message(1, 0, body);
    body[0] = 0xff;
    bench.writer.flush();
    expect(bench.hexes).toEqual(['0100aa']);
  });

  const failing = (where: 'preencode' | 'encode' | 'short'): Codec<number> => ({
    preencode: state => {
      if (where === 'preencode') throw new Error('codec');
      state.end += 70_000;
    },
    encode: state => {
      state.start += 10;
      if (where === 'encode') throw new Error('codec');
    },
    decode: () => 0,
  });

  for (const where of ['preencode', 'encode', 'short'] as const) {
    it(`is as before when a codec fails (${where})`, () => {
      for (const maxBatchBytes of [0x10000, 0x100000]) {
        const bench = new Bench({ maxBatchBytes });
        const fail = (): void => bench.writer.message(2, 0, failing(where), 1);
        expect(fail).toThrow();
        bench.writer.flush();
        expect(bench.sent.length).toBe(0);
        bench.message(1, 0, b('aa'));
        expect(fail).toThrow();
        expect(bench.sent.length).withContext('nothing leaves because of it').toBe(0);
        bench.message(1, 0, b('bb'));
        expect(fail).toThrow();
        bench.writer.flush();
        expect(bench.hexes).toEqual(['0000010200aa0200bb']);
      }
    });
  }

  it('is as before when the codec of a handshake fails', () => {
    const bench = new Bench();
    bench.message(1, 0, b('aa'));
    expect(() => bench.writer.open(2, 'p', null, fixed32, fill(31, 0))).toThrowError(RangeError);
    bench.message(1, 0, b('bb'));
    bench.writer.flush();
    expect(bench.hexes).toEqual(['0000010200aa0200bb']);
  });

  it('keeps the order when the output sends more', () => {
    for (const onQueued of [null, () => undefined]) {
      const sent: string[] = [];
      const writer: PayloadWriter = new PayloadWriter({
        ...verifyPacking({}, 100),
        headroom: 0,
        tailroom: 0,
        onQueued,
        output: {
          payload: (buffer, start, end) => {
            sent.push(hex(buffer.subarray(start, end)));
            if (sent.length > 3) return;
            writer.message(9, sent.length, rest, b(''));
            writer.release();
          },
        },
      });
      writer.message(1, 0, rest, fill(90, 1));
      writer.release();
      writer.message(1, 1, rest, fill(90, 2));
      writer.release();
      writer.close(1);
      writer.release();
      for (let i = 0; i < 5; i++) writer.flush();
      const sink = new NotingSink();
      for (const payload of sent)
        readPayload(unhex(payload), sink, { maxBatchItems: 99, maxBatchDepth: 1, maxNameBytes: 99 });
      const own = sink.notes.filter(note => !note.startsWith('message 9'));
      expect(own.map(note => note.slice(0, 11))).toEqual(['message 1 0', 'message 1 1', 'close 1']);
      expect(sink.notes.filter(note => note.startsWith('message 9'))).toEqual([
        'message 9 1 ',
        'message 9 2 ',
        'message 9 3 ',
      ]);
    }
  });

  it('forgets what has not left', () => {
    const bench = new Bench();
    bench.writer.cork();
    bench.message(1, 0, b('aa'));
    bench.writer.discard();
    expect(bench.writer.empty).toBeTrue();
    bench.writer.flush();
    expect(bench.sent.length).toBe(0);
    bench.message(1, 0, b('bb'));
    expect(bench.queued).toBe(2);
  });

  it('refuses impossible options', () => {
    expect(() => verifyPacking({ maxBatchBytes: 0 }, 1)).toThrowError(RangeError);
    expect(() => verifyPacking({ maxBatchBytes: 0x800001 }, 1)).toThrowError(RangeError);
    expect(() => verifyPacking({ maxBatchBytes: 1.5 }, 1)).toThrowError(RangeError);
    expect(() => verifyPacking({ channelsPerBatch: 'two' as never }, 1)).toThrowError(RangeError);
  });
});
