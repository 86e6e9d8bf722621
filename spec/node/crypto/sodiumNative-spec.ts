import { lastValueFrom, map, toArray } from 'rxjs';
import { bestCrypto, cryptoUpgrades } from '../../../lib/crypto/bestCryptoInNode.js';
import {
  combinedCrypto,
  loadSodiumNative,
  sodiumNativeCrypto,
} from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import type { SodiumNativeBackend } from '../../../lib/crypto/sodiumNative/SodiumNativeBackend.js';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { backendSuite } from '../../crypto/backendSuite.js';
import { forgedSignatures } from '../../crypto/forgedSignatures.js';
import { lateBackend } from '../../crypto/lateBackend.js';
import { fill, hex } from '../../helpers/bytes.js';

for (const [name, load] of [
  ['sodium-native', sodiumNativeCrypto],
  ['sodium-native + libsodium-wasm', combinedCrypto],
] as const) {
  describe(name, () => {
    let backend: SodiumNativeBackend;
    const crypto = lateBackend(() => backend);

    beforeAll(async () => {
      backend = (await load()) as SodiumNativeBackend;
    });

    backendSuite(crypto, {
      push: (key, header, counter) => backend.pushFrom(key, header, counter),
      pull: (key, header, counter) => backend.pullFrom(key, header, counter),
    });

    it('refuses forged signatures', () => {
      for (const { what, message, signature, publicKey } of forgedSignatures()) {
        expect(crypto.verify(message, signature, publicKey))
          .withContext(what)
          .toBe(false);
      }
    });

    it('takes Buffers and hands none out', () => {
      const bytes = (length: number): Buffer => Buffer.alloc(length, 5);
      const { publicKey, secretKey } = crypto.keyPair(bytes(32));
      const sealed = crypto.seal(bytes(32), bytes(12), bytes(20), bytes(3));
      const record = bytes(37);
      crypto.secretStreamPush(bytes(32), bytes(24)).seal(record, 0, 37);
      for (const out of [
        publicKey,
        secretKey,
        sealed,
        crypto.open(bytes(32), bytes(12), sealed, bytes(3)),
        crypto.secretStreamPull(bytes(32), bytes(24)).open(record),
        crypto.hash(32, [bytes(3), bytes(4)], bytes(32)),
        crypto.hash(32, [bytes(3)]),
        crypto.sign(bytes(3), secretKey),
        crypto.dh(secretKey, publicKey),
      ]) {
        expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype);
      }
    });

    it('seals and opens records of many megabytes', () => {
      const [push, pull] = [
        crypto.secretStreamPush(fill(32, 1), fill(24, 2)),
        crypto.secretStreamPull(fill(32, 1), fill(24, 2)),
      ];
      const record = fill(16_000_017, 3);
      push.seal(record, 0, record.length);
      expect(hex(pull.open(record)!.subarray(-4))).toBe('03030303');
    });

    it('says its name', () => {
      expect(crypto.name).toBe(name);
    });

    it('goes on with one state across records of any length', () => {
      const [key, header] = [fill(32, 1), fill(24, 2)];
      const ours = [crypto.secretStreamPush(key, header), crypto.secretStreamPull(key, header)] as const;
      const theirs = portableCrypto.secretStreamPush(key, header);
      [10, 495, 496, 5000, 3, 70_000, 495, 0].forEach((length, n) => {
        const [a, b] = [fill(length + 17, n), fill(length + 17, n)];
        ours[0].seal(a, 0, a.length, n % 4);
        theirs.seal(b, 0, b.length, n % 4);
        expect(hex(a)).toBe(hex(b));
        expect(ours[1].open(b)?.length).toBe(length);
        if (n === 3) [...ours, theirs].forEach(stream => stream.rekey());
      });
    });
  });
}

describe('loading sodium-native', () => {
  it('is one backend for every caller, and rejects if there is no package or another one', async () => {
    expect(await sodiumNativeCrypto()).toBe(await sodiumNativeCrypto());
    expect(await combinedCrypto()).toBe(await combinedCrypto());
    await expectAsync(
      loadSodiumNative(() => Promise.reject(new Error('not installed'))),
    ).toBeRejectedWithError('not installed');
    await expectAsync(loadSodiumNative(() => Promise.resolve({}))).toBeRejectedWithError(TypeError);
  });

  it('is best in Node together with WASM', async () => {
    expect(await bestCrypto()).toBe(await combinedCrypto());
    const names = cryptoUpgrades().pipe(
      map(({ name }) => name),
      toArray(),
    );
    expect(await lastValueFrom(names)).toEqual(['portable', 'sodium-native + libsodium-wasm']);
  });
});
