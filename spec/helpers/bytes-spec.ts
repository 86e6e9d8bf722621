import { bytesOfRule, concat, hex, unhex } from './bytes.js';

describe('spec helpers: bytes', () => {
  it('turns hex into bytes and back', () => {
    expect(hex(unhex('00 0f f0 ff'))).toBe('000ff0ff');
    expect(() => unhex('0')).toThrow();
    expect(() => unhex('zz')).toThrow();
  });

  it('expands the rules of the vectors', () => {
    expect([...bytesOfRule({ rule: 'affine', a: 7, b: 3, length: 3 })]).toEqual([3, 10, 17]);
    expect([...concat(bytesOfRule({ rule: 'fill', byte: 9, length: 2 }), unhex('01'))]).toEqual([9, 9, 1]);
  });
});
