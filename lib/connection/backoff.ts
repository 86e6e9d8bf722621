import { asyncScheduler, endWith, ignoreElements, Observable, type SchedulerLike, throwError } from 'rxjs';
import { verifyTimeout } from '../transports/verifyTimeout.js';
import { type PageCondition, pageCondition } from './pageCondition.js';
import { worthRetry } from './worthRetry.js';

/** When to try again. @public */
export interface BackoffOptions {
  /** Before the first further attempt, in milliseconds; 250 by default. */
  readonly initialDelayMs?: number;
  /** By how much each delay is longer than the one before; 2 by default. */
  readonly factor?: number;
  /** No delay is longer, in milliseconds; 30,000 by default, and 2,147,483,647 at most. */
  readonly maxDelayMs?: number;
  /** Which part of each delay is left to chance, so that not everybody comes back at once: 0.5 by default. */
  readonly jitter?: number;
  /** A number from 0 to less than 1; `Math.random` by default. */
  readonly random?: () => number;
  /** Further attempts before it gives up; without end by default. */
  readonly maxRetries?: number;
  /** Which errors are worth a further attempt; {@link worthRetry} by default. */
  readonly worthRetry?: (error: unknown) => boolean;
  /** Attempts wait until this says `ready`; {@link pageCondition} by default. It must emit when it is subscribed. */
  readonly condition?: Observable<PageCondition>;
  /** Runs every timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** @internal */
export type Backoff = Required<BackoffOptions>;

/** @throws RangeError for numbers that make no sense. @internal */
export function verifyBackoff(given: BackoffOptions): Backoff {
  const options: Backoff = {
    initialDelayMs: given.initialDelayMs ?? 250,
    factor: given.factor ?? 2,
    maxDelayMs: given.maxDelayMs ?? 30_000,
    jitter: given.jitter ?? 0.5,
    random: given.random ?? Math.random,
    maxRetries: given.maxRetries ?? Infinity,
    worthRetry: given.worthRetry ?? worthRetry,
    condition: given.condition ?? pageCondition(),
    scheduler: given.scheduler ?? asyncScheduler,
  };
  const { initialDelayMs, factor, maxDelayMs, jitter, maxRetries } = options;
  if (!(initialDelayMs >= 0)) throw new RangeError('initialDelayMs must not be negative');
  if (!(factor >= 1)) throw new RangeError('factor must be at least 1');
  if (!(maxDelayMs >= initialDelayMs)) throw new RangeError('maxDelayMs must be at least initialDelayMs');
  verifyTimeout('maxDelayMs', maxDelayMs); // a longer one would not be waited at all
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError('jitter must be from 0 to 1');
  if (!(maxRetries >= 0)) throw new RangeError('maxRetries must not be negative');
  return options;
}

/** The delay before the nth further attempt, in milliseconds. @internal */
export function delayOf(
  nth: number,
  { initialDelayMs, factor, maxDelayMs, jitter, random }: Backoff,
): number {
  const delay = Math.min(maxDelayMs, initialDelayMs * factor ** (nth - 1));
  return Math.round(delay * (1 - jitter * random()));
}

/**
 * Completes when it is time for the next attempt, and until then emits whether there is a point in one: after the delay
 * if the page is ready then, else as soon as it is; and at once if it becomes ready before that.
 *
 * @internal
 */
export function untilRetry(delayMs: number, { condition, scheduler }: Backoff): Observable<PageCondition> {
  return new Observable<PageCondition>(subscriber => {
    let last: PageCondition = 'ready';
    let elapsed = false;
    subscriber.add(
      scheduler.schedule(() => {
        elapsed = true;
        if (last === 'ready') subscriber.complete();
      }, delayMs),
    );
    subscriber.add(
      condition.subscribe({
        next: now => {
          const returned = last !== 'ready' && now === 'ready';
          last = now;
          subscriber.next(now);
          if (returned || (elapsed && now === 'ready')) subscriber.complete();
        },
        error: error => subscriber.error(error),
      }),
    );
  });
}

/**
 * The `delay` of rxjs' `retry`: longer each time up to a limit, partly random, waiting while the page is hidden or the
 * browser offline. It passes on errors that are not worth a further attempt, and the last one if `maxRetries` are used up.
 *
 * @example
 * ```ts
 * webSocketConnect(() => url)
 *   .pipe(
 *     hypercoreProtocol({ initiator: true }),
 *     switchMap(protocol => protocol.open(key)),
 *     retry({ delay: backoff(), resetOnSuccess: true }),
 *   )
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @throws RangeError at once for numbers that make no sense.
 * @see {@link reconnecting}, which also tells where the connection stands
 * @public
 */
export function backoff(options: BackoffOptions = {}): (error: unknown, nth: number) => Observable<unknown> {
  const verified = verifyBackoff(options);
  return (error, nth) => {
    if (nth > verified.maxRetries || !verified.worthRetry(error)) return throwError(() => error);
    return untilRetry(delayOf(nth, verified), verified).pipe(ignoreElements(), endWith(undefined));
  };
}
