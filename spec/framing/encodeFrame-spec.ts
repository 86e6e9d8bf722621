import { FrameTooLargeError } from '../../lib/errors.js';
import { encodeFrame, writeFrameHeader } from '../../lib/framing/encodeFrame.js';
import { bytesOfRule, fill, hex } from '../helpers/bytes.js';
import { naiveFrames } from './naiveFrames.js';

describe('encodeFrame', () => {
  it('puts the length before the body, little endian', () => {
    for (const [length, header] of [
      [0, '000000'],
      [1, '010000'],
      [255, 'ff0000'],
      [256, '000100'],
      [65535, 'ffff00'],
      [65536, '000001'],
      [0x123456, '563412'],
      [0xffffff, 'ffffff'],
    ] as const) {
      const body = bytesOfRule({ rule: 'affine', a: 5, b: 1, length });
      const frame = encodeFrame(body);
      expect(hex(frame.subarray(0, 3))).toBe(header);
      expect([frame.length, frame.buffer.byteLength]).toEqual([length + 3, length + 3]);
      expect(frame.subarray(3).every((byte, index) => byte === body[index])).toBe(true);
      if (length <= 65536) expect(naiveFrames(frame)).toEqual({ frames: [[...body]], rest: [] });
    }
  });

  it('copies the body', () => {
    const body = fill(4, 1);
    const frame = encodeFrame(body);
    body.fill(2);
    expect([...frame]).toEqual([4, 0, 0, 1, 1, 1, 1]);
  });

  it('refuses one byte more than the prefix can announce', () => {
    const body = new Uint8Array(0x1000000);
    expect(() => encodeFrame(body)).toThrowError(FrameTooLargeError, /16777216 bytes .* 16777215/);
  });
});

describe('writeFrameHeader', () => {
  it('writes three bytes at an offset and leaves the others', () => {
    const buffer = fill(6, 0xee);
    writeFrameHeader(buffer, 2, 0x0a0b0c);
    expect(hex(buffer)).toBe('eeee0c0b0aee');
    writeFrameHeader(buffer, 3, 0xffffff);
    expect(hex(buffer)).toBe('eeee0cffffff');
  });

  it('refuses what does not fit, and then writes nothing', () => {
    const buffer = fill(6, 0xee);
    expect(() => writeFrameHeader(buffer, 4, 1)).toThrowError(RangeError);
    expect(() => writeFrameHeader(buffer, -1, 1)).toThrowError(RangeError);
    expect(() => writeFrameHeader(buffer, 0, -1)).toThrowError(RangeError);
    expect(() => writeFrameHeader(buffer, 0, 1.5)).toThrowError(RangeError);
    expect(() => writeFrameHeader(buffer, 0, NaN)).toThrowError(RangeError);
    expect(() => writeFrameHeader(buffer, 0, 0x1000000)).toThrowError(FrameTooLargeError);
    expect(buffer).toEqual(fill(6, 0xee));
  });
});
