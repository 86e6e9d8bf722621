import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { BlockEncryption } from '../../lib/log/BlockEncryption.js';
import { ascii, fill, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';

const key = unhex('04dc2c70d9b3954c86f4d0ffeae59b601b9739d285d5bb1849a9f93f45d95c18');
const encryptionKey = fill(32, 0x11);

describe('log: block encryption', () => {
  // Written by hypercore 10.38.2 and 11.35.1.
  for (const [compat, sealed] of [
    [true, 'a85ee6779f4518662b20238463'],
    [false, 'dfcfcd1382c4955e0fdb127b3a'],
  ] as const) {
    it(`gives what hypercore gives, ${compat ? 'compat' : 'with a manifest'}`, () => {
      const encryption = new BlockEncryption(crypto, { key, encryptionKey, compat });
      expect(hex(encryption.encrypt(3, 1, ascii('hello')))).toBe(sealed);
      expect(hex(encryption.decrypt(3, unhex(sealed))!)).toBe(hex(ascii('hello')));
    });
  }

  it('reads back what it wrote, of any length, at any index and fork', () => {
    const random = new Random('block encryption');
    const encryption = new BlockEncryption(crypto, { key, encryptionKey, compat: false });
    for (const length of [0, 1, 31, 32, 63, 64, 65, 1000]) {
      const block = random.bytes(length);
      const index = random.integer(0, 1) * 2 ** 33 + random.integer(0, 1000);
      const before = hex(block);
      const sealed = encryption.encrypt(index, random.integer(0, 5), block);
      expect(sealed.length).toBe(length + 8);
      expect(hex(block)).toBe(before);
      expect(hex(encryption.decrypt(index, sealed)!)).toBe(before);
    }
  });

  it('gives other bytes for another index, and for another fork', () => {
    const encryption = new BlockEncryption(crypto, { key, encryptionKey, compat: true });
    const written = [
      [0, 0],
      [1, 0],
      [0, 1],
      [2 ** 32, 0],
      [0, 2 ** 32],
    ].map(([index, fork]) => hex(encryption.encrypt(index, fork, fill(40, 0))));
    expect(new Set(written).size).toBe(written.length);
  });

  it('tells a block that is too short to have been encrypted', () => {
    const encryption = new BlockEncryption(crypto, { key, encryptionKey, compat: true });
    expect(encryption.decrypt(0, fill(7, 1))).toBeNull();
    expect(encryption.decrypt(0, encryption.encrypt(0, 0, fill(0, 0)))!.length).toBe(0);
  });

  it('refuses keys of another length', () => {
    expect(() => new BlockEncryption(crypto, { key: fill(31, 0), encryptionKey, compat: true })).toThrowError(
      RangeError,
      'key must be 32 bytes long, not 31',
    );
    expect(() => new BlockEncryption(crypto, { key, encryptionKey: fill(33, 0), compat: true })).toThrowError(
      RangeError,
      'encryptionKey must be 32 bytes long, not 33',
    );
  });
});
