import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { CipherState } from '../../lib/noise/CipherState.js';
import { ascii, fill, hex, unhex } from '../helpers/bytes.js';

describe('CipherState', () => {
  const associated = ascii('associated');
  const nonces = ['000000000000000000000000', '000000000100000000000000', '000000000200000000000000'];

  function keyed(byte: number): CipherState {
    const cipher = new CipherState(portableCrypto);
    cipher.initializeKey(fill(32, byte));
    return cipher;
  }

  it('passes bytes through without a key, as copies', () => {
    const cipher = new CipherState(portableCrypto);
    const bytes = ascii('plain');
    expect(cipher.hasKey).toBe(false);
    for (const passed of [cipher.encryptWithAd(associated, bytes), cipher.decryptWithAd(associated, bytes)]) {
      expect(passed).toEqual(bytes);
      expect(passed).not.toBe(bytes);
    }
  });

  it('counts messages in the nonce, after four zero bytes', () => {
    const cipher = keyed(1);
    for (const nonce of nonces) {
      const sealed = portableCrypto.seal(fill(32, 1), unhex(nonce), ascii('message'), associated);
      expect(hex(cipher.encryptWithAd(associated, ascii('message')))).toBe(hex(sealed));
    }
    cipher.initializeKey(fill(32, 2));
    const first = portableCrypto.seal(fill(32, 2), unhex(nonces[0]), ascii('message'), associated);
    expect(hex(cipher.encryptWithAd(associated, ascii('message'))))
      .withContext('a new key starts at zero')
      .toBe(hex(first));
  });

  it('does not count what it refuses', () => {
    const [sender, receiver] = [keyed(1), keyed(1)];
    for (let round = 0; round < 3; round++) {
      const sealed = sender.encryptWithAd(associated, fill(round, 9));
      const altered = Uint8Array.from(sealed);
      altered[0] ^= 1;
      expect(receiver.decryptWithAd(associated, altered)).toBeNull();
      expect(receiver.decryptWithAd(ascii('other'), sealed)).toBeNull();
      for (let length = 0; length < 16; length++) {
        expect(receiver.decryptWithAd(associated, sealed.subarray(0, length))).toBeNull();
      }
      expect(receiver.decryptWithAd(associated, sealed)).toEqual(fill(round, 9));
    }
  });

  it('overwrites its key when it gets another and when it is wiped', () => {
    const [first, second] = [fill(32, 1), fill(32, 2)];
    const cipher = new CipherState(portableCrypto);
    cipher.initializeKey(first);
    cipher.initializeKey(second);
    expect([first, second]).toEqual([fill(32, 0), fill(32, 2)]);
    cipher.wipe();
    expect(second).toEqual(fill(32, 0));
    expect(cipher.hasKey).toBe(false);
  });
});
