import { array } from '../../lib/encoding/array.js';
import type { Codec } from '../../lib/encoding/Codec.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { fixed32 } from '../../lib/encoding/fixed.js';
import { uint } from '../../lib/encoding/uint.js';
import { uint32Array } from '../../lib/encoding/uint32Array.js';
import { BadValueError, OutOfBoundsError } from '../../lib/errors.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';

describe('array', () => {
  it('refuses a count that the bytes left cannot hold before it reads an item', () => {
    let reads = 0;
    const counted: Codec<number> = { ...uint, decode: state => (reads++, uint.decode(state)) };
    for (const wire of ['03 0101', 'fd0010 01', 'fe00001000 01']) {
      expect(() => decode(array(counted, { minBytes: 1 }), unhex(wire))).toThrowError(OutOfBoundsError);
    }
    expect(() => decode(array(fixed32, { minBytes: 32 }), concat(unhex('02'), fill(63, 1)))).toThrowError(
      OutOfBoundsError,
    );
    expect(reads).toBe(0);
  });

  it('refuses one item more than the most, however many bytes there are', () => {
    const most = array(uint, { minBytes: 1, max: 3 });
    expect(decode(most, unhex('03010101'))).toEqual([1, 1, 1]);
    expect(() => decode(most, unhex('0401010101'))).toThrowError(BadValueError);
    expect(() => encode(most, [1, 1, 1, 1])).toThrowError(RangeError);

    const plain = array(uint, { minBytes: 1 });
    expect(decode(plain, concat(unhex('fe00001000'), fill(0x100000, 1))).length).toBe(0x100000);
    expect(() => decode(plain, concat(unhex('fe01001000'), fill(0x100001, 1)))).toThrowError(BadValueError);
  });

  it('wants to know how small an item can be', () => {
    for (const minBytes of [0, -1, NaN]) expect(() => array(uint, { minBytes })).toThrowError(RangeError);
  });

  it('passes the error of an item', () => {
    expect(() => decode(array(uint, { minBytes: 1 }), unhex('0201fd'))).toThrow(
      new OutOfBoundsError('uint', 2),
    );
  });
});

describe('uint32Array', () => {
  it('stops at the end even where the buffer goes on, and stays where it was', () => {
    const buffer = unhex('0201000000020000000300000004000000');
    for (let end = 0; end < 9; end++) {
      const state = { start: 0, end, buffer };
      expect(() => uint32Array.decode(state)).toThrowError(OutOfBoundsError);
      expect(state.start).toBe(0);
    }
    const state = { start: 0, end: 9, buffer };
    expect([...uint32Array.decode(state)]).toEqual([1, 2]);
    expect(state.start).toBe(9);
  });

  it('hands out a copy', () => {
    const wire = unhex('00000001ffffffff');
    const words = uint32Array.decode({ start: 3, end: 8, buffer: wire });
    wire.fill(0);
    expect([...words]).toEqual([0xffffffff]);
  });

  it('refuses a count that lies, of any size', () => {
    for (const wire of ['01000000', 'feffffffff00000000', 'fe00000040', 'ffffffffffffff1f00']) {
      expect(() => decode(uint32Array, unhex(wire))).toThrowError(OutOfBoundsError);
    }
  });

  it('writes a view of words that starts anywhere', () => {
    const words = new Uint32Array([1, 2, 3, 4]).subarray(1, 3);
    expect(hex(encode(uint32Array, words))).toBe('020200000003000000');
  });
});
