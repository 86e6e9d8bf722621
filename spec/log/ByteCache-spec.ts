import { ByteCache } from '../../lib/log/ByteCache.js';
import { Random } from '../helpers/random.js';

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const cacheOf = (maxBytes: number): ByteCache<Uint8Array> => new ByteCache(maxBytes, value => value.length);

describe('log: the cache', () => {
  it('gives back what it holds', () => {
    const cache = cacheOf(10_000);
    const value = bytes(10);
    cache.set(7, value);
    expect(cache.get(7)).toBe(value);
    expect(cache.get(8)).toBeUndefined();
  });

  it('keeps nothing when it is switched off', () => {
    const cache = cacheOf(0);
    cache.set(1, bytes(0));
    expect(cache.get(1)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });

  it('weighs a value once, however often it is set', () => {
    const cache = cacheOf(10_000);
    cache.set(1, bytes(100));
    const held = cache.bytes;
    cache.set(1, bytes(100));
    expect(cache.bytes).toBe(held);
    cache.delete(1);
    cache.delete(1);
    expect(cache.bytes).toBe(0);
  });

  it('drops what was used longest ago', () => {
    const cache = cacheOf(10 * 1160);
    for (let i = 0; i < 10; i++) cache.set(i, bytes(1000));
    cache.set(10, bytes(1000));
    expect(cache.get(0)).toBeUndefined();
    // 3 is used, so that the next to go are others.
    expect(cache.get(3)).toBeDefined();
    for (let i = 11; i < 14; i++) cache.set(i, bytes(1000));
    expect(cache.get(3)).toBeDefined();
    expect(cache.get(4)).toBeUndefined();
  });

  it('does not let one great value drive out all others', () => {
    const cache = cacheOf(10_000);
    cache.set(1, bytes(10));
    cache.set(2, bytes(9000));
    expect(cache.get(1)).toBeDefined();
    expect(cache.get(2)).toBeUndefined();
  });

  it('never holds more than it may, whatever is done with it', () => {
    const random = new Random('log cache');
    const maxBytes = 20_000;
    const cache = cacheOf(maxBytes);
    const model = new Map<number, Uint8Array>();
    for (let step = 0; step < 5000; step++) {
      const key = random.integer(0, 59);
      const action = random.integer(0, 9);
      if (action < 5) {
        const value = bytes(random.integer(0, 2999));
        cache.set(key, value);
        model.set(key, value);
      } else if (action < 9) {
        const value = cache.get(key);
        if (value !== undefined) expect(value).toBe(model.get(key)!);
      } else if (action === 9) {
        cache.delete(key);
        model.delete(key);
        expect(cache.get(key)).toBeUndefined();
      }
      let weight = 0;
      for (const [held] of model) {
        const value = cache.get(held);
        if (value !== undefined) weight += value.length + 160;
      }
      if (step % 100 === 0) expect(cache.bytes).toBe(weight);
      expect(cache.bytes <= maxBytes).toBeTrue();
    }
    cache.clear();
    expect(cache.bytes).toBe(0);
  });
});
