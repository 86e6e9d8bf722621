import { FrameEmptyError, FrameTooLargeError } from '../../lib/errors.js';
import { comparable, marbles } from './marbles.js';

describe('spec helpers: marbles', () => {
  it('tells error classes, facts and bytes apart', () => {
    const different: [unknown, unknown][] = [
      [new FrameEmptyError(), new Error('a frame has no body')],
      [new FrameTooLargeError(2, 1), new FrameTooLargeError(3, 1)],
      [new Uint8Array([1]), new Uint8Array([2])],
      [{ bytes: new Uint8Array([1]) }, { bytes: new Uint8Array([1, 0]) }],
      [{ a: undefined }, { a: 1 }],
    ];
    for (const [a, b] of different) expect(comparable(a)).not.toEqual(comparable(b));
  });

  it('takes a view, a copy and a subclass of Uint8Array as the same bytes', () => {
    class Other extends Uint8Array {}
    const whole = new Uint8Array([9, 1, 2]);
    expect(comparable(whole.subarray(1))).toEqual(comparable(new Uint8Array([1, 2])));
    expect(comparable(new Other([1, 2]))).toEqual(comparable(new Uint8Array([1, 2])));
  });

  it('refuses a test that expects nothing', () => {
    expect(() => marbles(() => undefined)).toThrowError(/expect something/);
  });
});
