import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { PagedFile } from '../../lib/storage/memory/PagedFile.js';
import { NaiveFile } from '../../lib/testing/NaiveFile.js';
import { storageCompliance } from '../../lib/testing/storageCompliance.js';
import { Random } from '../helpers/random.js';

const PAGE = 16_384;

describe('memoryStorage', () => {
  const random = new Random('memoryStorage');
  for (const { what, check } of storageCompliance({ seed: random.seed, operations: 2000 })) {
    const storage = memoryStorage();
    it(what, () => check({ open: () => storage }));
  }

  it('shares nothing with another storage', async () => {
    const [one, other] = [memoryStorage(), memoryStorage()];
    const file = await one.open('a');
    await file.write(0, Uint8Array.of(1));
    await one.lock('a');
    await other.lock('a');
    expect(await (await other.open('a')).length()).toBe(0);
  });

  it('locks a folder together with what it lies in and what lies in it', async () => {
    const storage = memoryStorage();
    const unlock = await storage.lock('a/b');
    for (const folder of ['a', 'a/b', 'a/b/c', '']) {
      await expectAsync(storage.lock(folder)).toBeRejectedWith(
        jasmine.objectContaining({ code: 'ERR_STORAGE_LOCKED' }),
      );
    }
    await (
      await storage.lock('a/bb')
    )();
    await unlock();
    await storage.lock('');
  });
});

describe('PagedFile', () => {
  it('does as one array does at every border of a page', () => {
    const random = new Random('PagedFile');
    const borders = [0, 1, 63, 64, 65, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE];
    for (let round = 0; round < 40; round++) {
      const file = new PagedFile();
      const naive = new NaiveFile();
      for (let step = 0; step < 40; step++) {
        const offset = random.pick(borders);
        const length = random.pick(borders);
        const kind = random.integer(0, 3);
        if (kind === 0) {
          const bytes = new Uint8Array(length).fill(random.integer(1, 255));
          file.write(offset, bytes);
          naive.write(offset, bytes);
        } else if (kind === 1) {
          file.punch(offset, length);
          naive.punch(offset, length);
        } else if (kind === 2 && step % 4 === 0) {
          file.truncate(offset);
          naive.truncate(offset);
        }
        expect(file.length).toBe(naive.bytes.length);
      }
      expect(file.read(0, file.length)).toEqual(naive.bytes);
      expect(file.copy().read(0, file.length)).toEqual(naive.bytes);
    }
  });

  it('holds nothing for holes, and gives back what is punched or cut off', () => {
    const file = new PagedFile();
    file.truncate(2 ** 50);
    file.write(2 ** 45, new Uint8Array(40).fill(1));
    expect(file.heldBytes).toBeLessThanOrEqual(PAGE);
    file.write(0, new Uint8Array(100 * PAGE).fill(1));
    expect(file.heldBytes).toBeLessThanOrEqual(102 * PAGE);
    file.punch(5, 100 * PAGE);
    expect(file.heldBytes).toBeLessThanOrEqual(2 * PAGE);
    file.punch(0, 2 ** 50);
    expect(file.heldBytes).toBe(0);
    file.write(100 * PAGE, Uint8Array.of(1));
    file.truncate(100 * PAGE);
    expect(file.heldBytes).toBe(0);
    file.truncate(0);
    expect(file.length).toBe(0);
  });

  it('wastes at most what the last page holds while a file grows', () => {
    const file = new PagedFile();
    for (let length = 100; length < 3 * PAGE; length += 100) {
      file.write(length - 100, new Uint8Array(100).fill(1));
      expect(file.heldBytes).toBeLessThanOrEqual(Math.max(2 * length, length + PAGE));
    }
  });
});
