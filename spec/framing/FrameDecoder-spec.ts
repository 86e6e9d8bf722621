import { FrameTooLargeError, FrameTruncatedError } from '../../lib/errors.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { FRAME_HEADER_BYTES, FrameDecoder } from '../../lib/framing/FrameDecoder.js';
import { bytesOfRule, concat, fill, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { naiveFrames } from './naiveFrames.js';

describe('FrameDecoder', () => {
  const body = (length: number): Uint8Array => bytesOfRule({ rule: 'affine', a: 31, b: 7, length });

  function pullAll(decoder: FrameDecoder): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(frame);
    return frames;
  }

  function thrownBy(run: () => unknown): unknown {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  }

  /** Feeds chunks, pulling after some of them, and compares everything it does with the naive decoder. */
  function expectAsNaive(chunks: readonly Uint8Array[], pullAfter: (index: number) => boolean): void {
    const bytes = concat(...chunks);
    const { frames: expected, rest } = naiveFrames(bytes);
    const decoder = new FrameDecoder();
    const frames: Uint8Array[] = [];
    let fed = 0;
    chunks.forEach((chunk, index) => {
      decoder.push(chunk);
      fed += chunk.length;
      if (pullAfter(index)) frames.push(...pullAll(decoder));
      const returned = frames.reduce((sum, frame) => sum + FRAME_HEADER_BYTES + frame.length, 0);
      expect(decoder.buffered).toBe(fed - returned);
      const unfinished = naiveFrames(bytes.subarray(returned, fed)).rest.length;
      expect(thrownBy(() => decoder.finish())).toEqual(
        unfinished === 0 ? undefined : new FrameTruncatedError(unfinished),
      );
    });
    frames.push(...pullAll(decoder));
    expect(frames.map(hex)).toEqual(expected.map(frame => hex(Uint8Array.from(frame))));
    expect(hex(decoder.release())).toBe(hex(Uint8Array.from(rest)));
    expect(decoder.buffered).toBe(0);
  }

  it('reads the same when small and large chunks wait together', () => {
    const random = new Random('frames that wait');
    for (let run = 0; run < 60; run++) {
      const frames = Array.from({ length: 12 }, () => encodeFrame(body(random.integer(0, 900))));
      const bytes = concat(...frames);
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = random.pick([1, 2, 7, 300, 512, 513, 2000]);
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      expectAsNaive(chunks, () => random.next() < 0.05);
    }
  });

  it('leaves a frame alone when small chunks are copied behind it', () => {
    const decoder = new FrameDecoder();
    decoder.push(encodeFrame(body(600)));
    for (const byte of concat(encodeFrame(body(3)), encodeFrame(body(4)))) decoder.push(Uint8Array.of(byte));
    decoder.next();
    const frame = decoder.next()!;
    decoder.push(fill(100, 0xff));
    expect(hex(frame)).toBe(hex(body(3)));
    expect(hex(decoder.next()!)).toBe(hex(body(4)));
  });

  describe('reads the same whatever the chunks', () => {
    const streams: Record<string, Uint8Array> = {
      'two frames': concat(encodeFrame(body(5)), encodeFrame(body(4))),
      'empty frames': concat(
        encodeFrame(body(0)),
        encodeFrame(body(1)),
        encodeFrame(body(0)),
        encodeFrame(body(0)),
      ),
      'an unfinished body': concat(encodeFrame(body(3)), encodeFrame(body(6)).subarray(0, 7)),
      'an unfinished prefix': concat(encodeFrame(body(8)), unhex('0700')),
    };

    for (const [what, bytes] of Object.entries(streams)) {
      it(`every one of 2^${bytes.length - 1} ways to cut ${what}`, () => {
        for (let cuts = 0; cuts < 1 << (bytes.length - 1); cuts++) {
          const chunks: Uint8Array[] = [];
          let start = 0;
          for (let at = 1; at <= bytes.length; at++) {
            if (at < bytes.length && (cuts & (1 << (at - 1))) === 0) continue;
            chunks.push(bytes.subarray(start, at));
            start = at;
          }
          const decoder = new FrameDecoder();
          const frames: string[] = [];
          for (const chunk of chunks) {
            decoder.push(chunk);
            frames.push(...pullAll(decoder).map(hex));
          }
          const { frames: expected, rest } = naiveFrames(bytes);
          // One comparison per way, for there are many.
          const right =
            frames.join() === expected.map(frame => hex(Uint8Array.from(frame))).join() &&
            hex(decoder.release()) === hex(Uint8Array.from(rest));
          if (!right) fail(`cut into ${chunks.map(hex).join(' ')}`);
        }
        expect(naiveFrames(bytes).frames.length).toBeGreaterThan(0);
      });
    }

    it('random frames in random chunks, pulled now and then', () => {
      const random = new Random('random cuts');
      for (let round = 0; round < 150; round++) {
        const bodies = Array.from({ length: random.integer(0, 12) }, () =>
          random.bytes(random.pick([0, 1, 2, 16, 255, 256, 300, random.integer(0, 3000)])),
        );
        const bytes = concat(
          ...bodies.map(encodeFrame),
          encodeFrame(body(40)).subarray(0, random.integer(0, 42)),
        );
        const chunks: Uint8Array[] = [];
        const longest = random.pick([1, 3, 50, 1500, 10000]);
        for (let start = 0; start < bytes.length;) {
          const end = Math.min(bytes.length, start + random.integer(0, longest));
          chunks.push(bytes.subarray(start, end));
          start = end;
        }
        if (chunks.length > 400) continue;
        const often = random.next();
        expectAsNaive(chunks, () => random.next() < often);
      }
    });

    for (const length of [0, 1, 255, 256, 65535, 65536, 16777215]) {
      it(`a frame of ${length} bytes, whole, cut at its ends and in large chunks`, () => {
        const frame = encodeFrame(body(length));
        const next = encodeFrame(body(2));
        const bytes = concat(frame, next);
        for (const cuts of [
          [],
          [1],
          [3],
          [4],
          [frame.length - 1],
          [frame.length],
          [2, 3, frame.length - 1, frame.length + 1],
          Array.from({ length: Math.floor(frame.length / 60000) }, (_, index) => (index + 1) * 60000),
        ]) {
          const decoder = new FrameDecoder();
          const frames: Uint8Array[] = [];
          let start = 0;
          for (const end of [...cuts, bytes.length]) {
            decoder.push(bytes.subarray(start, end));
            start = Math.max(start, end);
            frames.push(...pullAll(decoder));
          }
          expect(frames.map(({ length }) => length)).toEqual([length, 2]);
          expect(sameBytes(frames[0], frame.subarray(3))).toBe(true);
          expect(() => decoder.finish()).not.toThrow();
        }
      });
    }
  });

  describe('copies as little as it can', () => {
    it('views a frame that lies in one chunk, wherever its prefix lay', () => {
      const chunk = concat(encodeFrame(body(4)), encodeFrame(body(300)));
      const decoder = new FrameDecoder();
      decoder.push(chunk);
      const frames = pullAll(decoder);
      expect(frames.map(frame => frame.buffer === chunk.buffer)).toEqual([true, true]);
      expect(frames.map(frame => frame.byteOffset)).toEqual([3, 10]);

      decoder.push(unhex('0400'));
      decoder.push(unhex('00'));
      expect(decoder.next()).toBeNull();
      const rest = body(4);
      decoder.push(rest);
      expect(decoder.next()?.buffer).toBe(rest.buffer);
    });

    it('views plain arrays, even in a chunk of a subclass', () => {
      class Other extends Uint8Array {}
      const decoder = new FrameDecoder();
      decoder.push(new Other(concat(encodeFrame(body(4)), encodeFrame(body(8)).subarray(0, 5))));
      decoder.push(new Other(body(8).subarray(2)));
      expect(pullAll(decoder).map(frame => frame.constructor)).toEqual([Uint8Array, Uint8Array]);
      expect(decoder.release().constructor).toBe(Uint8Array);
    });

    it('gathers a split frame in an array of exactly its length, which shares nothing', () => {
      const frame = encodeFrame(body(100_000));
      const kept = hex(frame.subarray(0, 50));
      const decoder = new FrameDecoder();
      for (const [start, end] of [
        [0, 10],
        [10, 30_000],
        [30_000, frame.length],
      ]) {
        decoder.push(frame.subarray(start, end));
        if (end < frame.length) expect(decoder.next()).toBeNull();
      }
      const gathered = decoder.next() as Uint8Array;
      expect([gathered.length, gathered.byteOffset, gathered.buffer.byteLength]).toEqual([
        100_000, 0, 100_000,
      ]);
      expect(sameBytes(gathered, body(100_000))).toBe(true);
      gathered.fill(0);
      expect(hex(frame.subarray(0, 50))).toBe(kept);
    });

    it('takes a large frame byte by byte, in linear time', () => {
      const time = (length: number): number => {
        const frame = encodeFrame(body(length));
        const decoder = new FrameDecoder();
        const began = performance.now();
        for (let at = 0; at < frame.length - 1; at++) {
          decoder.push(frame.subarray(at, at + 1));
          if (decoder.next() !== null) fail('too early');
        }
        decoder.push(frame.subarray(frame.length - 1));
        expect(sameBytes(decoder.next() as Uint8Array, frame.subarray(3))).toBe(true);
        return performance.now() - began;
      };
      time(50_000);
      // Sixteen times the bytes would take 256 times as long if it were quadratic.
      const small = time(62_500);
      expect(time(1_000_000)).toBeLessThan(100 * Math.max(small, 1));
    });
  });

  describe('reserves memory for what has arrived, not for what is announced', () => {
    /** Runs with a Uint8Array constructor that notes the lengths it is asked for. */
    function reserved(run: () => void): number[] {
      const lengths: number[] = [];
      const original = globalThis.Uint8Array;
      globalThis.Uint8Array = new Proxy(original, {
        construct(target, given: unknown[], newTarget) {
          if (typeof given[0] === 'number') lengths.push(given[0]);
          return Reflect.construct(target, given, newTarget) as object;
        },
      });
      try {
        run();
      } finally {
        globalThis.Uint8Array = original;
      }
      return lengths;
    }

    it('a few bytes of a frame of 16 MiB cost a few kilobytes', () => {
      for (const arrived of [0, 1, 10, 4096]) {
        const decoder = new FrameDecoder();
        const start = concat(unhex('ffffff'), body(arrived));
        const lengths = reserved(() => {
          decoder.push(start);
          expect(decoder.next()).toBeNull();
        });
        expect(lengths.every(length => length <= 16384)).toBe(true);
        expect(decoder.buffered).toBe(3 + arrived);
      }
    });

    it('at most four times as much as has arrived, or 16 KiB; and in the end what is needed', () => {
      const random = new Random('growth');
      const whole = encodeFrame(body(3_000_000));
      const decoder = new FrameDecoder();
      let largest = 0;
      let done = false;
      for (let start = 0; start < whole.length;) {
        const end = Math.min(whole.length, start + random.integer(1, 70_000));
        const chunk = whole.subarray(start, end);
        const lengths = reserved(() => {
          decoder.push(chunk);
          done = decoder.next() !== null;
        });
        largest = Math.max(largest, ...lengths);
        expect(largest).toBeLessThanOrEqual(Math.max(16384, 4 * end));
        start = end;
      }
      expect([largest, done]).toEqual([3_000_000, true]);
    });

    it('nothing at all for a frame above the limit', () => {
      const decoder = new FrameDecoder(1000);
      const header = unhex('e90300');
      const lengths = reserved(() => {
        decoder.push(header);
        expect(thrownBy(() => decoder.next())).toEqual(new FrameTooLargeError(1001, 1000));
      });
      expect(lengths).toEqual([]);
    });
  });

  describe('applies a limit when the prefix is complete', () => {
    it('accepts the limit and refuses one byte more, before the body', () => {
      for (const limit of [1, 255, 256, 65535, 65536, 0xfffffe]) {
        const decoder = new FrameDecoder(limit);
        decoder.push(encodeFrame(body(limit)));
        expect(decoder.next()?.length).toBe(limit);
        const header = encodeFrame(body(limit + 1)).subarray(0, 3);
        decoder.push(header.subarray(0, 2));
        expect(decoder.next()).toBeNull();
        decoder.push(header.subarray(2));
        for (const _again of [1, 2]) {
          expect(thrownBy(() => decoder.next())).toEqual(new FrameTooLargeError(limit + 1, limit));
        }
        expect(decoder.buffered).toBe(3);
        expect(hex(decoder.release())).toBe(hex(header));
      }
    });

    it('by default as far as the prefix reaches', () => {
      expect(new FrameDecoder().maxFrameBytes).toBe(0xffffff);
      const decoder = new FrameDecoder();
      decoder.push(unhex('ffffff'));
      expect(decoder.next()).toBeNull();
    });

    it('returns the frames before one that is too large', () => {
      const decoder = new FrameDecoder(5);
      decoder.push(concat(encodeFrame(body(5)), encodeFrame(body(6)), encodeFrame(body(1))));
      expect(decoder.next()).toEqual(body(5));
      expect(() => decoder.next()).toThrowError(FrameTooLargeError);
    });

    it('takes another limit between frames, for the next prefix', () => {
      const decoder = new FrameDecoder(5);
      decoder.push(concat(encodeFrame(body(5)), encodeFrame(body(50)), encodeFrame(body(6))));
      expect(decoder.next()).toEqual(body(5));
      decoder.maxFrameBytes = 50;
      expect(decoder.next()).toEqual(body(50));
      decoder.maxFrameBytes = 5;
      expect(() => decoder.next()).toThrowError(FrameTooLargeError);
      decoder.maxFrameBytes = 6;
      expect(decoder.next()).toEqual(body(6));
    });

    it('does not go back on a frame that it has let in', () => {
      for (const arrived of [0, 1]) {
        const decoder = new FrameDecoder(50);
        const frame = encodeFrame(body(50));
        decoder.push(frame.subarray(0, 3 + arrived));
        expect(decoder.next()).toBeNull();
        decoder.maxFrameBytes = 5;
        decoder.push(frame.subarray(3 + arrived));
        expect(decoder.next()).toEqual(body(50));
      }
    });
  });

  describe('at the end of the bytes', () => {
    it('says how much of an unfinished frame had arrived', () => {
      const frame = encodeFrame(body(20));
      for (let length = 0; length < frame.length; length++) {
        for (const pulled of [true, false]) {
          const decoder = new FrameDecoder();
          decoder.push(encodeFrame(body(3)));
          decoder.push(frame.subarray(0, length));
          if (pulled) pullAll(decoder);
          expect(thrownBy(() => decoder.finish())).toEqual(
            length === 0 ? undefined : new FrameTruncatedError(length),
          );
          expect(decoder.buffered)
            .withContext('nothing is lost')
            .toBe(length + (pulled ? 0 : 6));
        }
      }
    });

    it('lets whole frames be pulled afterwards', () => {
      const decoder = new FrameDecoder();
      decoder.push(concat(encodeFrame(body(3)), encodeFrame(body(0))));
      expect(decoder.next()).toEqual(body(3));
      decoder.finish();
      expect(decoder.next()).toEqual(body(0));
      decoder.finish();
      expect(decoder.next()).toBeNull();
    });
  });

  describe('releases', () => {
    it('the bytes that no frame was made of, wherever it stands', () => {
      const bytes = concat(encodeFrame(body(3)), encodeFrame(body(400)), encodeFrame(body(2)));
      for (let fed = 0; fed <= bytes.length; fed++) {
        for (const frames of [0, 1, 2, 4]) {
          const decoder = new FrameDecoder();
          decoder.push(bytes.subarray(0, Math.min(fed, 5)));
          if (frames > 1) decoder.next();
          decoder.push(bytes.subarray(Math.min(fed, 5), fed));
          for (let n = 0; n < frames; n++) decoder.next();
          const returned = fed - decoder.buffered;
          const released = decoder.release();
          expect(hex(released)).toBe(hex(bytes.subarray(returned, fed)));
          expect(released.buffer === bytes.buffer).toBe(false);
          expect([decoder.buffered, decoder.next()]).toEqual([0, null]);
        }
      }
    });

    it('everything, so that it can start again', () => {
      const decoder = new FrameDecoder();
      decoder.push(encodeFrame(body(9)).subarray(0, 7));
      decoder.next();
      decoder.release();
      decoder.push(encodeFrame(fill(2, 5)));
      expect(decoder.next()).toEqual(fill(2, 5));
      decoder.finish();
    });
  });

  it('never writes into a chunk', () => {
    const bytes = concat(encodeFrame(body(50)), encodeFrame(body(60)));
    const before = hex(bytes);
    const decoder = new FrameDecoder();
    for (let start = 0; start < bytes.length; start += 40) {
      decoder.push(bytes.subarray(start, start + 40));
      pullAll(decoder);
    }
    decoder.release();
    expect(hex(bytes)).toBe(before);
  });
});

/** Jasmine's own comparison of arrays is too slow for megabytes. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
