import { concat, defer, NEVER, of, retry, throwError } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import { backoff, type BackoffOptions } from '../../lib/connection/backoff.js';
import { type PageCondition, pageCondition, type PageEvents } from '../../lib/connection/pageCondition.js';
import { worthRetry } from '../../lib/connection/worthRetry.js';
import {
  ChannelClosedError,
  DecryptFailedError,
  HandshakeFailedError,
  RemoteKeyMismatchError,
  TimeoutExceededError,
  TransportClosedError,
  TransportFailedError,
  WebSocketClosedError,
} from '../../lib/errors.js';
import { marbles } from '../helpers/marbles.js';

const error = new TransportFailedError();
const always = of<PageCondition>('ready');
const plain: BackoffOptions = {
  initialDelayMs: 10,
  maxDelayMs: 50,
  jitter: 0,
  condition: concat(always, NEVER),
};
const names = { r: 'ready', h: 'hidden', o: 'offline' } as const;

describe('backoff', () => {
  const attempts = (
    { expectObservable }: RunHelpers,
    options: BackoffOptions,
    marble: string,
    unsub: string,
  ): void => {
    let attempt = 0;
    const source = defer(() =>
      concat(
        of(String(++attempt)),
        throwError(() => error),
      ),
    );
    expectObservable(source.pipe(retry({ delay: backoff(options) })), unsub).toBe(marble, undefined, error);
  };

  it('waits longer each time, up to the limit', () => {
    marbles(helpers => attempts(helpers, plain, '1 9ms 2 19ms 3 39ms 4 49ms 5 49ms 6', '^ 200ms !'));
  });

  it('leaves a part of each delay to chance', () => {
    const draws = [0, 0.5, 0.9];
    const options = { ...plain, jitter: 0.5, random: () => draws.shift()! };
    marbles(helpers => attempts(helpers, options, '1 9ms 2 14ms 3 21ms 4', '^ 55ms !'));
  });

  it('gives up after maxRetries, with the last error', () => {
    marbles(helpers => attempts(helpers, { ...plain, maxRetries: 1 }, '1 9ms (2#)', '^ 99ms !'));
    marbles(helpers => attempts(helpers, { ...plain, maxRetries: 0 }, '(1#)', '^ 99ms !'));
  });

  it('passes on what is not worth it, at once', () => {
    marbles(helpers => attempts(helpers, { ...plain, worthRetry: () => false }, '(1#)', '^ 99ms !'));
  });

  it('does not try while the page is hidden or offline, and at once when that is over', () => {
    marbles(helpers => {
      const condition = helpers.hot('--h---- 20ms r-o-r-', names);
      attempts(helpers, { ...plain, condition: concat(always, condition) }, '1 26ms 2 3ms 3', '^ 40ms !');
      helpers.expectSubscriptions(condition.subscriptions).toBe(['^ 26ms !', '27ms ^---!', '31ms ^ 9ms !']);
    });
  });

  it('frees its timer and its ear on unsubscription', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const condition = hot('h', names);
      const delay = backoff({ ...plain, condition })(error, 1);
      expectObservable(delay, '^ 4ms !').toBe('');
      expectSubscriptions(condition.subscriptions).toBe('^ 4ms !');
    });
  });

  it('refuses numbers that make no sense', () => {
    const wrong: BackoffOptions[] = [
      { initialDelayMs: -1 },
      { factor: 0.5 },
      { maxDelayMs: 1 },
      { maxDelayMs: 2 ** 31 },
      { maxDelayMs: Infinity },
      { jitter: 1.1 },
      { maxRetries: -1 },
      { initialDelayMs: NaN },
    ];
    for (const options of wrong)
      expect(() => backoff(options))
        .withContext(JSON.stringify(options))
        .toThrowError(RangeError);
  });
});

describe('worthRetry', () => {
  it('is true for what may be gone at the next attempt', () => {
    const may = [
      error,
      new TransportClosedError('open'),
      new TimeoutExceededError('connect', 1),
      new DecryptFailedError(),
      new ChannelClosedError(error),
      ...[1006, 1001, 1011, 1012, 1013, 4000, 4408, 4429, 4500].map(code => new WebSocketClosedError(code)),
    ];
    for (const each of may) expect(worthRetry(each)).withContext(each.message).toBeTrue();
  });

  it('is false for a refusal, another peer, and mistakes of this side', () => {
    const not = [
      new RemoteKeyMismatchError(),
      new HandshakeFailedError(1, 'no'),
      new ChannelClosedError(new RemoteKeyMismatchError()),
      new ChannelClosedError(),
      ...[1002, 1003, 1008, 1009, 3000, 3003, 4400, 4401, 4403, 4499].map(
        code => new WebSocketClosedError(code),
      ),
      new TypeError('a mistake'),
    ];
    for (const each of not) expect(worthRetry(each)).withContext(each.message).toBeFalse();
    expect(worthRetry(undefined)).toBeFalse();
  });
});

describe('pageCondition', () => {
  class Events implements PageEvents {
    readonly listeners = new Set<() => void>();
    addEventListener(_type: string, listener: () => void): void {
      this.listeners.add(listener);
    }
    removeEventListener(_type: string, listener: () => void): void {
      this.listeners.delete(listener);
    }
    tell(): void {
      for (const listener of this.listeners) listener();
    }
  }

  it('says how it is, and when it changes; leaves no listener', () => {
    const document = Object.assign(new Events(), { visibilityState: 'visible' });
    const navigator = { onLine: true };
    const page = Object.assign(new Events(), { document, navigator });
    const seen: PageCondition[] = [];
    const subscription = pageCondition(page).subscribe(condition => seen.push(condition));
    document.visibilityState = 'hidden';
    document.tell();
    document.tell();
    navigator.onLine = false;
    page.tell();
    document.visibilityState = 'visible';
    document.tell();
    navigator.onLine = true;
    page.tell();
    expect(seen).toEqual(['ready', 'hidden', 'offline', 'ready']);
    subscription.unsubscribe();
    expect(page.listeners.size + document.listeners.size).toBe(0);
  });

  it('is ready where nobody knows', () => {
    const seen: PageCondition[] = [];
    pageCondition({}).subscribe(condition => seen.push(condition));
    expect(seen).toEqual(['ready']);
  });
});
