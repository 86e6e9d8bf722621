import { from, type Observable, Subject, take } from 'rxjs';
import { FrameTooLargeError, FrameTruncatedError } from '../../lib/errors.js';
import { decodeFrames } from '../../lib/framing/decodeFrames.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { concat, fill, hex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { Random } from '../helpers/random.js';
import { naiveFrames } from './naiveFrames.js';

describe('decodeFrames', () => {
  const frames: Record<string, Uint8Array> = {
    0: fill(0, 0),
    1: fill(1, 0x11),
    2: fill(2, 0x22),
    3: fill(3, 0x33),
  };
  const whole = (name: string): Uint8Array => encodeFrame(frames[name]);

  /** Digits are whole frames; `a`, `b`, `c` are frame 3 in pieces; the others are explained by their value. */
  const chunks: Record<string, Uint8Array> = {
    0: whole('0'),
    1: whole('1'),
    2: whole('2'),
    3: whole('3'),
    a: whole('3').subarray(0, 2),
    b: whole('3').subarray(2, 4),
    c: whole('3').subarray(4),
    d: concat(whole('3').subarray(4), whole('1'), whole('0')),
    e: concat(whole('1'), whole('3').subarray(0, 2)),
    h: whole('3').subarray(0, 3),
    x: fill(0, 0),
  };

  it('emits the body of each frame, and completes with the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--1-2-0-3-|', chunks);
      const expected = '  --1-2-0-3-|';
      const subscribed = '^---------!';
      expectObservable(source.pipe(decodeFrames())).toBe(expected, frames);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('emits a split frame when its last byte is there', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-x-b-c-|', chunks);
      const expected = '  -------3-|';
      const subscribed = '^--------!';
      expectObservable(source.pipe(decodeFrames())).toBe(expected, frames);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('emits all the frames of a chunk, in order', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-e--b--d------|', chunks);
      const expected = '  -1-----(310)--|';
      const subscribed = '^-------------!';
      expectObservable(source.pipe(decodeFrames())).toBe(expected, frames);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  describe('the dull cases', () => {
    it('a source that never emits, one that is empty, and empty chunks', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        for (const [diagram, subscribed] of [
          ['-', '^'],
          ['|', '(^!)'],
          ['---|', '^--!'],
        ]) {
          const source = cold<Uint8Array>(diagram);
          expectObservable(source.pipe(decodeFrames())).toBe(diagram);
          expectSubscriptions(source.subscriptions).toBe(subscribed);
        }
        const source = cold('  -x-x-|', chunks);
        expectObservable(source.pipe(decodeFrames())).toBe('-----|');
        expectSubscriptions(source.subscriptions).toBe('^----!');
      });
    });

    it("the source's error, which comes through as it is, even inside a frame", () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-1-a-#', chunks, 'reason');
        const expected = '   -1---#';
        const subscribed = ' ^----!';
        expectObservable(source.pipe(decodeFrames())).toBe(expected, frames, 'reason');
        expectSubscriptions(source.subscriptions).toBe(subscribed);
        const failing = cold<Uint8Array>('#');
        expectObservable(failing.pipe(decodeFrames())).toBe('#');
        expectSubscriptions(failing.subscriptions).toBe('(^!)');
      });
    });

    it('an early unsubscription', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-1-a-b-c-2-|', chunks);
        const unsubscribe = '----!';
        const expected = '  -1---';
        const subscribed = '^---!';
        expectObservable(source.pipe(decodeFrames()), unsubscribe).toBe(expected, frames);
        expectSubscriptions(source.subscriptions).toBe(subscribed);
      });
    });

    it('a source that is subscribed late, without a memory of what was before', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-2-1-3-|', chunks);
        const subscribe = ' --^';
        const expected = '  ---1-3-|';
        const subscribed = '--^----!';
        expectObservable(source.pipe(decodeFrames()), subscribe).toBe(expected, frames);
        expectSubscriptions(source.subscriptions).toBe(subscribed);
      });
    });
  });

  describe('errors', () => {
    it('when the source completes inside a prefix or a body', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        for (const [diagram, expected, received] of [
          ['-1-a-|', '-1---#', 2],
          ['-1-h-|', '-1---#', 3],
          ['-a-b-|', '-----#', 4],
          ['-e---|', '-1---#', 2],
        ] as const) {
          const source = cold(diagram, chunks);
          expectObservable(source.pipe(decodeFrames())).toBe(
            expected,
            frames,
            new FrameTruncatedError(received),
          );
          expectSubscriptions(source.subscriptions).toBe('^----!');
        }
      });
    });

    it('at the prefix of a frame above the limit, without waiting for its body', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-2-a-b-c-2-|', chunks);
        const expected = '  -2---#';
        const subscribed = '^----!';
        const error = new FrameTooLargeError(3, 2);
        expectObservable(source.pipe(decodeFrames({ maxFrameBytes: 2 }))).toBe(expected, frames, error);
        expectSubscriptions(source.subscriptions).toBe(subscribed);
      });
    });

    it('after the frames that came before it in the same chunk', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-j--1-|', {
          ...chunks,
          j: concat(whole('1'), whole('2'), whole('3'), whole('1')),
        });
        const expected = '  -(12#)';
        const subscribed = '^!';
        const error = new FrameTooLargeError(3, 2);
        expectObservable(source.pipe(decodeFrames({ maxFrameBytes: 2 }))).toBe(expected, frames, error);
        expectSubscriptions(source.subscriptions).toBe(subscribed);
      });
    });

    it('at once for a limit that the wire cannot express', () => {
      for (const maxFrameBytes of [0, -1, 1.5, NaN, 0x1000000]) {
        expect(() => decodeFrames({ maxFrameBytes })).toThrowError(RangeError, /maxFrameBytes/);
      }
      expect(() => decodeFrames({ maxFrameBytes: 1 })).not.toThrow();
      expect(() => decodeFrames({ maxFrameBytes: 0xffffff })).not.toThrow();
    });
  });

  it('holds no state between subscriptions', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      // The second subscription starts while the first is inside a frame.
      const source = cold('   -a-b-c-1-|', chunks);
      const decoded = source.pipe(decodeFrames());
      expectObservable(decoded, '^-').toBe('-----3-1-|', frames);
      expectObservable(decoded, '--^').toBe('-------3-1-|', frames);
      expectSubscriptions(source.subscriptions).toBe(['^--------!', '--^--------!']);

      // One operator value for two sources.
      const decode = decodeFrames();
      expectObservable(hot('-a---b-c-|', chunks).pipe(decode)).toBe('-------3-|', frames);
      expectObservable(hot('--a-b-c--|', chunks).pipe(decode)).toBe('------3--|', frames);
    });
  });

  describe('with a synchronous source', () => {
    it('stops with take(1), even in the middle of a chunk', () => {
      for (const given of [
        [chunks['1'], chunks['2'], chunks['3']],
        [concat(chunks['1'], chunks['2'], chunks['3']), chunks['3']],
      ]) {
        let read = 0;
        let returned = false;
        const source = from(
          (function* () {
            try {
              for (const chunk of given) {
                read++;
                yield chunk;
              }
            } finally {
              returned = true;
            }
          })(),
        );
        const seen: unknown[] = [];
        source
          .pipe(decodeFrames(), take(1))
          .subscribe({ next: frame => seen.push(frame), complete: () => seen.push('|') });
        expect(seen).toEqual([frames['1'], '|']);
        expect([read, returned]).toEqual([1, true]);
      }
    });

    it('stops with an error', () => {
      let read = 0;
      const source = from(
        (function* () {
          for (const name of ['1', 'h', '1', '1']) {
            read++;
            yield chunks[name];
          }
        })(),
      );
      const seen: unknown[] = [];
      source.pipe(decodeFrames({ maxFrameBytes: 1 })).subscribe({
        next: frame => seen.push(frame),
        error: (error: Error) => seen.push(error.name),
      });
      expect(seen).toEqual([frames['1'], 'FrameTooLargeError']);
      expect(read).toBe(2);
    });
  });

  describe('with a source that emits while it is being read', () => {
    it('keeps the order, and completes last', () => {
      const source = new Subject<Uint8Array>();
      const seen: string[] = [];
      source.pipe(decodeFrames()).subscribe({
        next: frame => {
          seen.push(hex(frame));
          if (seen.length === 1) {
            source.next(concat(chunks['3'], chunks['a']));
            source.next(chunks['b']);
            source.next(chunks['c']);
            source.complete();
          }
        },
        complete: () => seen.push('|'),
      });
      source.next(concat(chunks['1'], chunks['2']));
      expect(seen).toEqual(['11', '2222', '333333', '333333', '|']);
    });

    it('stops when it is unsubscribed by its consumer', () => {
      const source = new Subject<Uint8Array>();
      const seen: string[] = [];
      const subscription = source.pipe(decodeFrames()).subscribe(frame => {
        seen.push(hex(frame));
        source.next(chunks['3']);
        subscription.unsubscribe();
      });
      source.next(concat(chunks['1'], chunks['2']));
      expect(seen).toEqual(['11']);
      expect(source.observed).toBe(false);
    });
  });

  describe('whatever the chunks', () => {
    function decoded(source: Observable<Uint8Array>): { frames: number[][]; end: string } {
      const outcome = { frames: [] as number[][], end: '' };
      source.pipe(decodeFrames()).subscribe({
        next: frame => outcome.frames.push([...frame]),
        error: (error: FrameTruncatedError) => (outcome.end = `${error.code} ${error.received}`),
        complete: () => (outcome.end = 'complete'),
      });
      return outcome;
    }

    function naive(bytes: Uint8Array): { frames: number[][]; end: string } {
      const { frames: expected, rest } = naiveFrames(bytes);
      return { frames: expected, end: rest.length === 0 ? 'complete' : `ERR_FRAME_TRUNCATED ${rest.length}` };
    }

    it('emits the same: every way to cut a short stream, ended at every byte', () => {
      const stream = concat(whole('2'), whole('0'), whole('1'));
      let ways = 0;
      for (let end = 0; end <= stream.length; end++) {
        const bytes = stream.subarray(0, end);
        const expected = JSON.stringify(naive(bytes));
        for (let cuts = 0; cuts < 1 << Math.max(0, end - 1); cuts++, ways++) {
          const parts: Uint8Array[] = [];
          let start = 0;
          for (let at = 1; at <= end; at++) {
            if (at < end && (cuts & (1 << (at - 1))) === 0) continue;
            parts.push(bytes.subarray(start, at));
            start = at;
          }
          if (JSON.stringify(decoded(from(parts))) !== expected) fail(`cut into ${parts.map(hex).join(' ')}`);
        }
      }
      expect(ways).toBe(1 << stream.length);
    });

    it('emits the same: random streams in random chunks', () => {
      const random = new Random('decodeFrames');
      for (let round = 0; round < 60; round++) {
        const bodies = Array.from({ length: random.integer(0, 10) }, () =>
          random.bytes(random.integer(0, 700)),
        );
        const all = concat(...bodies.map(encodeFrame));
        const bytes = all.subarray(0, all.length - Math.min(all.length, random.pick([0, 0, 1, 50])));
        const longest = random.pick([2, 100, 3000]);
        const parts: Uint8Array[] = [];
        for (let start = 0; start < bytes.length;) {
          const end = Math.min(bytes.length, start + random.integer(0, longest));
          parts.push(bytes.subarray(start, end));
          start = end;
        }
        expect(decoded(from(parts))).toEqual(naive(bytes));
      }
    });
  });
});
