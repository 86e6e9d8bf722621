import { map, NEVER, range, take } from 'rxjs';
import { abortable } from '../../lib/connection/abortable.js';
import { marbles } from '../helpers/marbles.js';

/** A controller, and how many listen to its signal. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners++;
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners--;
    remove(type, listener);
  };
  return { controller, signal, listeners: () => listeners };
}

describe('abortable', () => {
  it('passes values, an end and an error, and leaves no listener', () => {
    const { signal, listeners } = counted();
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const diagram of ['-a-b|', '-a-#', '|', '#']) {
        const source = cold(diagram);
        expectObservable(source.pipe(abortable(signal))).toBe(diagram);
        const end = diagram.length - 1;
        expectSubscriptions(source.subscriptions).toBe(end === 0 ? '(^!)' : `^${'-'.repeat(end - 1)}!`);
      }
    });
    expect(listeners()).toBe(0);
  });

  it('unsubscribes from its source and errors with the reason, once', () => {
    const { controller, signal, listeners } = counted();
    const log: string[] = [];
    NEVER.pipe(abortable(signal)).subscribe({ error: (error: Error) => log.push(error.message) });
    expect(listeners()).toBe(1);
    controller.abort(new Error('enough'));
    controller.abort(new Error('again'));
    expect(log).toEqual(['enough']);
    expect(listeners()).toBe(0);
  });

  it('does not subscribe once aborted, and gives a reason of the platform where there is none', () => {
    const controller = new AbortController();
    controller.abort();
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a');
      expectObservable(
        source.pipe(
          abortable(controller.signal),
          map(() => 'a'),
        ),
      ).toBe('#', {}, controller.signal.reason);
      expectSubscriptions(source.subscriptions).toBe([]);
    });
    expect((controller.signal.reason as Error).name).toBe('AbortError');
  });

  it('leaves no listener when it is unsubscribed, and stops a synchronous source with its consumer', () => {
    const { signal, listeners } = counted();
    NEVER.pipe(abortable(signal)).subscribe().unsubscribe();
    let made = 0;
    range(0, 1000)
      .pipe(
        map(n => (made++, n)),
        abortable(signal),
        take(3),
      )
      .subscribe();
    expect(made).toBe(3);
    expect(listeners()).toBe(0);
  });
});
