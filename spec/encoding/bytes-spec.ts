import { bytes, optionalBytes } from '../../lib/encoding/bytes.js';
import type { Codec } from '../../lib/encoding/Codec.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { fixed, fixed32 } from '../../lib/encoding/fixed.js';
import { rest } from '../../lib/encoding/rest.js';
import { BadValueError, OutOfBoundsError } from '../../lib/errors.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';

/** Stands for Node's Buffer, which hands out its own class from subarray. */
class Special extends Uint8Array {}

describe('bytes, optionalBytes, fixed and rest', () => {
  const wires: [string, Codec<Uint8Array | null>, string][] = [
    ['bytes', bytes, '020102'],
    ['optionalBytes', optionalBytes, '020102'],
    ['fixed', fixed(3), '020102'],
    ['fixed32', fixed32, '02'.repeat(32)],
    ['rest', rest, '020102'],
  ];

  it('hand out plain views of what they read, whatever class that is', () => {
    for (const [name, codec, wire] of wires) {
      const buffer = Special.from([0xaa, ...unhex(wire), 0xbb]);
      const state = { start: 1, end: buffer.length - 1, buffer };
      const value = codec.decode(state)!;
      expect(Object.getPrototypeOf(value)).withContext(name).toBe(Uint8Array.prototype);
      expect(state.start).withContext(name).toBe(state.end);
      buffer[buffer.length - 2] = 0x77;
      expect(value[value.length - 1])
        .withContext(`${name} is a view`)
        .toBe(0x77);
    }
  });

  it('respect the offset of a view they are given', () => {
    const whole = unhex('ffffff020102ffff');
    expect(hex(decode(bytes, whole.subarray(3, 6)))).toBe('0102');
    expect(hex(decode(rest, whole.subarray(3, 6)))).toBe('020102');
    expect(hex(decode(fixed(2), whole.subarray(3, 6)))).toBe('0201');
  });

  it('hand out plain arrays of the exact size when they write', () => {
    const value = Special.of(1, 2, 3);
    for (const codec of [bytes, rest, fixed(3)]) {
      const wire = encode(codec, value);
      expect(Object.getPrototypeOf(wire)).toBe(Uint8Array.prototype);
      expect(wire.byteLength).toBe(wire.buffer.byteLength);
    }
  });

  it('stop at the end even where the buffer goes on, and stay where they were', () => {
    for (const [name, codec, wire] of wires) {
      if (name === 'rest') continue;
      const buffer = concat(unhex(wire), fill(64, 7));
      for (let end = 0; end < wire.length / 2; end++) {
        const state = { start: 0, end, buffer };
        expect(() => codec.decode(state))
          .withContext(`${name} ${end}`)
          .toThrowError(OutOfBoundsError);
        expect(state.start).toBe(0);
      }
    }
  });

  it('refuse a length that lies, of any size', () => {
    for (const codec of [bytes, optionalBytes]) {
      for (const wire of ['01', 'fdffff00', 'feffffffff00', 'ffffffffffffff1f0000']) {
        expect(() => decode(codec, unhex(wire))).toThrowError(OutOfBoundsError);
      }
      expect(() => decode(codec, unhex('ffffffffffffffffff00'))).toThrowError(BadValueError);
    }
  });

  it('read no bytes as empty, or as null', () => {
    expect(decode(bytes, unhex('00')).length).toBe(0);
    expect(decode(optionalBytes, unhex('00'))).toBeNull();
    expect(hex(encode(optionalBytes, null))).toBe('00');
    expect(hex(encode(optionalBytes, new Uint8Array(0)))).toBe('00');
    expect(decode(rest, new Uint8Array(0)).length).toBe(0);
  });

  it('write fixed bytes of the right length only, measured or not', () => {
    for (const length of [0, 31, 33, 64]) {
      const state = { start: 0, end: 0, buffer: new Uint8Array(64) };
      expect(() => fixed32.preencode(state, new Uint8Array(length))).toThrowError(RangeError);
      expect(() => fixed32.encode(state, new Uint8Array(length))).toThrowError(RangeError);
      expect(() => encode(fixed(32), new Uint8Array(length))).toThrowError(RangeError);
    }
  });
});
