import { defaultLimits, type Limits, verifyLimits } from '../lib/limits.js';

describe('verifyLimits', () => {
  it('fills in the defaults', () => {
    expect(verifyLimits()).toBe(defaultLimits);
    expect(verifyLimits({})).toEqual(defaultLimits);
    expect(verifyLimits({ maxChannels: 5 })).toEqual({ ...defaultLimits, maxChannels: 5 });
    const given = { maxChannels: undefined } as unknown as Partial<Limits>;
    expect(verifyLimits(given)).toEqual(defaultLimits);
  });

  it('takes the lowest and the highest value, and refuses the next', () => {
    const bounds: [keyof Limits, number, number][] = [
      ['maxFrameBytes', 1, 0xffffff],
      ['maxHandshakeFrameBytes', 1, 0xffff],
      ['maxBatchBytes', 1, 0x800000],
      ['maxChannels', 1, Number.MAX_SAFE_INTEGER],
      ['keepAliveMs', 0, 0x7fffffff],
    ];
    for (const [name, lowest, highest] of bounds) {
      for (const value of [lowest, highest]) expect(verifyLimits({ [name]: value })[name]).toBe(value);
      for (const value of [lowest - 1, highest + 1, 1.5, NaN, Infinity, '5' as unknown as number]) {
        expect(() => verifyLimits({ [name]: value })).toThrowError(RangeError);
      }
    }
    expect(() => verifyLimits({ maxChanels: 1 } as unknown as Partial<Limits>)).toThrowError(RangeError);
  });

  it('gives back what it verified itself, and verifies a copy of it anew', () => {
    const limits = verifyLimits({ maxChannels: 5 });
    expect(verifyLimits(limits)).toBe(limits);
    expect(() => verifyLimits({ ...limits, maxChannels: 0 })).toThrowError(RangeError);
    expect(() => verifyLimits(Object.assign({}, limits, { maxChannels: -1 }))).toThrowError(RangeError);
    const inheriting = Object.create(limits, { maxChannels: { value: 0, enumerable: true } }) as Limits;
    expect(() => verifyLimits(inheriting)).toThrowError(RangeError);
    expect(() => {
      (limits as { maxChannels: number }).maxChannels = 0;
    }).toThrowError(TypeError);
  });

  it('leaves what it is given alone', () => {
    const given = { maxChannels: 5 };
    verifyLimits(given);
    expect(Object.isFrozen(given)).toBe(false);
    expect(given).toEqual({ maxChannels: 5 });
  });
});
