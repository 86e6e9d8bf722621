import { encode } from '../../lib/encoding/encode.js';
import { uint } from '../../lib/encoding/uint.js';
import { isHypercoreError, LimitExceededError, MuxBatchError } from '../../lib/errors.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { readPayload } from '../../lib/mux/PayloadReader.js';
import { concat, fill, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { batch, batchItem, NotingSink, noteOf, ordinary } from './packetBytes.js';

const limits = { maxBatchItems: 1000, maxBatchDepth: 4, maxNameBytes: 1024 };

function read(payload: Uint8Array, given = limits): string[] {
  const sink = new NotingSink();
  readPayload(payload, sink, given);
  return sink.notes;
}

function failure(payload: Uint8Array, given = limits): { code: string; notes: string[] } {
  const sink = new NotingSink();
  try {
    readPayload(payload, sink, given);
  } catch (error) {
    if (isHypercoreError(error)) return { code: error.code, notes: sink.notes };
    throw error;
  }
  return { code: 'none', notes: sink.notes };
}

function randomPacket(random: Random): Packet {
  const number = (): number => random.pick([1, 2, 252, 253, 300, 0xffff, 0x10000, 2 ** 32]);
  switch (random.integer(0, 5)) {
    case 0:
      return {
        type: 'open',
        channel: number(),
        protocol: random.pick(['', 'p', 'prötocol/日本']),
        id: random.pick([null, random.bytes(32), random.bytes(1)]),
        handshake: random.bytes(random.integer(0, 5)),
      };
    case 1:
      return { type: 'reject', channel: number() };
    case 2:
      return { type: 'close', channel: number() };
    default: {
      const body = random.bytes(random.pick([0, 1, 5, 251, 252, 300]));
      return { type: 'message', channel: number(), messageType: random.pick([0, 1, 253, 70_000]), body };
    }
  }
}

describe('readPayload', () => {
  it('reads each kind of packet', () => {
    expect(read(unhex('01000568656c6c6f'))).toEqual(['message 1 0 0568656c6c6f']);
    expect(read(unhex('0102'))).toEqual(['message 1 2 ']);
    expect(read(unhex('0001010170 02aabb 0c'))).toEqual(['open 1 p aabb 0c']);
    expect(read(unhex('0001010170 00'))).toEqual(['open 1 p - ']);
    expect(read(unhex('000201'))).toEqual(['reject 1']);
    expect(read(unhex('000301'))).toEqual(['close 1']);
  });

  it('reads the batch that Protomux writes for two opens and four messages', () => {
    const payload = unhex(
      '0000 00 05 0101016100 00 01 04 00026869 04 01fd2c01 00 00 05 0102016200 00 02 04 0002796f 00 01 02 0000',
    );
    expect(read(payload)).toEqual([
      'open 1 a - ',
      'message 1 0 026869',
      'message 1 1 fd2c01',
      'open 2 b - ',
      'message 2 0 02796f',
      'message 1 0 00',
    ]);
  });

  it('ignores an empty payload, unknown control types, bytes after a packet, and batches without items', () => {
    for (const payload of ['', '000401', '00fc', '00fd2c01ff', '000001', '00000100020003', '0000000104']) {
      expect(read(unhex(payload)))
        .withContext(payload)
        .toEqual([]);
    }
    expect(read(unhex('000301ffff'))).toEqual(['close 1']);
    expect(read(unhex('000201ffff'))).toEqual(['reject 1']);
  });

  it('reads what a naive writer wrote, alone, in batches and in nested ones', () => {
    const random = new Random('readPayload');
    for (let round = 0; round < 300; round++) {
      const packets = Array.from({ length: random.integer(1, 12) }, () => randomPacket(random));
      const notes = packets.map(noteOf);
      for (const packet of packets) expect(read(ordinary(packet))).toEqual([noteOf(packet)]);
      expect(read(batch(packets))).toEqual(notes);
      let nested = batchItem(packets);
      for (let depth = 2; depth <= limits.maxBatchDepth; depth++) {
        const inside = concat(unhex('00'), encode(uint, nested.length), nested);
        nested = concat(unhex('00'), inside, unhex('00 07 01 05'));
      }
      const trailing = Array.from({ length: limits.maxBatchDepth - 1 }, () => 'message 7 5 ');
      expect(read(concat(unhex('00'), nested))).toEqual([...notes, ...trailing]);
    }
  });

  it('gives every item a window of its own', () => {
    expect(read(unhex('0000 01 02 00aa 01 00 03 00bbcc'))).toEqual([
      'message 1 0 aa',
      'message 1 0 ',
      'message 1 0 bbcc',
    ]);
  });

  it('tells that a batch has several packets before the first of them, and only then', () => {
    const order = (payload: string): string[] => {
      const sink = new NotingSink();
      readPayload(unhex(payload), Object.assign(sink, { several: () => sink.notes.push('several') }), limits);
      return sink.notes;
    };
    expect(order('0000 01 01 00')).toEqual(['message 1 0 ']);
    expect(order('0000 01 01 00 01 00')).toEqual(['several', 'message 1 0 ', 'message 1 0 ']);
    expect(order('0100')).toEqual(['message 1 0 ']);
  });

  it('fails with the exact code where a payload is malformed, after the packets before the fault', () => {
    const cases: [string, string, string[]][] = [
      ['00', 'ERR_OUT_OF_BOUNDS', []],
      ['01', 'ERR_OUT_OF_BOUNDS', []],
      ['fd01', 'ERR_OUT_OF_BOUNDS', []],
      ['01fd00', 'ERR_OUT_OF_BOUNDS', []],
      ['ffffffffffffffffff00', 'ERR_BAD_VALUE', []],
      ['0001', 'ERR_OUT_OF_BOUNDS', []],
      ['000101', 'ERR_OUT_OF_BOUNDS', []],
      ['00010105', 'ERR_OUT_OF_BOUNDS', []],
      ['0001010170', 'ERR_OUT_OF_BOUNDS', []],
      ['000101017003aabb', 'ERR_OUT_OF_BOUNDS', []],
      ['0001ffffffffffffffffff0000', 'ERR_BAD_VALUE', []],
      ['0002', 'ERR_OUT_OF_BOUNDS', []],
      ['0003', 'ERR_OUT_OF_BOUNDS', []],
      ['0000', 'ERR_MUX_BATCH', []],
      ['0000fd', 'ERR_MUX_BATCH', []],
      ['000001fd', 'ERR_MUX_BATCH', []],
      ['000001010000', 'ERR_MUX_BATCH', ['message 1 0 ']],
      ['00000101000200', 'ERR_MUX_BATCH', ['message 1 0 ']],
      ['00000102', 'ERR_MUX_BATCH', []],
      ['0000010300aa', 'ERR_MUX_BATCH', []],
      ['000001ffffffffffffff1f0000', 'ERR_MUX_BATCH', []],
      ['000001ffffffffffffffffff00', 'ERR_BAD_VALUE', []],
      ['00000101fd', 'ERR_OUT_OF_BOUNDS', []],
      ['00000001 00', 'ERR_MUX_BATCH', []],
      ['00000001 01', 'ERR_OUT_OF_BOUNDS', []],
      ['00000002 0001', 'none', []],
      ['00000004 0001 0300', 'ERR_MUX_BATCH', []],
    ];
    for (const [payload, code, notes] of cases) {
      expect(failure(unhex(payload)))
        .withContext(payload)
        .toEqual({ code, notes });
    }
  });

  it('names the offset of a malformed batch', () => {
    expect(() => read(unhex('0000 01 01 00 05 00'))).toThrowMatching(
      error => error instanceof MuxBatchError && error.offset === 5,
    );
  });

  it('takes as many items as the limit, nested ones included, and not one more', () => {
    const items = (count: number): Uint8Array =>
      concat(unhex('000001'), ...Array.from({ length: count }, () => unhex('0100')));
    const given = { ...limits, maxBatchItems: 5 };
    expect(read(items(5), given).length).toBe(5);
    expect(() => read(items(6), given)).toThrow(new LimitExceededError('maxBatchItems', 5, 6));
    // The inner batch is an item itself: 1 + 3 and 1 more.
    const nested = (after: string): Uint8Array => unhex(`0000 00 08 00 01 0100 0100 0100 ${after}`);
    expect(read(nested('02 0401'), given).length).toBe(3);
    expect(() => read(nested('02 0401 02 0401'), given)).toThrow(
      new LimitExceededError('maxBatchItems', 5, 6),
    );
  });

  it('goes as deep as the limit and no deeper', () => {
    const nested = (depth: number): Uint8Array => {
      let item = unhex('00 01 01 00');
      for (let i = 1; i < depth; i++) item = concat(unhex('00 00'), encode(uint, item.length), item);
      return concat(unhex('00'), item);
    };
    expect(read(nested(4))).toEqual(['message 1 0 ']);
    expect(() => read(nested(5))).toThrow(new LimitExceededError('maxBatchDepth', 4, 5));
    expect(() => read(nested(20_000))).toThrow(new LimitExceededError('maxBatchDepth', 4, 5));
    const deep = { ...limits, maxBatchItems: 1e6, maxBatchDepth: 1e6 };
    expect(read(nested(20_000), deep)).toEqual(['message 1 0 ']);
    expect(() => read(nested(2), { ...limits, maxBatchDepth: 1 })).toThrow(
      new LimitExceededError('maxBatchDepth', 1, 2),
    );
  });

  it('refuses a protocol and an id that are longer than maxNameBytes, and not one byte before', () => {
    const bytes = (count: number): string =>
      'fd0004'.replace('0004', count === 1024 ? '0004' : '0104') + '70'.repeat(count);
    const given = { ...limits, maxNameBytes: 1024 };
    const refusal = new LimitExceededError('maxNameBytes', 1024, 1025);
    expect(read(unhex(`000101${bytes(1024)}${bytes(1024)}`), given).length).toBe(1);
    expect(() => read(unhex(`000101${bytes(1025)}00`), given)).toThrow(refusal);
    expect(() => read(unhex(`0001010170${bytes(1025)}`), given)).toThrow(refusal);
    expect(failure(unhex('000101fd0104'), given).code).toBe('ERR_OUT_OF_BOUNDS');
  });

  it('lets what the sink throws pass', () => {
    const sink = new NotingSink();
    const thrown = new Error('the sink');
    sink.close = () => {
      throw thrown;
    };
    expect(() => readPayload(unhex('000301'), sink, limits)).toThrow(thrown);
    expect(() => readPayload(unhex('0000 00 02 0301 02 0302'), sink, limits)).toThrow(thrown);
  });

  it('survives any bytes with a typed error or none', () => {
    const random = new Random('readPayload, garbage');
    for (let round = 0; round < 5000; round++) {
      const payload = random.bytes(random.integer(0, 40));
      if (random.integer(0, 1) === 0) payload.set([0, 0].slice(0, payload.length));
      const { code } = failure(payload);
      expect(['none', 'ERR_OUT_OF_BOUNDS', 'ERR_BAD_VALUE', 'ERR_MUX_BATCH', 'ERR_LIMIT_EXCEEDED']).toContain(
        code,
      );
    }
  });

  it('reads from a view into a larger buffer and not beyond it', () => {
    const whole = concat(fill(3, 9), unhex('01000102'), fill(3, 9));
    expect(read(whole.subarray(3, 7))).toEqual(['message 1 0 0102']);
  });
});
