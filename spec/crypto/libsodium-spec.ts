import { LibsodiumBackend } from '../../lib/crypto/libsodium/LibsodiumBackend.js';
import type { LibsodiumModule } from '../../lib/crypto/libsodium/LibsodiumModule.js';
import { libsodiumCrypto, loadLibsodium } from '../../lib/crypto/libsodium/libsodium.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { fill, hex } from '../helpers/bytes.js';
import { backendSuite } from './backendSuite.js';
import { forgedSignatures } from './forgedSignatures.js';
import { lateBackend } from './lateBackend.js';

describe('libsodium in WASM', () => {
  let backend: LibsodiumBackend;
  const crypto = lateBackend(() => backend);

  beforeAll(async () => {
    backend = (await libsodiumCrypto()) as LibsodiumBackend;
  });

  backendSuite(crypto, {
    push: (key, header, counter) => backend.pushFrom(key, header, counter),
    pull: (key, header, counter) => backend.pullFrom(key, header, counter),
  });

  it('is one backend for every caller', async () => {
    expect(await libsodiumCrypto()).toBe(await libsodiumCrypto());
    expect(crypto.name).toBe('libsodium-wasm');
  });

  it('refuses forged signatures', () => {
    for (const { what, message, signature, publicKey } of forgedSignatures()) {
      expect(crypto.verify(message, signature, publicKey))
        .withContext(what)
        .toBe(false);
    }
  });

  it('has room for records, messages and hashes far beyond its shared place, and then for small ones again', () => {
    const large = fill(9_000_000, 7);
    expect(hex(crypto.hash(32, [large, large], fill(32, 1)))).toBe(
      hex(portableCrypto.hash(32, [large, large], fill(32, 1))),
    );
    const { publicKey, secretKey } = crypto.keyPair(fill(32, 1));
    expect(crypto.verify(large, crypto.sign(large, secretKey), publicKey)).toBe(true);
    const [key, header] = [fill(32, 1), fill(24, 2)];
    const [push, pull] = [crypto.secretStreamPush(key, header), crypto.secretStreamPull(key, header)];
    for (const length of [5, 0x40000, 0x40001, 5, 16_000_000, 0, 70_000]) {
      const record = fill(length + 17, 9);
      push.seal(record, 0, record.length);
      const opened = pull.open(record);
      expect(opened?.length).toBe(length);
      expect(opened?.every(byte => byte === 9)).toBe(true);
    }
    const sealed = crypto.seal(key, fill(12, 1), large, large);
    expect(crypto.open(key, fill(12, 1), sealed, large)?.length).toBe(large.length);
  });

  it('hashes many parts across the border between one piece and several', () => {
    for (const lengths of [
      [65_535],
      [65_536],
      [65_537],
      [65_535, 1],
      [65_536, 1],
      [1, 200_000, 0, 65_536, 3],
    ]) {
      const parts = lengths.map((length, i) => fill(length, i));
      for (const key of [undefined, fill(20, 3)]) {
        expect(hex(crypto.hash(64, parts, key))).toBe(hex(portableCrypto.hash(64, parts, key)));
      }
    }
  });

  it('goes on after a record that it has no memory for', () => {
    const [key, header] = [fill(32, 1), fill(24, 2)];
    const sodium = Object.create(backend['sodium']) as {
      -readonly [K in keyof LibsodiumModule]: LibsodiumModule[K];
    };
    const small = new LibsodiumBackend(sodium);
    const push = small.secretStreamPush(key, header);
    sodium._malloc = () => 0;
    expect(() => push.seal(fill(0x50000, 0), 0, 0x50000)).toThrowError(RangeError);
    const [a, b] = [fill(40, 1), fill(40, 1)];
    push.seal(a, 0, 40);
    portableCrypto.secretStreamPush(key, header).seal(b, 0, 40);
    expect(hex(a)).toBe(hex(b));
  });

  it('leaves no key and no state in the memory it shares with libsodium', () => {
    const seed = crypto.randomBytes(32);
    const { publicKey, secretKey } = crypto.keyPair(seed);
    const key = crypto.randomBytes(32);
    crypto.sign(fill(10, 1), secretKey);
    crypto.dh(secretKey, publicKey);
    crypto.hash(32, [key], key);
    crypto.open(key, fill(12, 1), crypto.seal(key, fill(12, 1), fill(9, 1), fill(9, 1)), fill(9, 1));
    const push = crypto.secretStreamPush(key, fill(24, 1));
    push.seal(fill(30, 0), 0, 30);
    push.rekey();
    const scratch = backend['scratch'];
    for (const secret of [seed, key]) {
      for (let at = scratch.small; at < scratch.small + 1024; at++) {
        if (hex(scratch.heap.subarray(at, at + 8)) === hex(secret.subarray(0, 8))) fail('a secret is left');
      }
    }
    expect(scratch.heap.subarray(scratch.small, scratch.small + 64).every(byte => byte === 0)).toBe(true);
  });

  it('says what is missing in a build without the curve, and rejects if there is no package', async () => {
    const sodium = Object.create(backend['sodium']) as Record<string, unknown>;
    sodium['_crypto_scalarmult_ed25519_noclamp'] = undefined;
    const load = (): Promise<unknown> => Promise.resolve({ ready: Promise.resolve(), libsodium: sodium });
    await expectAsync(loadLibsodium(load)).toBeRejectedWithError(TypeError, /noclamp/);
    const absent = (): Promise<unknown> => Promise.reject(new Error('not installed'));
    await expectAsync(loadLibsodium(absent)).toBeRejectedWithError('not installed');
  });

  it('refuses a build whose secretstream has another state', async () => {
    const sodium = Object.create(backend['sodium']) as Record<string, unknown>;
    sodium['_crypto_secretstream_xchacha20poly1305_statebytes'] = () => 64;
    const load = (): Promise<unknown> =>
      Promise.resolve({ default: { ready: Promise.resolve(), libsodium: sodium } });
    await expectAsync(loadLibsodium(load)).toBeRejectedWithError(TypeError);
  });
});
