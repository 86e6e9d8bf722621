import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { uint } from '../../lib/encoding/uint.js';
import { BadValueError, OutOfBoundsError } from '../../lib/errors.js';
import { concat, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';

/** The obvious reader, on big integers. */
function naive(wire: Uint8Array): bigint {
  const width = ({ 0xfd: 2, 0xfe: 4, 0xff: 8 } as Record<number, number>)[wire[0]];
  if (width === undefined) return BigInt(wire[0]);
  let value = 0n;
  for (let i = width; i > 0; i--) value = value * 256n + BigInt(wire[i]);
  return value;
}

/** The obvious writer. */
function naiveWire(value: number): Uint8Array {
  const width = value <= 0xfc ? 0 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
  if (width === 0) return Uint8Array.of(value);
  const wire = [width === 2 ? 0xfd : width === 4 ? 0xfe : 0xff];
  for (let i = 0, left = BigInt(value); i < width; i++, left >>= 8n) wire.push(Number(left & 0xffn));
  return Uint8Array.from(wire);
}

describe('uint', () => {
  const borders = [0, 0xfc, 0xfd, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 2 ** 32]
    .concat([2 ** 40, 2 ** 48 - 1, 2 ** 52, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER])
    .flatMap(n => [n - 1, n, n + 1])
    .filter(n => n >= 0 && Number.isSafeInteger(n));

  it('agrees with the obvious codec at every border and at random', () => {
    const random = new Random('uint');
    const drawn = Array.from({ length: 5000 }, () => Math.floor(random.next() * 2 ** random.integer(1, 53)));
    for (const value of [...borders, ...drawn]) {
      const wire = encode(uint, value);
      expect(hex(wire)).toBe(hex(naiveWire(value)));
      expect(decode(uint, wire)).toBe(value);
    }
  });

  it('reads longer forms than needed', () => {
    for (const wire of ['fd0100', 'fe01000000', 'ff0100000000000000'])
      expect(decode(uint, unhex(wire))).toBe(1);
  });

  it('refuses 2^53 and more', () => {
    expect(decode(uint, unhex('ffffffffffffff1f00'))).toBe(Number.MAX_SAFE_INTEGER);
    for (const wire of [
      'ff0000000000002000',
      'ff0000000000000001',
      'ffffffffffffffffff',
      'ff00000000000000ff',
    ]) {
      const state = { start: 0, end: 9, buffer: unhex(wire) };
      expect(() => uint.decode(state)).toThrowError(BadValueError);
      expect(state.start).toBe(0);
    }
    const random = new Random('uint, eight bytes');
    for (let i = 0; i < 5000; i++) {
      const wire = concat(Uint8Array.of(0xff), random.bytes(8));
      if (random.next() < 0.8) wire.fill(0, 8 - random.integer(0, 2));
      if (naive(wire) > 2n ** 53n - 1n) expect(() => decode(uint, wire)).toThrowError(BadValueError);
      else expect(decode(uint, wire)).toBe(Number(naive(wire)));
    }
  });

  it('stops at the end even where the buffer goes on, and stays where it was', () => {
    for (const [wire, width] of [
      ['05', 1],
      ['fd0100', 3],
      ['fe01000000', 5],
      ['ff0100000000000000', 9],
    ] as const) {
      const buffer = concat(unhex('aa'), unhex(wire), unhex('bbbbbbbbbbbbbbbb'));
      for (let end = 1; end < 1 + width; end++) {
        const state = { start: 1, end, buffer };
        expect(() => uint.decode(state)).toThrow(new OutOfBoundsError('uint', 1));
        expect(state.start).toBe(1);
      }
      expect(() => uint.decode({ start: 1, end: 1 + width, buffer })).not.toThrow();
    }
  });

  it('refuses to measure or write what is no integer from 0 to 2^53 - 1', () => {
    for (const value of [-1, 1.5, 252.5, 300.5, NaN, Infinity, 2 ** 53, undefined, null, '1']) {
      const state = { start: 0, end: 0, buffer: new Uint8Array(9) };
      expect(() => uint.preencode(state, value as number)).toThrowError(RangeError);
      expect(() => uint.encode(state, value as number)).toThrowError(RangeError);
      expect(state.start + state.end).toBe(0);
    }
  });
});
