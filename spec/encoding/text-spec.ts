import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { text } from '../../lib/encoding/text.js';
import { OutOfBoundsError } from '../../lib/errors.js';
import { concat, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';

describe('text', () => {
  it('keeps a leading byte order mark, and every one', () => {
    for (const value of [
      '\ufeff',
      '\ufeffa',
      '\ufeff\ufeffa',
      'a\ufeff',
      '\uffff',
      `\ufeff${'x'.repeat(100)}`,
    ]) {
      expect(decode(text, encode(text, value))).toBe(value);
    }
  });

  it('agrees with TextEncoder and TextDecoder', () => {
    const random = new Random('text');
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (let i = 0; i < 2000; i++) {
      const body = random.bytes(random.integer(0, 80));
      if (i % 2 === 0) for (let j = 0; j < body.length; j++) body[j] &= 0x7f;
      if (i % 3 === 0) body.set([0xef, 0xbb, 0xbf].slice(0, body.length));
      const wire = concat(Uint8Array.of(body.length), body);
      const value = decoder.decode(body);
      expect(decode(text, wire)).toBe(value);
      const again = new TextEncoder().encode(value);
      const written = encode(text, value);
      expect(hex(written.subarray(written.length - again.length))).toBe(hex(again));
      expect(decode(text, written)).toBe(value);
    }
  });

  it('stops at the end even where the buffer goes on, and stays where it was', () => {
    const buffer = unhex('03616263646566');
    for (let end = 0; end < 4; end++) {
      const state = { start: 0, end, buffer };
      expect(() => text.decode(state)).toThrowError(OutOfBoundsError);
      expect(state.start).toBe(0);
    }
    const bom = { start: 0, end: 3, buffer: unhex('03efbbbf61') };
    expect(() => text.decode(bom)).toThrowError(OutOfBoundsError);
  });
});
