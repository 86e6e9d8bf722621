import { from, Subject, take } from 'rxjs';
import { FrameTooLargeError } from '../../lib/errors.js';
import { decodeFrames } from '../../lib/framing/decodeFrames.js';
import { encodeFrames } from '../../lib/framing/encodeFrames.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { Random } from '../helpers/random.js';
import { naiveFrames } from './naiveFrames.js';

describe('encodeFrames', () => {
  const bodies = { a: fill(0, 0), b: unhex('11'), c: fill(256, 0x22) };
  const frames = { a: unhex('000000'), b: unhex('01000011'), c: concat(unhex('000100'), fill(256, 0x22)) };

  it('emits a frame for each body, and completes with the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--a-b---c-|', bodies);
      const expected = '  --a-b---c-|';
      const subscribed = '^---------!';
      expectObservable(source.pipe(encodeFrames())).toBe(expected, frames);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('does nothing of its own: never, empty, error, early unsubscription, two subscriptions', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const [diagram, subscribed] of [
        ['-', '^'],
        ['|', '(^!)'],
        ['#', '(^!)'],
        ['-a-#', '^--!'],
      ]) {
        const source = cold(diagram, bodies, 'reason');
        expectObservable(source.pipe(encodeFrames())).toBe(diagram, frames, 'reason');
        expectSubscriptions(source.subscriptions).toBe(subscribed);
      }
      const source = cold('-a-b-c-|', bodies);
      const framed = source.pipe(encodeFrames());
      expectObservable(framed, '^---!').toBe('-a-b', frames);
      expectObservable(framed, '--^').toBe('---a-b-c-|', frames);
      expectSubscriptions(source.subscriptions).toBe(['^---!', '--^------!']);
    });
  });

  it('errors at a body that is too long, and leaves the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-b-x-b-|', { ...bodies, x: new Uint8Array(0x1000000) });
      const expected = '  -b-#';
      const subscribed = '^--!';
      expectObservable(source.pipe(encodeFrames())).toBe(
        expected,
        frames,
        new FrameTooLargeError(0x1000000, 0xffffff),
      );
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('stops a synchronous source with take(1)', () => {
    let read = 0;
    const source = from(
      (function* () {
        for (const body of [bodies.a, bodies.b]) {
          read++;
          yield body;
        }
      })(),
    );
    const seen: string[] = [];
    source.pipe(encodeFrames(), take(1)).subscribe(frame => seen.push(hex(frame)));
    expect([seen, read]).toEqual([['000000'], 1]);
  });

  it('is undone by decodeFrames, also when the source emits while it is being read', () => {
    const source = new Subject<Uint8Array>();
    const seen: string[] = [];
    source.pipe(encodeFrames(), decodeFrames()).subscribe(body => {
      seen.push(hex(body));
      if (seen.length < 4) source.next(fill(seen.length, seen.length));
    });
    source.next(bodies.a);
    expect(seen).toEqual(['', '01', '0202', '030303']);
  });

  it('writes what the naive decoder reads', () => {
    const random = new Random('encodeFrames');
    const given = Array.from({ length: 50 }, () => random.bytes(random.integer(0, 300)));
    const chunks: Uint8Array[] = [];
    from(given)
      .pipe(encodeFrames())
      .subscribe(chunk => chunks.push(chunk));
    expect(naiveFrames(concat(...chunks))).toEqual({ frames: given.map(body => [...body]), rest: [] });
  });
});
