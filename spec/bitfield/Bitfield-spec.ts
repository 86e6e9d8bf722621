import { Bitfield } from '../../lib/bitfield/Bitfield.js';
import { BitfieldFile } from '../../lib/bitfield/BitfieldFile.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { FaultyStorage } from '../../lib/testing/FaultyStorage.js';
import { Random } from '../helpers/random.js';

const PAGE = 32_768;

/** What a bitfield is compared with. */
class NaiveBits {
  readonly set = new Set<number>();

  range(start: number, length: number, value: boolean): boolean {
    const before = this.set.size;
    for (let i = start; i < start + length; i++) {
      if (value) this.set.add(i);
      else this.set.delete(i);
    }
    return this.set.size !== before;
  }

  first(from: number, value: boolean, end: number): number {
    for (let i = from; i < end; i++) if (this.set.has(i) === value) return i;
    return -1;
  }

  last(from: number): number {
    for (let i = from; i >= 0; i--) if (this.set.has(i)) return i;
    return -1;
  }
}

describe('Bitfield', () => {
  it('does as a Set does', () => {
    const random = new Random('Bitfield');
    const borders = [0, 1, 31, 32, 33, 64, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 32, 2 * PAGE, 3 * PAGE - 1];
    const draw = () => (random.integer(0, 1) ? random.pick(borders) : random.integer(0, 3 * PAGE));
    for (let round = 0; round < 6; round++) {
      const bits = new Bitfield();
      const naive = new NaiveBits();
      for (let step = 0; step < 60; step++) {
        const start = draw();
        const value = random.integer(0, 2) > 0;
        if (random.integer(0, 3) === 0) {
          const words = new Uint32Array(random.integer(0, 70)).map(() => random.integer(0, 0xffffffff));
          const at = start - (start % 32);
          bits.setWords(at, words);
          words.forEach((word, i) => {
            for (let j = 0; j < 32; j++) naive.range(at + i * 32 + j, 1, ((word >>> j) & 1) === 1);
          });
        } else {
          const length = random.integer(0, 1) ? draw() : random.integer(0, 100);
          expect(bits.setRange(start, length, value)).toBe(naive.range(start, length, value));
        }
        const from = draw();
        expect(bits.get(from)).toBe(naive.set.has(from));
        expect(bits.firstSet(from)).toBe(naive.first(from, true, 7 * PAGE));
        expect(bits.firstUnset(from)).toBe(naive.first(from, false, 7 * PAGE));
        expect(bits.lastSet(from)).toBe(naive.last(from));
        expect(bits.contiguousLength).toBe(naive.first(0, false, 7 * PAGE));
      }
      expect(bits.count(0, 8 * PAGE)).toBe(naive.set.size);
      expect(bits.lastSet()).toBe(naive.last(8 * PAGE));
      const words = bits.words(0, (8 * PAGE) / 32);
      for (let i = 0; i < 8 * PAGE; i++) {
        if (((words[i >>> 5] >>> (i & 31)) & 1) !== (naive.set.has(i) ? 1 : 0)) fail(`bit ${i}`);
      }
      const [start, length] = [draw(), draw()];
      let count = 0;
      for (let i = start; i < start + length; i++) if (naive.set.has(i)) count++;
      expect(bits.count(start, length)).toBe(count);
    }
  });

  it('speaks of blocks beyond 2^31 and 2^32', () => {
    const bits = new Bitfield({ maxBlocks: 2 ** 40 });
    for (const index of [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7]) {
      expect(bits.set(index, true)).toBeTrue();
      expect(bits.set(index, true)).toBeFalse();
      expect(bits.get(index)).toBeTrue();
    }
    expect(bits.firstSet(2 ** 31 + 1)).toBe(2 ** 32 + 7);
    expect(bits.lastSet(2 ** 32)).toBe(2 ** 31);
    expect(bits.words(2 ** 32, 1)[0]).toBe(0x80);
  });

  it('takes what its bounds allow, one more is refused before anything changed', () => {
    const bits = new Bitfield({ maxBlocks: 4 * PAGE, maxPages: 2 });
    bits.setRange(0, 2 * PAGE, true);
    bits.setRange(PAGE, PAGE, false);
    const refused = (limit: string) =>
      jasmine.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit, scope: 'log' });
    const errorOf = (change: () => unknown): unknown => {
      try {
        return change();
      } catch (error) {
        return error;
      }
    };
    expect(errorOf(() => bits.setRange(4 * PAGE - 1, 2, true))).toEqual(refused('maxBlocks'));
    expect(errorOf(() => bits.setRange(PAGE, 2 * PAGE, true))).toEqual(refused('maxPages'));
    expect(errorOf(() => bits.setRange(0, 2 ** 50, true))).toEqual(refused('maxBlocks'));
    expect(errorOf(() => bits.setWords(4 * PAGE, Uint32Array.of(1)))).toEqual(refused('maxBlocks'));
    expect(bits.count(0, 8 * PAGE)).toBe(PAGE);
    expect(bits.setRange(4 * PAGE - 1, 1, true)).toBeTrue();
    expect(bits.setRange(0, 2 ** 50, false)).toBeTrue();
    expect(bits.firstSet(0)).toBe(-1);
    expect(bits.setWords(2 ** 40, new Uint32Array(4))).toBeFalse();
  });

  it('refuses what is no block', () => {
    const bits = new Bitfield();
    expect(() => bits.setRange(-1, 1, true)).toThrowError(RangeError);
    expect(() => bits.setRange(0, 0.5, true)).toThrowError(RangeError);
    expect(() => bits.words(1, 1)).toThrowError(RangeError);
    expect(() => bits.setWords(16, new Uint32Array(1))).toThrowError(RangeError);
    expect(() => new Bitfield({ maxBlocks: 0 })).toThrowError(RangeError);
    expect(() => new Bitfield({ maxPages: 1.5 })).toThrowError(RangeError);
  });
});

describe('BitfieldFile', () => {
  it('writes the pages that changed, and reads them again', async () => {
    const random = new Random('BitfieldFile');
    const file = await memoryStorage().open('bitfield');
    let bitfield = await BitfieldFile.open(file);
    const naive = new NaiveBits();
    for (let round = 0; round < 15; round++) {
      for (let step = 0; step < 5; step++) {
        const [start, length] = [random.integer(0, 12 * PAGE), random.integer(0, 2 * PAGE)];
        const value = random.integer(0, 1) === 1;
        bitfield.bits.setRange(start, length, value);
        naive.range(start, length, value);
      }
      await bitfield.flush();
      bitfield = await BitfieldFile.open(file);
      expect(bitfield.bits.count(0, 20 * PAGE)).toBe(naive.set.size);
      expect((await file.length()) % 4096).toBe(0);
    }
    for (let i = 0; i < 15 * PAGE; i++) if (bitfield.bits.get(i) !== naive.set.has(i)) fail(`bit ${i}`);
  });

  it('writes neighbours together and nothing that did not change', async () => {
    const storage = new FaultyStorage();
    const file = await storage.open('bitfield');
    const bitfield = await BitfieldFile.open(file);
    bitfield.bits.setRange(0, 5 * PAGE, true);
    bitfield.bits.set(9 * PAGE, true);
    await bitfield.flush();
    expect(storage.operations).toBe(3); // two writes and a flush
    bitfield.bits.setRange(0, 5 * PAGE, true);
    await bitfield.flush();
    expect(storage.operations).toBe(3);
  });

  it('tries again what could not be stored', async () => {
    const storage = new FaultyStorage({ quotaAt: 1 });
    const file = await storage.open('bitfield');
    const bitfield = await BitfieldFile.open(file);
    bitfield.bits.set(7, true);
    await expectAsync(bitfield.flush()).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_QUOTA' }),
    );
    await bitfield.flush();
    expect((await BitfieldFile.open(file)).bits.get(7)).toBeTrue();
  });

  it('reads a file that ends inside a word, and skips a long hole', async () => {
    const file = await memoryStorage().open('bitfield');
    await file.write(100_000_000, Uint8Array.of(0, 0, 0x80));
    const { bits } = await BitfieldFile.open(file);
    expect(bits.firstSet(0)).toBe(800_000_023);
    expect(bits.lastSet()).toBe(800_000_023);
  });
});
