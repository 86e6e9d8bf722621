import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { FrameDecoder } from '../../lib/framing/FrameDecoder.js';
import { concat, fill, hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';

describe('FrameDecoder.keep', () => {
  it('makes it independent of the memory that was pushed, wherever it stands', () => {
    const random = new Random('FrameDecoder.keep');
    for (let n = 0; n < 200; n++) {
      const bodies = Array.from({ length: 12 }, () => random.bytes(random.integer(0, 60)));
      const bytes = concat(...bodies.map(encodeFrame));
      const memory = new Uint8Array(64);
      const decoder = new FrameDecoder();
      const frames: string[] = [];
      for (let at = 0; at < bytes.length;) {
        const chunk = bytes.subarray(at, at + random.integer(1, memory.length));
        memory.set(chunk);
        decoder.push(memory.subarray(0, chunk.length));
        at += chunk.length;
        // Sometimes it is left with frames that nobody has pulled yet.
        for (let pulls = random.integer(0, 4); pulls > 0; pulls--) {
          const frame = decoder.next();
          if (frame !== null) frames.push(hex(frame));
        }
        decoder.keep();
        memory.fill(0xee);
      }
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(hex(frame));
      expect(frames).toEqual(bodies.map(hex));
      expect(decoder.buffered).toBe(0);
    }
  });

  it('has nothing to do where nothing is left', () => {
    const decoder = new FrameDecoder();
    decoder.keep();
    decoder.push(encodeFrame(fill(3, 1)));
    expect(decoder.next()).toEqual(fill(3, 1));
    decoder.keep();
    expect(decoder.buffered).toBe(0);
    expect(decoder.next()).toBeNull();
  });
});
