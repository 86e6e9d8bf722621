import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { discoveryKey, keyString } from '../../lib/keys/discoveryKey.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

const { discoveryKeys } = vectors as { discoveryKeys: { key: string; discoveryKey: string }[] };

describe('keys: discovery keys', () => {
  it('gives the discovery keys of hypercore-crypto', () => {
    for (const { key, discoveryKey: expected } of discoveryKeys) {
      expect(hex(discoveryKey(crypto, unhex(key)))).toBe(expected);
    }
  });

  it('throws for a key of another length', () => {
    for (const length of [0, 31, 33]) {
      expect(() => discoveryKey(crypto, fill(length, 1))).toThrowError(RangeError);
    }
    expect(() => discoveryKey(crypto, 'x'.repeat(32) as unknown as Uint8Array)).toThrowError(TypeError);
  });

  it('makes strings of bytes that are equal when the bytes are', () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(keyString(all)).toBe(hex(all));
    expect(keyString(fill(0, 0))).toBe('');
    expect(keyString(fill(3, 1))).toBe(keyString(fill(9, 1).subarray(4, 7)));
  });
});
