import { encode } from '../../lib/encoding/encode.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { concat, fill, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

describe('decodeOpen', () => {
  const greeting = encode(openCodec, { seeks: true, capability: fill(32, 7) });

  it('gives null instead of failing, wherever the greeting is cut', () => {
    for (let end = 0; end < greeting.length; end++) expect(decodeOpen(greeting.subarray(0, end))).toBeNull();
    expect(decodeOpen(concat(unhex('ffffffffffffffffff'), fill(32, 7)))).toBeNull();
  });

  it('ignores unknown flags and what follows', () => {
    const odd = concat(unhex('fdfeff'), fill(32, 7), unhex('0102'));
    expect(comparable(decodeOpen(odd))).toEqual(comparable({ seeks: false, capability: fill(32, 7) }));
  });

  it('takes the flags for a byte where there is no room for more: the Rust crate 0.6 leaves there what was there', () => {
    for (const flags of [0x00, 0xfc, 0xfd, 0xfe, 0xff]) {
      const odd = concat(Uint8Array.of(flags), fill(32, 7));
      const seeks = (flags & 1) !== 0;
      expect(comparable(decodeOpen(odd))).toEqual(comparable({ seeks, capability: fill(32, 7) }));
    }
  });

  it('writes a capability of 32 bytes only', () => {
    expect(() => encode(openCodec, { seeks: true, capability: fill(31, 7) })).toThrowError(RangeError);
  });
});
