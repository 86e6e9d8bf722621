import { concat, defer, filter, map, NEVER, Observable, of, throwError } from 'rxjs';
import { connectionState, type ConnectionState } from '../../lib/connection/connectionState.js';
import type { PageCondition } from '../../lib/connection/pageCondition.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { type Reconnecting, reconnecting, type ReconnectOptions } from '../../lib/connection/reconnecting.js';
import { ChannelClosedError, RemoteKeyMismatchError, TransportFailedError } from '../../lib/errors.js';
import { marbles } from '../helpers/marbles.js';
import { fakeProtocol } from './fakeProtocol.js';

const lost = new TransportFailedError();
const ready = concat(of<PageCondition>('ready'), NEVER);
const options: ReconnectOptions = {
  initialDelayMs: 10,
  maxDelayMs: 40,
  jitter: 0,
  stableAfterMs: 20,
  condition: ready,
};
/** One letter for each state, and its facts where they matter. */
const letter = (state: ConnectionState): string => {
  if (state.status !== 'waiting') return state.status[0];
  return `w${state.attempt} ${state.delayMs} ${state.paused ?? ''}`;
};
const states = { i: 'i', c: 'c', h: 'h', o: 'o', x: 'c' };
/** One attempt after the other, as the given sources; the last again and again. */
const attempts = (...sources: Observable<Protocol>[]): Observable<Protocol> => {
  let next = 0;
  return defer(() => sources[Math.min(next++, sources.length - 1)]);
};

describe('connectionState', () => {
  it('goes from connecting to closed, and never fails', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const protocol = fakeProtocol(cold('--o'), cold('-----#', undefined, lost));
      const source = cold('-p----|', { p: protocol });
      const state = connectionState(source).pipe(map(letter));
      expectObservable(state).toBe('ch-o--(x|)', states);
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    });
  });

  it('says what ended it', () => {
    marbles(({ cold, expectObservable }) => {
      const how = (source: Observable<Protocol>) => connectionState(source);
      const connecting = { status: 'connecting', attempt: 1 };
      expectObservable(how(cold('--#', undefined, lost))).toBe('a-(b|)', {
        a: connecting,
        b: { status: 'closed', error: lost },
      });
      expectObservable(how(cold('--|'))).toBe('a-(b|)', {
        a: connecting,
        b: { status: 'closed', error: null },
      });
      expectObservable(how(NEVER)).toBe('a', { a: connecting });
    });
  });

  it('has a value at once, and disconnects on unsubscription', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Protocol>('-');
      expectObservable(connectionState(source).pipe(map(letter)), '^--!').toBe('c', states);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });
});

/** The states while somebody is subscribed to the connection. */
const statesOf = (connection: Reconnecting): Observable<string> =>
  new Observable(subscriber => {
    subscriber.add(connection.state.pipe(map(letter)).subscribe(subscriber));
    subscriber.add(connection.subscribe({ error: () => undefined }));
  });

describe('reconnecting', () => {
  it('is idle until somebody subscribes, and again when the last one has left', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Protocol>('-');
      const connection = reconnecting(source, options);
      expectObservable(connection.state.pipe(map(letter))).toBe('i-c---i', states);
      expectObservable(connection, '--^---!').toBe('');
      expectSubscriptions(source.subscriptions).toBe('--^---!');
    });
  });

  it('waits longer after each loss, up to the limit, and says so', () => {
    marbles(({ cold, expectObservable }) => {
      const connection = reconnecting(cold<Protocol>('--#', undefined, lost), options);
      const seen = statesOf(connection).pipe(filter(state => state !== 'i'));
      expectObservable(seen, '^ 118ms !').toBe('c-w 9ms c-v 19ms c-u 39ms c-t 39ms c-', {
        c: 'c',
        w: 'w2 10 ',
        v: 'w3 20 ',
        u: 'w4 40 ',
        t: 'w5 40 ',
      });
    });
  });

  it('begins anew with the delays after a connection that held', () => {
    marbles(({ cold, expectObservable }) => {
      const held = fakeProtocol(cold('o'), cold('30ms #', undefined, lost));
      const brief = fakeProtocol(cold('o'), cold('5ms #', undefined, lost));
      const source = attempts(of(brief), of(brief), of(held), NEVER);
      const delays = statesOf(reconnecting(source, options)).pipe(filter(state => state.startsWith('w')));
      expectObservable(delays, '^ 99ms !').toBe('5ms a 14ms b 49ms c', {
        a: 'w2 10 ',
        b: 'w3 20 ',
        c: 'w2 10 ',
      });
    });
  });

  it('does not try while the page is hidden, and at once when it is seen again', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const condition = concat(
        of<PageCondition>('ready'),
        hot<PageCondition>('---h 30ms r', { h: 'hidden', r: 'ready' }),
      );
      const source = attempts(cold<Protocol>('-#', undefined, lost), NEVER);
      const waits = statesOf(reconnecting(source, { ...options, condition })).pipe(
        filter(state => state !== 'i'),
      );
      expectObservable(waits, '^ 60ms !').toBe('ca-b 30ms (dc)', {
        c: 'c',
        a: 'w2 10 ',
        b: 'w2 10 hidden',
        d: 'w2 10 ',
      });
    });
  });

  it('takes an end by the remote for a loss, and one by this side for the end', () => {
    marbles(({ cold, expectObservable }) => {
      const theirs = fakeProtocol(NEVER, cold('-----|'), true);
      const ours = fakeProtocol(NEVER, cold('-----|'));
      const seen = (protocol: Protocol): Observable<string> =>
        statesOf(reconnecting(of(protocol), options)).pipe(filter(state => state !== 'i'));
      expectObservable(seen(theirs), '^ 8ms !').toBe('(ch)-w', { ...states, w: 'w2 10 ' });
      expectObservable(seen(ours), '^ 8ms !').toBe('(ch)-x', states);
    });
  });

  it('gives each subscriber the connection that is there, and shares it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const protocol = fakeProtocol(NEVER, NEVER);
      const source = cold('--p', { p: protocol });
      const connection = reconnecting(source, options).pipe(map(each => each === protocol));
      expectObservable(connection, '^-----!').toBe('--p', { p: true });
      expectObservable(connection, '---^----!').toBe('---p', { p: true });
      expectSubscriptions(source.subscriptions).toBe('^-------!');
    });
  });

  it('fails with what is not worth a further attempt, and connects anew for whoever comes then', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const refused = new RemoteKeyMismatchError();
      const source = cold<Protocol>('--#', undefined, refused);
      const connection = reconnecting(source, options);
      expectObservable(connection).toBe('--#', undefined, refused);
      expectObservable(connection, '-----^').toBe('-------#', undefined, refused);
      expectSubscriptions(source.subscriptions).toBe(['^-!', '-----^-!']);
    });
  });

  it('goes on with what was made of a connection when the next one is there', () => {
    marbles(({ cold, expectObservable }) => {
      const first = fakeProtocol(NEVER, cold('---#', undefined, lost));
      const second = fakeProtocol(NEVER, NEVER);
      const messages = new Map([
        [first, cold('-a-#', undefined, new ChannelClosedError(lost))],
        [second, cold('-b')],
      ]);
      const connection = reconnecting(attempts(of(first), of(second)), options);
      const used = connection.use(protocol => messages.get(protocol)!);
      expectObservable(used, '^ 20ms !').toBe('-a 12ms b');
    });
  });

  it('passes on errors that are not of the connection', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('p', { p: fakeProtocol(NEVER, NEVER) });
      const own = new Error('of the application');
      const used = reconnecting(source, options).use(() => cold('--#', undefined, own));
      expectObservable(used).toBe('--#', undefined, own);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('ends in order by close, connected or waiting, and tries at once by retryNow', () => {
    const completed: string[] = [];
    const open = reconnecting(concat(of(fakeProtocol(NEVER, NEVER)), NEVER), options);
    open.subscribe({ complete: () => completed.push('open') });
    open.close();
    const dialled: number[] = [];
    const failing = reconnecting(
      defer(() => {
        dialled.push(dialled.length);
        return throwError(() => lost);
      }),
      { ...options, initialDelayMs: 60_000, maxDelayMs: 60_000 },
    );
    failing.subscribe({ complete: () => completed.push('waiting') });
    expect(dialled.length).toBe(1);
    failing.retryNow();
    expect(dialled.length).toBe(2);
    failing.close();
    expect(completed).toEqual(['open', 'waiting']);
    failing.retryNow();
    expect(dialled.length).toBe(2);
  });

  it('refuses numbers that make no sense', () => {
    expect(() => reconnecting(NEVER, { stableAfterMs: -1 })).toThrowError(RangeError);
    expect(() => reconnecting(NEVER, { jitter: 2 })).toThrowError(RangeError);
  });
});
