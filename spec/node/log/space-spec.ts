import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { combinedCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import type { Log } from '../../../lib/log/Log.js';
import { openLog } from '../../../lib/log/openLog.js';
import { diskStorage } from '../../../lib/storage/disk/diskStorage.js';
import { fill } from '../../helpers/bytes.js';
import { fetchAll } from './crashRuns.js';

const MiB = 0x100000;

describe('log: room on disk', () => {
  let crypto: CryptoBackend;
  let folder: string;
  let log: Log;
  beforeEach(async () => {
    crypto = await combinedCrypto();
    folder = mkdtempSync(join(tmpdir(), 'rx-hypercore-room-'));
    log = await openLog({ storage: diskStorage(folder), crypto });
    // 8 MiB whose blocks end within pages of the file system.
    for (let i = 0; i < 8; i++) {
      await log.append(Array.from({ length: 100 }, (_, n) => fill(MiB / 100 - (n % 3), i)));
    }
  });
  afterEach(async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Bytes that the folder takes, as `du` counts them. */
  const used = (): number =>
    Number(execFileSync('du', ['-s', '--block-size=1', folder]).toString().split('\t')[0]);

  it('is given back when blocks are cleared, in parts and as a whole, and the log stays sound', async () => {
    const full = used();
    expect(full).toBeGreaterThan(7.9 * MiB);
    await log.clear(100, 300);
    expect(full - used()).toBeGreaterThan(1.95 * MiB);
    // One by one, so that holes must grow together: each block alone ends within pages that others need.
    for (let i = 400; i < 500; i++) await log.clear(i);
    expect(full - used()).toBeGreaterThan(2.9 * MiB);
    expect(log.has(99)).toBeTrue();
    expect(await log.get(99)).toEqual(fill(MiB / 100, 0));
    expect(await log.get(300)).toEqual(fill(MiB / 100, 3));
    await fetchAll(crypto, log);
    await log.clear(0, log.length);
    await log.close();
    expect(used()).toBeLessThan(0.25 * MiB);
    log = await openLog({ storage: diskStorage(folder), crypto });
    expect(log.length).toBe(800);
    expect(log.byteLength).toBeGreaterThan(7.9 * MiB);
    await log.append(fill(5, 5));
    expect(await log.get(800)).toEqual(fill(5, 5));
    expect(used()).toBeLessThan(0.25 * MiB);
  });

  it('is given back when the log is cut', async () => {
    const full = used();
    await log.truncate(200);
    expect(full - used()).toBeGreaterThan(5.9 * MiB);
    await fetchAll(crypto, log);
    expect(await log.get(199)).toEqual(fill(MiB / 100, 1));
  });
});
