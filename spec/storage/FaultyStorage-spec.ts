import { crashOutcomes, FaultyStorage } from '../../lib/testing/FaultyStorage.js';
import { storageCompliance } from '../../lib/testing/storageCompliance.js';
import { Random } from '../helpers/random.js';

describe('FaultyStorage', () => {
  const random = new Random('FaultyStorage');
  for (const { what, check } of storageCompliance({ seed: random.seed })) {
    const storage = new FaultyStorage();
    it(what, () => check({ open: () => storage }));
  }

  it('counts what changes something, and stops at the operation it was told', async () => {
    const storage = new FaultyStorage({ crashAt: 3 });
    const file = await storage.open('a');
    await file.write(0, Uint8Array.of(1));
    await file.read(0, 1);
    await file.flush();
    expect(storage.operations).toBe(2);
    const failed = jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED' });
    await expectAsync(file.write(0, Uint8Array.of(2))).toBeRejectedWith(failed);
    expect(storage.crashed).toBeTrue();
    await expectAsync(file.read(0, 1)).toBeRejectedWith(failed);
    await expectAsync(file.flush()).toBeRejectedWith(failed);
    await expectAsync(storage.open('b')).toBeRejectedWith(failed);
    await expectAsync(storage.lock('b')).toBeRejectedWith(failed);
    expect(storage.afterCrash('dropped').bytesOf('a')).toEqual(Uint8Array.of(1));
    expect(storage.afterCrash('kept').bytesOf('a')).toEqual(Uint8Array.of(2));
  });

  it('has done a flush, or not, when it stops there', async () => {
    const storage = new FaultyStorage({ crashAt: 2 });
    const file = await storage.open('a');
    await file.write(0, Uint8Array.of(1));
    await file.flush().catch(() => {});
    expect(storage.afterCrash('dropped').lengthOf('a')).toBe(0);
    expect(storage.afterCrash('kept').lengthOf('a')).toBe(1);
  });

  it('fails once where it was told, without a change', async () => {
    const storage = new FaultyStorage({ failAt: 2, quotaAt: 3 });
    const file = await storage.open('a');
    await file.write(0, Uint8Array.of(1));
    await expectAsync(file.write(0, Uint8Array.of(2))).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED', file: 'a' }),
    );
    await expectAsync(file.truncate(0)).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_QUOTA', file: 'a' }),
    );
    expect(await file.read(0, 1)).toEqual(Uint8Array.of(1));
    await file.flush();
    expect(storage.operations).toBe(4);
  });

  it('keeps what was flushed in every outcome, and nothing that was never written', async () => {
    const storage = new FaultyStorage();
    const file = await storage.open('a');
    await file.write(0, new Uint8Array(10_000).fill(1));
    await file.flush();
    await file.write(5000, new Uint8Array(10_000).fill(2));
    for (const outcome of crashOutcomes) {
      for (let seed = 0; seed < 20; seed++) {
        const bytes = storage.afterCrash(outcome, seed).bytesOf('a');
        expect(bytes.length).toBeGreaterThanOrEqual(10_000);
        expect(bytes.length).toBeLessThanOrEqual(15_000);
        expect(bytes.subarray(0, 5000).every(byte => byte === 1)).toBeTrue();
        expect(bytes.subarray(5000, 10_000).every(byte => byte === 1 || byte === 2)).toBeTrue();
      }
    }
  });

  it('tears the last write, loses sectors, and turns the order round', async () => {
    const storage = new FaultyStorage();
    const file = await storage.open('a');
    await file.write(0, new Uint8Array(2048).fill(1));
    await file.write(0, new Uint8Array(2048).fill(2));
    const seen = { torn: new Set<string>(), scattered: new Set<string>() };
    for (let seed = 0; seed < 200; seed++) {
      const torn = storage.afterCrash('torn', seed).bytesOf('a');
      seen.torn.add(`${torn.indexOf(1)}`);
      const scattered = storage.afterCrash('scattered', seed).bytesOf('a');
      seen.scattered.add([0, 512, 1024, 1536].map(at => scattered[at] ?? '-').join(''));
    }
    expect(seen.torn.size).toBeGreaterThan(50);
    expect(seen.scattered).toContain('2212'); // the second write, but for one sector
    expect([...seen.scattered].some(sectors => sectors.includes('0'))).toBeTrue(); // lost in the middle
    expect([...seen.scattered].some(sectors => sectors.includes('-'))).toBeTrue(); // lost at the end
  });

  it('gives the same for the same seed', async () => {
    const storage = new FaultyStorage();
    const file = await storage.open('a');
    for (let i = 0; i < 20; i++) await file.write(i * 700, new Uint8Array(1000).fill(i + 1));
    for (const outcome of crashOutcomes) {
      const [one, other] = [7, 7].map(seed => storage.afterCrash(outcome, seed).bytesOf('a'));
      expect(one).toEqual(other);
    }
  });

  it('turns a bit over, there and after a crash', async () => {
    const storage = new FaultyStorage();
    const file = await storage.open('a');
    await file.write(0, Uint8Array.of(0, 0));
    await file.flush();
    storage.flipBit('a', 11);
    storage.flipBit('a', 99);
    expect(await file.read(0, 2)).toEqual(Uint8Array.of(0, 8));
    expect(storage.afterCrash('dropped').bytesOf('a')).toEqual(Uint8Array.of(0, 8));
    expect(storage.names()).toEqual(['a']);
  });
});
