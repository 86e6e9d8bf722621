import { of, take } from 'rxjs';
import { data } from '../../lib/messages/data.js';
import type { Message } from '../../lib/messages/Message.js';
import { ofType } from '../../lib/messages/ofType.js';
import { range } from '../../lib/messages/range.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { marbles } from '../helpers/marbles.js';

describe('ofType', () => {
  const values: Record<string, Message> = {
    s: synchronize(),
    d: data({ request: 1 }),
    r: range({ start: 0 }),
  };

  it('keeps one type', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--s--d--r--d--|', values);
      expectObservable(source.pipe(ofType('data'))).toBe('-----d-----d--|', values);
      expectSubscriptions(source.subscriptions).toBe('^-------------!');
    });
  });

  it('keeps several', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('--s--d--r--d--#', values);
      expectObservable(source.pipe(ofType('data', 'range'))).toBe('-----d--r--d--#', values);
    });
  });

  it('is empty, silent, and leaves early like any operator', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Message>('|').pipe(ofType('data'))).toBe('|');
      expectObservable(cold<Message>('-').pipe(ofType('data'))).toBe('-');
      const source = hot('--d--d--|', values);
      expectObservable(source.pipe(ofType('data')), '^--!').toBe('--d-', values);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('lets a synchronous source stop', () => {
    const seen: Message[] = [];
    of(values['s'], values['d'], values['d'])
      .pipe(ofType('data'), take(1))
      .subscribe(message => seen.push(message));
    expect(seen).toEqual([values['d']]);
  });
});
