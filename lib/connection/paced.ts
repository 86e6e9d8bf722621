import { from, Observable, type ObservableInput, type OperatorFunction, Subject, takeUntil } from 'rxjs';
import type { Pausable, PressureOptions } from './Pausable.js';
import { PressureQueue, verifyMarks } from './PressureQueue.js';

/** How {@link paced} works. @public */
export interface PacedOptions extends PressureOptions {
  /** How many values are worked on at a time; 1 by default. */
  readonly concurrent?: number;
}

/**
 * Works on each value at the consumer's own pace, a few at a time, and makes the remote wait when too many wait here.
 *
 * Like `mergeMap(project, concurrent)`, of which the waiting values are bounded: at `highWaterMark` of them reading from
 * the link stops, so that the remote's own queue fills and it stops sending, and goes on at `lowWaterMark`. A value is
 * taken up in the order in which it came. What the payload that is being read still holds arrives all the same.
 *
 * With the blocks of a core as the link only its questions stop. All channels of a connection share one, so all of them wait:
 * `project` must not wait for another message of the same connection.
 *
 * Completes when the source has and all work is done. Errors of the source and of `project` pass at once, and what
 * waits is dropped. Unsubscribing drops it too, and lets the link go on.
 *
 * @param link - what the values come from and can be paused: a channel, its {@link Protocol}, or the blocks of a core or log
 *
 * @example
 * ```ts
 * channel.pipe(
 *   ofType('data'),
 *   paced(channel, ({ block }) => store.write(block), { concurrent: 4 }),
 * );
 * ```
 *
 * @throws RangeError at once for options that make no sense.
 * @see {@link pullFrom}, for a consumer that asks for each value
 * @public
 */
export function paced<T, R>(
  link: Pausable,
  project: (value: T) => ObservableInput<R>,
  options: PacedOptions = {},
): OperatorFunction<T, R> {
  const { concurrent = 1 } = options;
  verifyMarks(options);
  if (!(concurrent >= 1)) throw new RangeError('concurrent must be 1 or more');
  return source =>
    new Observable<R>(subscriber => {
      const waiting = new PressureQueue<T>(link, options);
      const stop = new Subject<void>();
      let active = 0;
      let completed = false;
      let working = false;

      // A loop instead of a recursion: work that is done at once must not grow the stack.
      const work = (): void => {
        if (working) return;
        working = true;
        while (active < concurrent && waiting.size > 0 && !subscriber.closed) {
          active++;
          begin(waiting.shift());
        }
        working = false;
        if (completed && active === 0 && waiting.size === 0) subscriber.complete();
      };
      const begin = (value: T): void => {
        let result: Observable<R>;
        try {
          result = from(project(value));
        } catch (error) {
          return subscriber.error(error);
        }
        result.pipe(takeUntil(stop)).subscribe({
          next: made => subscriber.next(made),
          error: error => subscriber.error(error),
          complete: () => {
            active--;
            if (!subscriber.closed) work();
          },
        });
      };

      // Before the source is subscribed: a synchronous one is to stop with its consumer.
      subscriber.add(() => {
        stop.next();
        waiting.clear();
      });
      source.pipe(takeUntil(stop)).subscribe({
        next: value => {
          if (working || active >= concurrent || waiting.size > 0) {
            waiting.push(value);
            return;
          }
          active++;
          begin(value);
        },
        error: error => subscriber.error(error),
        complete: () => {
          if (subscriber.closed) return; // it was stopped
          completed = true;
          waiting.letGo();
          work();
        },
      });
    });
}
