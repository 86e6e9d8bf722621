import { createHmac, hkdfSync } from 'node:crypto';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { hkdf, hmac } from '../../../lib/noise/hkdf.js';
import { concat, hex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';

describe('hkdf and hmac over BLAKE2b-512, against OpenSSL', () => {
  const random = new Random('hkdf');

  it('hmac, for keys of every length around the block of 128 bytes', () => {
    for (let length = 0; length <= 260; length++) {
      const key = random.bytes(length);
      const parts = [random.bytes(random.integer(0, 200)), random.bytes(random.integer(0, 200))];
      const before = hex(concat(key, ...parts));
      const expected = createHmac('blake2b512', key)
        .update(concat(...parts))
        .digest('hex');
      expect(hex(hmac(portableCrypto, key, parts))).toBe(expected);
      expect(hex(concat(key, ...parts)))
        .withContext('arguments are only read')
        .toBe(before);
    }
  });

  it('hkdf, which is RFC 5869 without info', () => {
    for (let round = 0; round < 100; round++) {
      const chainingKey = random.bytes(64);
      const input = random.bytes(round % 2 === 0 ? 32 : random.integer(0, 100));
      const [first, second] = hkdf(portableCrypto, chainingKey, input);
      const expected = new Uint8Array(hkdfSync('blake2b512', input, chainingKey, new Uint8Array(0), 128));
      expect(hex(concat(first, second))).toBe(hex(expected));
    }
  });
});
