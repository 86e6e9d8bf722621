import { BehaviorSubject, concat, from, NEVER, type Observable, of, range, Subject, map, take } from 'rxjs';
import { sendTo, type SendTarget } from '../../lib/connection/sendTo.js';
import { ChannelClosedError, LimitExceededError } from '../../lib/errors.js';
import { marbles } from '../helpers/marbles.js';

/** A channel of letters: what it was given, and a link that takes more when `drained` says so. */
function target(
  drained: Observable<boolean> = of(true),
  opened: Observable<unknown> = of(null),
  life: Observable<never> = NEVER,
) {
  const sent: unknown[] = [];
  const channel: SendTarget<unknown> = {
    next: message => {
      if (message === 'bad') throw new RangeError('cannot be encoded');
      sent.push(message);
    },
    opened,
    drained,
    subscribe: observer => life.subscribe(observer),
  };
  return { channel, sent };
}

const turns = { t: true, f: false };

describe('sendTo, from a source that cannot wait', () => {
  it('passes everything on while the link takes it, and completes with the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const { channel } = target();
      const source = hot('                           -a-b-c|');
      expectObservable(source.pipe(sendTo(channel))).toBe('-a-b-c|');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    });
  });

  it('keeps what comes while the link is full, in order, and completes when it has left', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const drained = concat(cold('                  t-f---t--f--(t|)', turns), NEVER);
      const source = hot('                           -a-bc-----d|');
      const { channel } = target(drained);
      expectObservable(source.pipe(sendTo(channel))).toBe('-a----(bc)--(d|)');
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('waits until the channel is open', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const { channel } = target(of(true), cold('-----o|'));
      expectObservable(hot('-a-b|').pipe(sendTo(channel))).toBe('-----(ab|)');
    });
  });

  it('passes never, nothing, and an error of the source', () => {
    marbles(({ cold, expectObservable }) => {
      const { channel } = target();
      expectObservable(cold<string>('-').pipe(sendTo(channel))).toBe('-');
      expectObservable(cold<string>('|').pipe(sendTo(channel))).toBe('|');
      expectObservable(cold<string>('-a-#').pipe(sendTo(channel))).toBe('-a-#');
    });
  });

  it('stops listening when it is unsubscribed, and drops what waits', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const { channel } = target(concat(cold('     f-----t', turns), NEVER));
      const source = hot('                         -a-b-c-d-|');
      expectObservable(source.pipe(sendTo(channel)), '^---!').toBe('-----');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('fails as the channel does, and with ERR_CHANNEL_CLOSED when it ends in order', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-c|');
      const failing = target(of(true), of(null), cold<never>('----#', {}, new Error('reset')));
      expectObservable(source.pipe(sendTo(failing.channel))).toBe(
        '-a-b#',
        { a: 'a', b: 'b' },
        new Error('reset'),
      );
      const ending = target(of(true), of(null), cold<never>('--|'));
      expectObservable(source.pipe(sendTo(ending.channel))).toBe('-a#', { a: 'a' }, new ChannelClosedError());
      expectSubscriptions(source.subscriptions).toBe(['^---!', '^-!']);
    });
  });

  it('asks nothing of a source whose channel is over', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a');
      const { channel } = target(of(true), of(null), from([]));
      expectObservable(source.pipe(sendTo(channel))).toBe('#', {}, new ChannelClosedError());
      expectSubscriptions(source.subscriptions).toBe([]);
    });
  });

  const full = { hotSource: '-abcde|', drained: 'f------(t|)' };

  it('fails when one more than the buffer holds comes', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot(full.hotSource);
      const { channel } = target(concat(cold(full.drained, turns), NEVER));
      expectObservable(source.pipe(sendTo(channel, { buffer: 5 }))).toBe('-------(abcde|)');
      const error = new LimitExceededError('buffer', 4, 5, 'channel');
      expectObservable(source.pipe(sendTo(channel, { buffer: 4 }))).toBe('-----#', {}, error);
      expectObservable(source.pipe(sendTo(channel, { buffer: 0 }))).toBe(
        '-#',
        {},
        new LimitExceededError('buffer', 0, 1, 'channel'),
      );
      expectSubscriptions(source.subscriptions).toBe(['^-----!', '^----!', '^!']);
    });
  });

  it('drops the oldest or the newest instead, and says which', () => {
    marbles(({ hot, cold, expectObservable, flush }) => {
      const source = hot(full.hotSource);
      const { channel } = target(concat(cold(full.drained, turns), NEVER));
      const lost: string[] = [];
      for (const [overflow, buffer, expected] of [
        ['dropOldest', 2, '-------(de|)'],
        ['dropNewest', 2, '-------(ab|)'],
        ['dropOldest', 0, '------|'],
        ['dropNewest', 0, '------|'],
      ] as const) {
        const dropped = (letter: unknown): void =>
          void lost.push(`${overflow} ${buffer} ${letter as string}`);
        expectObservable(source.pipe(sendTo(channel, { overflow, buffer, dropped }))).toBe(expected);
      }
      flush();
      const of2 = (overflow: string): string[] => lost.filter(line => line.startsWith(`${overflow} 2`));
      expect(of2('dropOldest').map(line => line.at(-1))).toEqual(['a', 'b', 'c']);
      expect(of2('dropNewest').map(line => line.at(-1))).toEqual(['c', 'd', 'e']);
      expect(lost.length).toBe(16);
    });
  });

  it('fails with a message that cannot be encoded, which harms nothing else', () => {
    marbles(({ cold, expectObservable }) => {
      const { channel, sent } = target();
      const source = cold('-a-b-c|', { a: 'a', b: 'bad', c: 'c' });
      expectObservable(source.pipe(sendTo(channel))).toBe(
        '-a-#',
        { a: 'a' },
        new RangeError('cannot be encoded'),
      );
      expectObservable(cold('-----d|').pipe(sendTo(channel))).toBe('-----d|');
      expectObservable(cold('-------|').pipe(map(() => expect(sent).toEqual(['a', 'd'])))).toBe('-------|');
    });
  });

  it('stops a synchronous source with its consumer', () => {
    const { channel, sent } = target();
    let made = 0;
    const source = range(0, 1000).pipe(map(n => (made++, n)));
    source.pipe(sendTo(channel), take(3)).subscribe();
    expect(made).toBe(3);
    expect(sent).toEqual([0, 1, 2]);
  });

  it('stops a synchronous source that overflows', () => {
    const { channel } = target(of(false));
    let made = 0;
    const codes: string[] = [];
    range(0, 1000)
      .pipe(
        map(n => (made++, n)),
        sendTo(channel, { buffer: 10 }),
      )
      .subscribe({ error: (error: { code: string }) => codes.push(error.code) });
    expect(made).toBe(11);
    expect(codes).toEqual(['ERR_LIMIT_EXCEEDED']);
  });

  it('keeps the order of a source that emits while it is being sent', () => {
    const { channel, sent } = target();
    const source = new Subject<number>();
    source.pipe(sendTo(channel, { buffer: 0 })).subscribe(n => {
      if (n < 3) source.next(n * 10);
      if (n < 3) source.next(n * 10 + 1);
      if (n === 20) source.complete();
    });
    source.next(1);
    source.next(2);
    expect(sent).toEqual([1, 10, 11, 2, 20, 21]);
  });

  it('shares nothing between two subscriptions', () => {
    marbles(({ cold, expectObservable }) => {
      const { channel } = target(concat(cold('t', turns), NEVER));
      const sending = cold('-a-b|').pipe(sendTo(channel));
      expectObservable(sending).toBe('-a-b|');
      expectObservable(sending, '  --^').toBe('---a-b|');
    });
  });

  it('refuses options that make no sense', () => {
    const { channel } = target();
    expect(() => sendTo(channel, { buffer: -1 })).toThrowError(RangeError);
    expect(() => sendTo(channel, { buffer: 1.5 })).toThrowError(RangeError);
    expect(() => sendTo(channel, { overflow: 'wait' as 'error' })).toThrowError(RangeError);
  });
});

describe('sendTo, from a source that can wait', () => {
  /** What is asked, handed over and released, in order. */
  function letters(log: string[], last = 'e') {
    return {
      *sync() {
        try {
          for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
            log.push(`ask ${letter}`);
            yield letter;
            if (letter === last) return;
          }
        } finally {
          log.push('released');
        }
      },
      async *async() {
        try {
          for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
            log.push(`ask ${letter}`);
            yield Promise.resolve(letter);
            if (letter === last) return;
          }
        } finally {
          log.push('released');
        }
      },
      stream() {
        const iterator = this.sync();
        return new ReadableStream<string>(
          {
            pull: controller => {
              const step = iterator.next();
              if (step.done === true) controller.close();
              else controller.enqueue(step.value);
            },
            cancel: () => void iterator.return?.(undefined),
          },
          { highWaterMark: 0 },
        );
      },
    };
  }
  const kinds = ['sync', 'async', 'stream'] as const;
  const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

  for (const kind of kinds) {
    it(`asks no more than the link takes (${kind})`, async () => {
      const drained = new BehaviorSubject(true);
      const { channel, sent } = target(drained);
      const log: string[] = [];
      let completed = false;
      sendTo(channel)(letters(log)[kind]()).subscribe({
        next: letter => letter === 'c' && drained.next(false),
        complete: () => (completed = true),
      });
      await soon();
      expect(sent).toEqual(['a', 'b', 'c']);
      expect(log).toEqual(['ask a', 'ask b', 'ask c']);
      drained.next(true);
      await soon();
      expect(sent).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(log.at(-1)).toBe('released');
      expect(completed).toBeTrue();
      expect(drained.observed).toBeFalse();
    });

    it(`asks nothing before the link takes something (${kind})`, async () => {
      const drained = new BehaviorSubject(false);
      const { channel } = target(drained);
      const log: string[] = [];
      const subscription = sendTo(channel)(letters(log)[kind]()).subscribe();
      await soon();
      expect(log).toEqual([]);
      subscription.unsubscribe();
    });

    it(`tells the source when it is unsubscribed (${kind})`, async () => {
      const drained = new BehaviorSubject(true);
      const { channel } = target(drained);
      const log: string[] = [];
      const subscription = sendTo(channel)(letters(log)[kind]()).subscribe(
        letter => letter === 'b' && drained.next(false),
      );
      await soon();
      subscription.unsubscribe();
      drained.next(true);
      await soon();
      expect(log.filter(line => line.startsWith('ask'))).toEqual(['ask a', 'ask b']);
      if (kind !== 'stream') expect(log.at(-1)).toBe('released');
      expect(drained.observed).toBeFalse();
    });

    it(`tells the source when its consumer has enough (${kind})`, async () => {
      const { channel, sent } = target();
      const log: string[] = [];
      sendTo(channel)(letters(log)[kind]()).pipe(take(2)).subscribe();
      await soon();
      expect(sent).toEqual(['a', 'b']);
      expect(log.filter(line => line.startsWith('ask'))).toEqual(['ask a', 'ask b']);
    });
  }

  it('keeps the one answer that comes when the link is full', async () => {
    const drained = new BehaviorSubject(true);
    const { channel, sent } = target(drained);
    let answer: (letter: string) => void = () => undefined;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<string>>(resolve => (answer = value => resolve({ done: false, value }))),
      }),
    };
    const subscription = sendTo(channel)(source).subscribe();
    drained.next(false);
    answer('a');
    await soon();
    expect(sent).toEqual([]);
    drained.next(true);
    expect(sent).toEqual(['a']);
    subscription.unsubscribe();
    answer('b');
    await soon();
    expect(sent).toEqual(['a']);
  });

  it('passes the error of a source, whether it throws or rejects', async () => {
    const { channel } = target();
    const errors: unknown[] = [];
    function* throwing(): Generator<string> {
      yield 'a';
      throw new Error('disk');
    }
    async function* rejecting(): AsyncGenerator<string> {
      yield 'a';
      throw new Error('network');
    }
    const unopenable = {
      [Symbol.iterator]: (): Iterator<string> => {
        throw new Error('busy');
      },
    };
    for (const source of [throwing(), rejecting(), unopenable]) {
      sendTo(channel)(source).subscribe({ error: (error: Error) => errors.push(error.message) });
    }
    await soon();
    expect(errors).toEqual(['disk', 'busy', 'network']);
  });

  it('tells the source when the channel ends, and survives a source that fails at that', async () => {
    const life = new Subject<never>();
    const { channel } = target(of(true), of(null), life);
    const log: string[] = [];
    const never = (released: () => unknown) => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<string>>(() => undefined),
        return: () => {
          log.push('released');
          return released() as Promise<IteratorResult<string>>;
        },
      }),
    });
    const error = (failure: { code: string }): void => void log.push(failure.code);
    sendTo(channel)(never(() => Promise.reject(new Error('busy')))).subscribe({ error });
    sendTo(channel)(
      never(() => {
        throw new Error('busy');
      }),
    ).subscribe({ error });
    life.complete();
    await soon();
    expect(log.sort()).toEqual(['ERR_CHANNEL_CLOSED', 'ERR_CHANNEL_CLOSED', 'released', 'released']);
  });

  it('takes a promise and an array', async () => {
    const { channel, sent } = target();
    sendTo(channel)(['a', 'b']).subscribe();
    sendTo(channel)(Promise.resolve('c')).subscribe();
    await soon();
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('sends ten thousand without growing the stack', () => {
    const { channel, sent } = target();
    sendTo(channel)(Array.from({ length: 100_000 }, (_, n) => n)).subscribe();
    expect(sent.length).toBe(100_000);
  });
});
