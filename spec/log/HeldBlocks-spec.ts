import { HeldBlocks } from '../../lib/log/HeldBlocks.js';
import { seeded } from '../../lib/testing/seeded.js';

const row = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('log: held blocks', () => {
  it('are views of the rows in which they came, across pages too', () => {
    const held = new HeldBlocks();
    const bytes = new Uint8Array(600).map((_, i) => i);
    held.keep(200, bytes, new Array<number>(600).fill(1));
    held.keep(100, row(1, 2, 2), [1, 2, 0]);
    for (const index of [200, 255, 256, 511, 512, 799]) {
      expect(held.get(index)).toEqual(bytes.slice(index - 200, index - 199));
      expect(held.get(index)!.buffer).toBe(bytes.buffer);
    }
    expect([99, 100, 101, 102, 103, 199, 800].map(index => held.get(index))).toEqual([
      undefined,
      row(1),
      row(2, 2),
      row(),
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('free the memory of those that are forgotten', () => {
    const held = new HeldBlocks();
    held.keep(10, row(0, 1, 2, 3, 4), [1, 1, 1, 1, 1]);
    held.forget(11, 13);
    expect([10, 11, 12, 13, 14].map(index => held.get(index))).toEqual([
      row(0),
      undefined,
      undefined,
      row(3),
      row(4),
    ]);
    expect(held.get(10)!.buffer.byteLength).toBe(1);
    expect(held.get(14)!.buffer.byteLength).toBe(2);
  });

  it('are what a plain map would hold, whatever comes and goes', () => {
    const random = seeded(7);
    const held = new HeldBlocks();
    const plain = new Map<number, number>();
    const most = 2000;
    for (let turn = 0; turn < 400; turn++) {
      const start = random(most);
      const length = 1 + random(turn % 5 === 0 ? 700 : 20);
      if (random(10) < 3) {
        const end = random(20) === 0 ? Infinity : start + length;
        held.forget(start, end);
        for (const index of plain.keys()) if (index >= start && index < end) plain.delete(index);
        continue;
      }
      let count = 0;
      while (count < length && !plain.has(start + count)) count++;
      if (count === 0) continue;
      const bytes = new Uint8Array(count).map((_, i) => turn + i);
      held.keep(start, bytes, new Array<number>(count).fill(1));
      for (let i = 0; i < count; i++) plain.set(start + i, bytes[i]);
    }
    expect(plain.size).toBeGreaterThan(100);
    for (let index = 0; index < most + 700; index++) expect(held.get(index)?.[0]).toBe(plain.get(index));
  });
});
