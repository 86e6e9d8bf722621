import { FullPages } from '../../lib/replication/FullPages.js';
import { RemoteBlocks } from '../../lib/replication/RemoteBlocks.js';
import { Random } from '../helpers/random.js';

const PAGE = 32_768;
const plenty = { maxPages: 1024, maxRows: 256 };

/** The same, in the obvious way. */
class NaiveBlocks {
  private readonly blocks = new Set<number>();

  setRange(start: number, length: number, has: boolean): void {
    for (let index = start; index < start + length; index++) {
      if (has) this.blocks.add(index);
      else this.blocks.delete(index);
    }
  }

  setWords(start: number, words: Uint32Array): void {
    if (start % 32 !== 0) return;
    for (let bit = 0; bit < words.length * 32; bit++)
      this.setRange(start + bit, 1, ((words[bit >> 5] >>> (bit & 31)) & 1) === 1);
  }

  has(index: number): boolean {
    return this.blocks.has(index);
  }

  next(index: number, end: number): number {
    for (let at = index; at < end; at++) if (this.has(at)) return at;
    return -1;
  }
}

describe('replication: RemoteBlocks', () => {
  it('knows nothing at first', () => {
    const blocks = new RemoteBlocks(plenty);
    expect(blocks.has(0)).toBe(false);
    expect(blocks.next(0, Number.MAX_SAFE_INTEGER)).toBe(-1);
  });

  it('keeps what lies behind a drop in the contiguous row', () => {
    const blocks = new RemoteBlocks(plenty);
    blocks.setRange(0, 10, true);
    blocks.setRange(3, 1, false);
    expect([2, 3, 4, 9, 10].map(index => blocks.has(index))).toEqual([true, false, true, true, false]);
    expect(blocks.contiguous).toBe(3);
  });

  it('takes no bits that do not begin at a word', () => {
    const blocks = new RemoteBlocks(plenty);
    blocks.setWords(31, Uint32Array.of(0xffffffff));
    expect(blocks.next(0, 1000)).toBe(-1);
  });

  it('reads bits from the lowest up', () => {
    const blocks = new RemoteBlocks(plenty);
    blocks.setWords(64, Uint32Array.of(0b101, 0x80000000));
    expect([64, 65, 66, 127].map(index => blocks.has(index))).toEqual([true, false, true, true]);
    expect(blocks.next(67, 1000)).toBe(127);
  });

  it('agrees with a plain set of numbers', () => {
    const random = new Random('RemoteBlocks');
    for (let round = 0; round < 60; round++) {
      const blocks = new RemoteBlocks(plenty);
      const naive = new NaiveBlocks();
      const width = random.pick([200, PAGE + 50, 3 * PAGE]);
      const said: string[] = [];
      for (let step = 0; step < 25; step++) {
        const start = random.pick([0, random.integer(0, width), PAGE - 1, PAGE, 2 * PAGE]);
        if (random.integer(0, 3) === 0) {
          const words = new Uint32Array(random.integer(1, 40)).map(() => random.integer(0, 0xffffffff));
          const at = start - (start % 32);
          blocks.setWords(at, words);
          naive.setWords(at, words);
          said.push(`words ${at} ${words.length}`);
        } else {
          const length = random.pick([1, random.integer(1, 100), random.integer(1, width), PAGE]);
          const has = random.integer(0, 2) > 0;
          blocks.setRange(start, length, has);
          naive.setRange(start, length, has);
          said.push(`${has ? 'have' : 'drop'} ${start} ${length}`);
        }
        for (let look = 0; look < 30; look++) {
          const index = random.integer(0, width + PAGE);
          if (blocks.has(index) !== naive.has(index)) fail(`has(${index}) after ${said.join(', ')}`);
          const end = index + random.integer(0, 300);
          if (blocks.next(index, end) !== naive.next(index, end)) {
            fail(`next(${index}, ${end}) after ${said.join(', ')}`);
          }
        }
      }
    }
    expect(true).toBe(true);
  });

  describe('in bounded memory', () => {
    it('rows of any length', () => {
      const blocks = new RemoteBlocks(plenty);
      blocks.setRange(5, Number.MAX_SAFE_INTEGER, true);
      blocks.setRange(2 ** 50, 7, false);
      expect(blocks.size).toBeLessThanOrEqual(4);
      expect(blocks.has(2 ** 50 - 1)).toBe(true);
      expect(blocks.has(2 ** 50)).toBe(false);
      expect(blocks.has(2 ** 50 + 7)).toBe(true);
      expect(blocks.next(2 ** 50, 2 ** 51)).toBe(2 ** 50 + 7);
      expect(blocks.next(0, 10)).toBe(5);
    });

    it('one page more than the limit forgets the first', () => {
      const blocks = new RemoteBlocks({ maxPages: 4, maxRows: 4 });
      for (let page = 1; page <= 5; page++) blocks.setRange(page * PAGE + 3, 1, true);
      expect(blocks.size).toBe(4);
      expect([1, 2, 5].map(page => blocks.has(page * PAGE + 3))).toEqual([false, true, true]);
    });

    it('one row more than the limit forgets the shortest', () => {
      const blocks = new RemoteBlocks({ maxPages: 4, maxRows: 2 });
      blocks.setRange(2 * PAGE, 2 * PAGE, true);
      blocks.setRange(6 * PAGE, PAGE, true);
      blocks.setRange(10 * PAGE, 3 * PAGE, true);
      expect(blocks.size).toBe(2);
      expect([2, 6, 10].map(page => blocks.has(page * PAGE))).toEqual([true, false, true]);
    });

    it('a storm of single blocks', () => {
      const random = new Random('a storm of single blocks');
      const blocks = new RemoteBlocks({ maxPages: 8, maxRows: 8 });
      for (let step = 0; step < 20_000; step++) {
        blocks.setRange(random.integer(0, 2 ** 40), random.pick([1, 2 ** 30]), random.integer(0, 1) === 1);
      }
      expect(blocks.size).toBeLessThanOrEqual(16);
    });
  });
});

describe('replication: FullPages', () => {
  it('joins rows that touch, and splits those that are cut', () => {
    const pages = new FullPages(8);
    pages.add(2, 4);
    pages.add(6, 8);
    pages.add(4, 6);
    expect(pages.size).toBe(1);
    pages.remove(3, 5);
    expect([1, 2, 3, 4, 5, 7, 8].filter(page => pages.has(page))).toEqual([2, 5, 7]);
    expect(pages.next(3)).toBe(5);
    expect(pages.next(8)).toBe(-1);
  });
});
