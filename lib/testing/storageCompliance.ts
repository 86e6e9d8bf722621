import { isHypercoreError, type HypercoreErrorCode } from '../errors.js';
import type { RandomAccess, Storage } from '../storage/RandomAccess.js';
import { NaiveFile } from './NaiveFile.js';
import { seeded } from './seeded.js';

/** A place under test. @public */
export interface StoragePlace {
  /**
   * Gives a storage over the place, which is empty at first; a second one reaches the same files where the place outlives
   * a storage, and else is the same one.
   */
  open(): Storage | Promise<Storage>;
}

/** One thing that every storage does. @public */
export interface StorageCase {
  /** What it does, to name a test by. */
  readonly what: string;
  /** Rejects, with the reason, if this one does not. */
  readonly check: (place: StoragePlace) => Promise<void>;
}

/** How {@link storageCompliance} draws. @public */
export interface StorageComplianceOptions {
  /** Decides what is drawn; 1 unless told. */
  readonly seed?: number;
  /** Operations in a random sequence; 300 unless told. */
  readonly operations?: number;
}

/**
 * What {@link Storage} and {@link RandomAccess} promise, as cases for any test runner. Each case wants a place of its own.
 *
 * @example
 * ```ts
 * for (const { what, check } of storageCompliance()) {
 *   const storage = memoryStorage();
 *   it(what, () => check({ open: () => storage }));
 * }
 * ```
 * @public
 */
export function storageCompliance(options: StorageComplianceOptions = {}): readonly StorageCase[] {
  const { seed = 1, operations = 300 } = options;
  return [
    withFile('has no bytes in a file that was never written', async file => {
      same(await file.length(), 0, 'length');
      same(await file.read(0, 1), null, 'read past the end');
      bytesAre(await file.read(0, 0), [], 'no bytes');
    }),
    withFile('reads what was written, anywhere', async file => {
      await file.write(3, Uint8Array.of(1, 2, 3));
      same(await file.length(), 6, 'length');
      bytesAre(await file.read(0, 6), [0, 0, 0, 1, 2, 3], 'hole and bytes');
      await file.write(4, Uint8Array.of(9));
      bytesAre(await file.read(3, 3), [1, 9, 3], 'overwritten');
    }),
    withFile('gives null for bytes that end behind the file, however many', async file => {
      await file.write(0, new Uint8Array(10));
      for (const [offset, length] of [
        [0, 11],
        [10, 1],
        [11, 0],
        [0, 2 ** 40],
        [2 ** 50, 1],
      ]) {
        same(await file.read(offset, length), null, `${length} from ${offset}`);
      }
      bytesAre(await file.read(10, 0), [], 'no bytes at the end');
    }),
    withFile('takes any Uint8Array: a part of a buffer, or none of it', async file => {
      const whole = Uint8Array.of(1, 2, 3, 4, 5);
      await file.write(0, whole.subarray(1, 4));
      await file.write(9, new Uint8Array(0));
      same(await file.length(), 3, 'length');
      bytesAre(await file.read(0, 3), [2, 3, 4], 'part');
    }),
    withFile('hands out bytes of its own, and keeps none of the caller', async file => {
      const given = Uint8Array.of(1, 2, 3);
      await file.write(0, given);
      given.fill(9);
      const read = await file.read(0, 3);
      read!.fill(8);
      bytesAre(await file.read(0, 3), [1, 2, 3], 'bytes');
    }),
    withFile('reads a hole that was punched as zeros, and keeps the length', async file => {
      await file.write(0, new Uint8Array(200_000).fill(7));
      await file.punch(1, 150_000);
      await file.punch(199_999, 1_000_000);
      await file.punch(5_000_000, 10);
      same(await file.length(), 200_000, 'length');
      const bytes = (await file.read(0, 200_000))!;
      same(bytes[0], 7, 'before');
      same(
        bytes.subarray(1, 150_001).every(byte => byte === 0),
        true,
        'the hole is zeros',
      );
      same(
        bytes.subarray(150_001, 199_999).every(byte => byte === 7),
        true,
        'behind',
      );
      same(bytes[199_999], 0, 'the end');
    }),
    withFile('cuts off and extends, and old bytes do not come back', async file => {
      await file.write(0, new Uint8Array(100_000).fill(7));
      await file.truncate(3);
      same(await file.length(), 3, 'cut off');
      await file.truncate(70_000);
      same(await file.length(), 70_000, 'extended');
      const bytes = (await file.read(0, 70_000))!;
      same(
        bytes.subarray(3).every(byte => byte === 0),
        true,
        'zeros',
      );
      await file.truncate(0);
      same(await file.length(), 0, 'emptied');
    }),
    withFile('keeps calls that overlap in order', async file => {
      const calls: Promise<unknown>[] = [];
      const read: Promise<Uint8Array | null>[] = [];
      for (let i = 0; i < 50; i++) {
        calls.push(file.write(0, Uint8Array.of(i, i, i)));
        if (i % 10 === 5) calls.push(file.truncate(1), file.flush());
        read.push(file.read(0, 1));
      }
      await Promise.all(calls);
      const values = await Promise.all(read);
      values.forEach((value, i) => bytesAre(value, [i], `read ${i}`));
    }),
    withFile('refuses offsets and lengths that are none', async file => {
      await fails(() => file.read(-1, 1), 'RangeError');
      await fails(() => file.read(0, 1.5), 'RangeError');
      await fails(() => file.write(2 ** 53, new Uint8Array(1)), 'RangeError');
      await fails(() => file.truncate(NaN), 'RangeError');
      await fails(() => file.punch(0, -1), 'RangeError');
    }),
    {
      what: 'refuses names that are none',
      async check(place) {
        const storage = await place.open();
        for (const name of [
          '',
          '/a',
          'a/',
          'a//b',
          '../a',
          'a/../b',
          '.',
          'A',
          'a\\b',
          'a\0',
          'c:',
          'é',
          `${'a/'.repeat(40)}a`,
        ]) {
          await fails(() => storage.open(name), 'RangeError', name);
          if (name !== '') await fails(() => storage.lock(name), 'RangeError', name);
          await fails(() => storage.remove(name), 'RangeError', name);
        }
      },
    },
    {
      what: 'keeps what was written for the next that opens the file',
      async check(place) {
        let storage = await place.open();
        const file = await storage.open('a/b/data');
        await file.write(100_000, Uint8Array.of(1, 2, 3));
        await file.flush();
        await file.close();
        storage = await place.open();
        const again = await storage.open('a/b/data');
        same(await again.length(), 100_003, 'length');
        bytesAre(await again.read(99_999, 4), [0, 1, 2, 3], 'bytes');
        await again.close();
      },
    },
    {
      what: 'opens one file once at a time, and many files beside each other',
      async check(place) {
        const storage = await place.open();
        const one = await storage.open('a/data');
        await fails(() => storage.open('a/data'), 'ERR_STORAGE_LOCKED');
        const other = await storage.open('a/tree');
        await Promise.all([one.write(0, Uint8Array.of(1)), other.write(0, Uint8Array.of(2))]);
        bytesAre(await one.read(0, 1), [1], 'one');
        bytesAre(await other.read(0, 1), [2], 'the other');
        await one.close();
        await other.close();
        await (await storage.open('a/data')).close();
      },
    },
    {
      what: 'does nothing after the end, and ends as often as it is asked to',
      async check(place) {
        const file = await (await place.open()).open('a/data');
        const writing = file.write(0, new Uint8Array(1000));
        await Promise.all([file.close(), file.close()]);
        await writing;
        await file.close();
        await fails(() => file.length(), 'ERR_LOG_CLOSED');
        await fails(() => file.read(0, 1), 'ERR_LOG_CLOSED');
        await fails(() => file.write(0, Uint8Array.of(1)), 'ERR_LOG_CLOSED');
        await fails(() => file.punch(0, 1), 'ERR_LOG_CLOSED');
        await fails(() => file.truncate(0), 'ERR_LOG_CLOSED');
        await fails(() => file.flush(), 'ERR_LOG_CLOSED');
      },
    },
    {
      what: 'lets one write under a folder at a time',
      async check(place) {
        const storage = await place.open();
        const other = await place.open();
        const unlock = await storage.lock('a');
        await fails(() => storage.lock('a'), 'ERR_STORAGE_LOCKED');
        await fails(() => other.lock('a'), 'ERR_STORAGE_LOCKED');
        const beside = await other.lock('b');
        const file = await storage.open('a/oplog');
        await file.write(0, Uint8Array.of(1));
        await file.close();
        await fails(() => other.lock('a'), 'ERR_STORAGE_LOCKED');
        await unlock();
        await unlock();
        await (
          await other.lock('a')
        )();
        await (
          await storage.lock('a')
        )();
        await beside();
      },
    },
    {
      what: 'deletes a folder and nothing beside it',
      async check(place) {
        const storage = await place.open();
        for (const name of ['a/b/data', 'a/b/c/data', 'a/bb/data', 'a/data']) {
          const file = await storage.open(name);
          await file.write(0, Uint8Array.of(1));
          await file.close();
        }
        const file = await storage.open('a/b/data');
        await fails(() => storage.remove('a/b'), 'ERR_STORAGE_FAILED');
        await file.close();
        await storage.remove('a/b');
        await storage.remove('a/b');
        const lengths: Record<string, number> = {};
        for (const name of ['a/b/data', 'a/b/c/data', 'a/bb/data', 'a/data']) {
          const left = await storage.open(name);
          lengths[name] = await left.length();
          await left.close();
        }
        same(Object.values(lengths).join(), '0,0,1,1', 'lengths');
      },
    },
    {
      what: `does as one array does, in ${operations} random operations (seed ${seed})`,
      check: place => compare(place, seed, operations),
    },
  ];
}

async function compare(place: StoragePlace, seed: number, operations: number): Promise<void> {
  const draw = seeded(seed);
  const naive = new NaiveFile();
  let file = await (await place.open()).open('a/data');
  for (let step = 0; step < operations; step++) {
    const offset = draw(3) === 0 ? draw(100_000) : draw(naive.bytes.length + 1);
    const length = draw(4) === 0 ? draw(50_000) : draw(300);
    switch (draw(8)) {
      case 0:
      case 1:
      case 2: {
        const bytes = new Uint8Array(length).fill(1 + draw(255));
        naive.write(offset, bytes);
        await file.write(offset, bytes);
        break;
      }
      case 3:
        naive.punch(offset, length);
        await file.punch(offset, length);
        break;
      case 4:
        if (draw(3) > 0) break;
        naive.truncate(offset);
        await file.truncate(offset);
        break;
      case 5:
        if (draw(4) > 0) break;
        await file.flush();
        await file.close();
        file = await (await place.open()).open('a/data');
        break;
      default:
        bytesAre(await file.read(offset, length), naive.read(offset, length), `step ${step}`);
    }
    same(await file.length(), naive.bytes.length, `length at step ${step}`);
  }
  bytesAre(await file.read(0, naive.bytes.length), naive.bytes, 'all of it');
  await file.close();
}

function withFile(what: string, check: (file: RandomAccess) => Promise<void>): StorageCase {
  return {
    what,
    async check(place) {
      const file = await (await place.open()).open('a/data');
      try {
        await check(file);
      } finally {
        await file.close();
      }
    },
  };
}

function same(value: unknown, expected: unknown, what: string): void {
  if (!Object.is(value, expected))
    throw new Error(`${what}: ${String(value)} instead of ${String(expected)}`);
}

function bytesAre(value: Uint8Array | null, expected: ArrayLike<number> | null, what: string): void {
  if (value === null || expected === null) return same(value, expected, what);
  same(value.length, expected.length, `${what}, length`);
  for (let i = 0; i < value.length; i++) same(value[i], expected[i], `${what}, byte ${i}`);
}

async function fails(
  call: () => Promise<unknown>,
  expected: HypercoreErrorCode | 'RangeError',
  what = 'call',
): Promise<void> {
  let outcome = 'nothing';
  try {
    await call();
  } catch (error) {
    outcome = isHypercoreError(error) ? error.code : error instanceof Error ? error.name : 'no error';
  }
  same(outcome, expected, what);
}
