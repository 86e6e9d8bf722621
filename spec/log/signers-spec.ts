import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { Log } from '../../lib/log/Log.js';
import type { LogOptions } from '../../lib/log/LogOptions.js';
import { openLog } from '../../lib/log/openLog.js';
import { createManifest } from '../../lib/proof/coreManifest.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { ascii, fill, hex } from '../helpers/bytes.js';
import { download, upgrade } from './replicate.js';

const code = (expected: string): jasmine.AsymmetricMatcher<unknown> =>
  jasmine.objectContaining({ code: expected });
const pairs = [1, 2, 3].map(n => crypto.keyPair(fill(32, n)));
const abc = [ascii('a'), ascii('bb'), ascii('ccc')];

describe('log: several signers', () => {
  const logs: Log[] = [];
  async function open(options: LogOptions = {}): Promise<Log> {
    const log = await openLog({ crypto, ...options });
    logs.push(log);
    return log;
  }
  afterEach(async () => {
    await Promise.all(logs.splice(0).map(log => log.close().catch(() => undefined)));
  });

  for (const [what, options] of [
    ['version 0', { version: 0 }],
    ['version 1', {}],
    ['version 2', { version: 2 }],
    ['with patches allowed', { allowPatch: true }],
    ['encrypted', { encryptionKey: fill(32, 9) }],
  ] as const) {
    it(`append and cut what two of three agree on, and readers verify: ${what}`, async () => {
      const { encryptionKey, ...fields } = { encryptionKey: undefined, ...options };
      const manifest = createManifest({ signers: pairs, quorum: 2, ...fields });
      const shared = { manifest, ...(encryptionKey && { encryptionKey }) };
      const storage = memoryStorage();
      const signers = await Promise.all(pairs.map(keyPair => open({ ...shared, keyPair })));
      const log = await open({ ...shared, storage });
      expect([log, ...signers].map(({ writable }) => writable)).toEqual([false, false, false, false]);
      for (const [n, chosen] of [
        [0, 1],
        [2, 0],
        [1, 2, 0],
      ].entries()) {
        const signatures = await Promise.all(chosen.map(index => signers[index].sign({ append: abc })));
        for (const copy of [log, ...signers]) {
          expect(await copy.append(abc, { signatures })).toEqual({
            length: 3 * n + 3,
            byteLength: 6 * n + 6,
          });
        }
      }
      const reader = await open({ ...shared, manifest, key: log.key });
      await upgrade(log, reader);
      await download(log, reader, [4]);
      expect(await reader.get(4)).toEqual(abc[1]);
      const change = { truncate: 4, fork: 7 };
      const signatures = await Promise.all([2, 1].map(index => signers[index].sign(change)));
      await log.truncate(4, { fork: 7, signatures });
      await log.close();
      const again = await open({ ...shared, storage });
      expect([again.length, again.fork]).toEqual([4, 7]);
      expect(await again.get(3)).toEqual(abc[0]);
      const late = await open({ ...shared, key: log.key });
      await expectAsync(upgrade(again, late)).toBeResolved();
    });
  }

  for (const version of [0, 1, 2]) {
    it(`may be ahead of each other where the manifest allows it: version ${version}`, async () => {
      const manifest = createManifest({ signers: pairs, quorum: 2, allowPatch: true, version });
      const [one, two] = await Promise.all(pairs.map(keyPair => open({ manifest, keyPair })));
      const log = await open({ manifest });
      const reader = await open({ key: log.key });
      const all = Array.from({ length: 24 }, (_, n) => fill(n + 1, n));
      for (const [from, to, further] of [
        [0, 1, 2],
        [1, 6, 8],
        [6, 7, 24],
        [7, 16, 17],
      ]) {
        const append = all.slice(from, to);
        const signatures = [
          await one.sign({ append, ahead: all.slice(to, further) }),
          await two.sign({ append, ahead: version === 1 ? [] : all.slice(to, further) }),
        ];
        for (const copy of [log, one, two]) await copy.append(append, { signatures });
        await upgrade(log, reader);
        expect(reader.length).toBe(to);
      }
    });
  }

  it('sign nothing ahead unless the manifest allows it', async () => {
    const append = abc;
    const ahead = [ascii('d')];
    for (const options of [
      { keyPair: pairs[0] },
      { manifest: createManifest({ signers: pairs, quorum: 2 }) },
    ]) {
      const log = await open({ keyPair: pairs[0], ...options });
      await expectAsync(log.sign({ append, ahead })).toBeRejectedWithError(RangeError);
    }
    const keyless = await open({
      manifest: createManifest({ signers: pairs, quorum: 2, allowPatch: true }),
    });
    await expectAsync(keyless.sign({ append, ahead })).toBeRejectedWith(code('ERR_READ_ONLY'));
    expect(() => void keyless.sign({ append, ahead: ['a'] as never })).toThrowError(TypeError);
  });

  it('change nothing if what was signed ahead does not begin with what is appended', async () => {
    const manifest = createManifest({ signers: pairs, quorum: 2, allowPatch: true });
    const [one, two] = await Promise.all(pairs.map(keyPair => open({ manifest, keyPair })));
    const other = [ascii('a'), ascii('bb'), ascii('ccd')];
    const signatures = [
      await one.sign({ append: other, ahead: [ascii('d')] }),
      await two.sign({ append: abc, ahead: [ascii('d')] }),
    ];
    await expectAsync(one.append(abc, { signatures })).toBeRejectedWith(code('ERR_SIGNATURE'));
    expect(one.length).toBe(0);
  });

  describe('change nothing', () => {
    const manifest = createManifest({ signers: pairs, quorum: 2 });
    let signers: Log[];
    let log: Log;
    beforeEach(async () => {
      signers = await Promise.all(pairs.map(keyPair => open({ manifest, keyPair })));
      log = await open({ manifest });
    });
    const signed = (append: readonly Uint8Array[], ...chosen: number[]): Promise<Uint8Array[]> =>
      Promise.all(chosen.map(index => signers[index].sign({ append })));
    const expectRefused = async (signatures: readonly Uint8Array[]): Promise<void> => {
      const before = hex(await log.treeHash());
      await expectAsync(log.append(abc, { signatures })).toBeRejectedWith(code('ERR_SIGNATURE'));
      expect(hex(await log.treeHash())).toBe(before);
    };

    it('if they are too few, or one twice', async () => {
      const [one] = await signed(abc, 1);
      await expectRefused([]);
      await expectRefused([one]);
      await expectRefused([one, one, ...(await signed(abc, 1))]);
    });

    it('if it is not what they signed', async () => {
      await expectRefused(await signed([ascii('a'), ascii('bb'), ascii('ccd')], 0, 1, 2));
      await expectRefused(await Promise.all(signers.map(signer => signer.sign({ truncate: 0 }))));
      const early = await signed(abc, 0, 1);
      await log.append(abc, { signatures: early });
      await expectRefused(early); // the log is longer now
      await expectAsync(log.truncate(0, { signatures: early })).toBeRejectedWith(code('ERR_SIGNATURE'));
    });

    it('if the bytes are none, and are passed over where others hold', async () => {
      const [one, two] = await signed(abc, 0, 1);
      const bad = one.map(byte => byte ^ 1);
      const stranger = await open({
        manifest: createManifest({ signers: [...pairs].reverse(), quorum: 2 }),
        keyPair: pairs[2],
      });
      const foreign = await stranger.sign({ append: abc });
      await expectRefused([bad, foreign, fill(3, 255), new Uint8Array(0), one]);
      await log.append(abc, { signatures: [bad, foreign, fill(3, 255), one, two] });
      expect(log.length).toBe(3);
    });

    it('without signatures, and nobody signs without the key of a signer', async () => {
      await expectAsync(signers[0].append(abc)).toBeRejectedWith(code('ERR_READ_ONLY'));
      await expectAsync(signers[0].truncate(0)).toBeRejectedWith(code('ERR_READ_ONLY'));
      await expectAsync(log.sign({ append: abc })).toBeRejectedWith(code('ERR_READ_ONLY'));
      await expectAsync(signers[0].snapshot().sign({ append: abc })).toBeRejectedWith(code('ERR_READ_ONLY'));
      await expectAsync(signers[0].sign({ truncate: 1 })).toBeRejectedWithError(RangeError);
      expect(() => void signers[0].sign({ truncate: -1 })).toThrowError(RangeError);
      expect(() => void signers[0].sign({ append: 'a' as unknown as Uint8Array[] })).toThrowError(TypeError);
    });
  });

  it('may be one, whose key is kept elsewhere', async () => {
    for (const compat of [true, false]) {
      const signer = await open({ keyPair: pairs[0], compat });
      const log = await open({ key: signer.key, ...(signer.manifest && { manifest: signer.manifest }) });
      expect(log.writable).toBe(false);
      await log.append(abc, { signatures: [await signer.sign({ append: abc })] });
      const reader = await open({ key: log.key });
      await upgrade(log, reader);
      expect(reader.length).toBe(3);
    }
  });
});
