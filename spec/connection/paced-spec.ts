import { EMPTY, map, NEVER, type Observable, of, range, Subject, take, throwError } from 'rxjs';
import { paced } from '../../lib/connection/paced.js';
import { marbles } from '../helpers/marbles.js';
import { notingLink } from './notingLink.js';

describe('paced', () => {
  it('works on one value after the other, in order, and completes when all is done', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('                                             -abc-----d|');
      const work = cold('                                              --x|');
      expectObservable(source.pipe(paced(notingLink(), () => work))).toBe('---x--x--x--x|');
      expectSubscriptions(source.subscriptions).toBe('^---------!');
      expectSubscriptions(work.subscriptions).toBe(['-^--!', '----^--!', '-------^--!', '----------^--!']);
    });
  });

  it('works on several at a time', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('                                                             -abc|');
      const work = cold('                                                              ---x|');
      expectObservable(source.pipe(paced(notingLink(), () => work, { concurrent: 2 }))).toBe('----xx--x|');
      expectSubscriptions(work.subscriptions).toBe(['-^---!', '--^---!', '-----^---!']);
    });
  });

  it('stops the link at the high-water mark and lets it go on at the low one', () => {
    const link = notingLink();
    const source = new Subject<number>();
    const done = new Subject<void>();
    const worked: number[] = [];
    source
      .pipe(
        paced(
          link,
          n => {
            worked.push(n);
            return done.pipe(take(1));
          },
          { highWaterMark: 3, lowWaterMark: 1 },
        ),
      )
      .subscribe();
    for (const n of [1, 2, 3]) source.next(n);
    expect(link.log).toEqual([]);
    source.next(4); // three wait besides the one in work
    expect(link.log).toEqual(['stop']);
    source.next(5); // of the payload that was being read
    done.next();
    done.next();
    expect(link.log).toEqual(['stop']);
    done.next();
    expect(link.log).toEqual(['stop', 'go on']);
    expect(worked).toEqual([1, 2, 3, 4]);
    done.next();
    source.next(6);
    source.next(7);
    source.next(8);
    expect(worked).toEqual([1, 2, 3, 4, 5]);
    expect(link.log).toEqual(['stop', 'go on', 'stop']);
  });

  it('does not stop the link for a worker that is done at once, nor grow the stack', () => {
    const link = notingLink();
    const made: number[] = [];
    range(0, 100_000)
      .pipe(paced(link, n => of(n), { highWaterMark: 1 }))
      .subscribe(n => made.push(n));
    expect(made.length).toBe(100_000);
    expect(link.log).toEqual([]);

    const gate = new Subject<void>();
    let count = 0;
    range(0, 100_000)
      .pipe(paced(link, (n): Observable<unknown> => (n === 0 ? gate : of(n))))
      .subscribe(() => count++);
    gate.complete();
    expect(count).toBe(99_999);
    expect(link.held).toBe(0);
  });

  it('keeps the order of what a resumed link delivers at once', () => {
    const source = new Subject<number>();
    const done = new Subject<void>();
    const worked: number[] = [];
    const more = [4, 5, 6];
    const link = notingLink(() => {
      while (link.held === 0 && more.length > 0) source.next(more.shift()!);
    });
    source
      .pipe(paced(link, n => (worked.push(n), done.pipe(take(1))), { highWaterMark: 2, lowWaterMark: 1 }))
      .subscribe();
    for (const n of [1, 2, 3]) source.next(n);
    expect(link.held).toBe(1);
    for (let i = 0; i < 6; i++) done.next();
    expect(worked).toEqual([1, 2, 3, 4, 5, 6]);
    expect(link.held).toBe(0);
  });

  it('passes never, nothing, and an error of the source, which drops what waits', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const link = notingLink();
      const work = cold('   -----x|');
      expectObservable(cold('-').pipe(paced(link, () => EMPTY))).toBe('-');
      expectObservable(cold('|').pipe(paced(link, () => EMPTY))).toBe('|');
      const failing = cold('-ab#');
      expectObservable(failing.pipe(paced(link, () => work, { highWaterMark: 1 }))).toBe('---#');
      expectSubscriptions(work.subscriptions).toBe('                              -^-!');
    });
  });

  it('lets the link go on after an error, an end and an unsubscription', () => {
    const options = { highWaterMark: 1 };
    for (const end of ['error', 'complete', 'unsubscribe'] as const) {
      const link = notingLink();
      const source = new Subject<number>();
      const subscription = source
        .pipe(paced(link, () => NEVER, options))
        .subscribe({ error: () => undefined });
      source.next(1);
      source.next(2);
      expect(link.held).toBe(1);
      if (end === 'error') source.error(new Error('over'));
      else if (end === 'complete') source.complete();
      else subscription.unsubscribe();
      expect(link.held).withContext(end).toBe(0);
      expect(source.observed).toBeFalse();
    }
  });

  it('fails with the worker, whether it throws or errors, and leaves the source', () => {
    const failures = [
      (): never => {
        throw new Error('thrown');
      },
      () => throwError(() => new Error('errored')),
    ];
    for (const [i, project] of failures.entries()) {
      const link = notingLink();
      const source = new Subject<number>();
      const errors: string[] = [];
      source.pipe(paced(link, project)).subscribe({ error: (error: Error) => errors.push(error.message) });
      source.next(1);
      expect(errors).toEqual([['thrown', 'errored'][i]]);
      expect(source.observed).toBeFalse();
    }
  });

  it('stops a synchronous source with its consumer', () => {
    let made = 0;
    range(0, 1000)
      .pipe(
        map(n => (made++, n)),
        paced(notingLink(), n => of(n)),
        take(3),
      )
      .subscribe();
    expect(made).toBe(3);
  });

  it('shares nothing between two subscriptions', () => {
    marbles(({ cold, expectObservable }) => {
      const working = cold('-ab|').pipe(paced(notingLink(), value => cold('--x|', { x: value })));
      expectObservable(working).toBe('---a--b|');
      expectObservable(working, '  --^').toBe('-----a--b|');
    });
  });

  it('refuses marks that make no sense', () => {
    for (const options of [
      { highWaterMark: 0 },
      { highWaterMark: 1.5 },
      { highWaterMark: 4, lowWaterMark: 4 },
      { lowWaterMark: -1 },
      { concurrent: 0 },
    ]) {
      expect(() => paced(notingLink(), () => EMPTY, options)).toThrowError(RangeError);
    }
  });
});
