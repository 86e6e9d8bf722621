import { RecentBlocks } from '../../lib/log/RecentBlocks.js';

const row = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('log: recent blocks', () => {
  it('are found in the row they came in, the newest first', () => {
    const recent = new RecentBlocks(100);
    recent.keep(5, row(1, 2, 2, 3), [1, 2, 0, 1]);
    recent.keep(6, row(9), [1]);
    expect([4, 5, 6, 7, 8, 9].map(index => recent.get(index))).toEqual([
      undefined,
      row(1),
      row(9),
      row(),
      row(3),
      undefined,
    ]);
  });

  it('go by rows, the oldest first, once one byte more is held than may be', () => {
    const recent = new RecentBlocks(10);
    recent.keep(0, new Uint8Array(6), [3, 3]);
    recent.keep(2, new Uint8Array(4), [4]);
    expect(recent.bytes).toBe(10);
    recent.keep(3, new Uint8Array(1), [1]);
    expect(recent.bytes).toBe(5);
    expect([0, 1, 2, 3].map(index => recent.get(index) !== undefined)).toEqual([false, false, true, true]);
  });

  it('weigh what their buffer weighs, and are not kept if that is too much', () => {
    const recent = new RecentBlocks(10);
    recent.keep(0, new Uint8Array(11).subarray(0, 1), [1]);
    expect(recent.get(0)).toBeUndefined();
    expect(recent.bytes).toBe(0);
  });

  it('are no more than 64 rows', () => {
    const recent = new RecentBlocks(1000);
    for (let index = 0; index < 65; index++) recent.keep(index, row(index), [1]);
    expect([recent.get(0), recent.get(1), recent.bytes]).toEqual([undefined, row(1), 64]);
  });

  it('are forgotten with each row that has one of them', () => {
    const recent = new RecentBlocks(100);
    recent.keep(0, row(0, 1), [1, 1]);
    recent.keep(2, row(2, 3), [1, 1]);
    recent.keep(4, row(4), [1]);
    recent.forget(3, 4);
    expect([1, 2, 3, 4].map(index => recent.get(index)?.[0])).toEqual([1, undefined, undefined, 4]);
    recent.forget(0, Infinity);
    expect(recent.bytes).toBe(0);
  });
});
