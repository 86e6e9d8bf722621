import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { diskStorage } from '../../../lib/storage/disk/diskStorage.js';
import { storageCompliance } from '../../../lib/testing/storageCompliance.js';
import { Random } from '../../helpers/random.js';

describe('diskStorage', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rx-hypercore-disk-'));
  });
  afterEach(() => {
    expect(openIn(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  const random = new Random('diskStorage');
  for (const { what, check } of storageCompliance({ seed: random.seed })) {
    it(what, () => check({ open: () => diskStorage(folder) }));
  }

  it('makes neither file nor folder by reading', async () => {
    const storage = diskStorage(join(folder, 'cores'));
    const file = await storage.open('a/data');
    expect(await file.read(0, 1)).toBeNull();
    await file.punch(0, 10);
    await file.truncate(0);
    await file.flush();
    await file.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives what is punched back to the file system', async () => {
    const storage = diskStorage(folder);
    const file = await storage.open('a/data');
    await file.write(0, new Uint8Array(4_000_000).fill(1));
    await file.flush();
    const before = usedBytes(join(folder, 'a/data'));
    await file.punch(1000, 3_900_000);
    await file.flush();
    expect(before).toBeGreaterThanOrEqual(4_000_000);
    expect(usedBytes(join(folder, 'a/data'))).toBeLessThan(200_000);
    expect(statSync(join(folder, 'a/data')).size).toBe(4_000_000);
    await file.close();
  });

  it('takes no room for what lies before a distant write', async () => {
    const file = await diskStorage(folder).open('a/tree');
    await file.write(2 ** 33, Uint8Array.of(1));
    await file.flush();
    expect(usedBytes(join(folder, 'a/tree'))).toBeLessThan(100_000);
    expect(await file.read(2 ** 32, 4)).toEqual(new Uint8Array(4));
    await file.close();
  });

  it('keeps another process out, until that process is killed', async () => {
    const source = new URL('lockHolder.ts', import.meta.url).pathname;
    const holder = spawn(process.execPath, ['--import', 'tsx', source, folder, 'a'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const storage = diskStorage(folder);
    await expectAsync(storage.lock('a')).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_LOCKED', file: 'a' }),
    );
    await (
      await storage.lock('b')
    )();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (
      await storage.lock('a')
    )();
  });

  it('says when the disk is full', async () => {
    mkdirSync(join(folder, 'a'));
    symlinkSync('/dev/full', join(folder, 'a/data'));
    const file = await diskStorage(folder).open('a/data');
    await expectAsync(file.write(0, Uint8Array.of(1))).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_QUOTA', file: 'a/data', scope: 'log' }),
    );
    await file.close();
  });

  it('says what the file system says of anything else', async () => {
    symlinkSync('/proc/self/nothing/here', join(folder, 'a'));
    const storage = diskStorage(folder);
    const file = await storage.open('a/data');
    await expectAsync(file.write(0, Uint8Array.of(1))).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED', file: 'a/data', scope: 'log' }),
    );
    await file.close();
    await expectAsync(storage.lock('a')).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED' }),
    );
  });
});

/** Descriptors of this process on files under a folder. */
function openIn(folder: string): string[] {
  const descriptors = '/proc/self/fd';
  if (!existsSync(descriptors)) return [];
  return readdirSync(descriptors).flatMap(fd => {
    try {
      const target = readlinkSync(join(descriptors, fd));
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });
}

function usedBytes(path: string): number {
  return Number(execFileSync('du', ['--block-size=1', path], { encoding: 'utf8' }).split('\t')[0]);
}
