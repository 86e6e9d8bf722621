import type { Observable } from 'rxjs';
import { type Subscription } from 'rxjs';
import type { Pausable, PressureOptions } from './Pausable.js';
import { PressureQueue, verifyMarks } from './PressureQueue.js';

/** What is pulled, and how much may wait. @public */
export interface PullOptions<T> extends PressureOptions {
  /** The values, where they are not simply those of the channel: `channel.pipe(ofType('data'))`. */
  readonly of?: Observable<T>;
}

/**
 * The messages of a channel for a consumer that asks for each, in `for await`.
 *
 * Each loop is a subscription of its own: it begins to listen when the loop begins, and stops when it ends, in whatever way.
 * Between two steps messages wait here; at `highWaterMark` of them reading from the link stops, so that the remote's own
 * queue fills and it stops sending, and goes on at `lowWaterMark`. What the payload that is being read still holds
 * arrives all the same.
 *
 * All channels of a connection share its link, so all of them wait: a step must not wait for another message of the same
 * connection.
 *
 * When the channel ends, what waits comes first. Then the loop ends, or throws the channel's error.
 *
 * @example
 * ```ts
 * for await (const { block } of pullFrom(channel, { of: channel.pipe(ofType('data')) })) await store.write(block);
 * ```
 *
 * @throws RangeError at once for marks that make no sense.
 * @see {@link paced}, for more than one at a time; {@link readableFrom}
 * @public
 */
export function pullFrom<T>(
  link: Pausable,
  options: PullOptions<T> & { readonly of: Observable<T> },
): AsyncIterable<T>;
/** The same for all messages of a channel. @public */
export function pullFrom<T>(channel: Observable<T> & Pausable, options?: PullOptions<T>): AsyncIterable<T>;
export function pullFrom<T>(link: Pausable, options: PullOptions<T> = {}): AsyncIterable<T> {
  const { of: values = link as unknown as Observable<T> } = options;
  verifyMarks(options);
  return { [Symbol.asyncIterator]: () => new Pull(values, link, options) };
}

/**
 * The same as a `ReadableStream`, which the platform must have. It listens from the start, keeps nothing besides what
 * waits for it, and unsubscribes when it is cancelled.
 *
 * @example
 * ```ts
 * await readableFrom(channel).pipeTo(writable);
 * ```
 *
 * @throws RangeError at once for marks that make no sense.
 * @public
 */
export function readableFrom<T>(
  link: Pausable,
  options: PullOptions<T> & { readonly of: Observable<T> },
): ReadableStream<T>;
/** The same for all messages of a channel. @public */
export function readableFrom<T>(
  channel: Observable<T> & Pausable,
  options?: PullOptions<T>,
): ReadableStream<T>;
export function readableFrom<T>(link: Pausable, options: PullOptions<T> = {}): ReadableStream<T> {
  const { of: values = link as unknown as Observable<T> } = options;
  verifyMarks(options);
  const pull = new Pull(values, link, options);
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const step = await pull.next();
        if (step.done === true) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await pull.return();
      },
    },
    { highWaterMark: 0 },
  );
}

interface Asked<T> {
  readonly resolve: (step: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** One reader: a subscription on one side, questions on the other. */
class Pull<T> implements AsyncIterator<T, undefined> {
  private readonly waiting: PressureQueue<T>;
  private readonly asked: Asked<T>[] = [];
  private readonly subscription: Subscription;
  /** How the source ended, until that was told. */
  private outcome: { readonly error: unknown } | 'complete' | null = null;

  constructor(values: Observable<T>, link: Pausable, options: PressureOptions) {
    this.waiting = new PressureQueue<T>(link, options);
    this.subscription = values.subscribe({
      next: value => {
        const first = this.asked.shift();
        if (first === undefined) this.waiting.push(value);
        else first.resolve({ done: false, value });
      },
      error: (error: unknown) => this.end({ error }),
      complete: () => this.end('complete'),
    });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.waiting.size > 0) return { done: false, value: this.waiting.shift() };
    const { outcome } = this;
    if (outcome === null) return new Promise((resolve, reject) => this.asked.push({ resolve, reject }));
    this.outcome = 'complete';
    if (outcome === 'complete') return over;
    throw outcome.error;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.subscription.unsubscribe();
    this.outcome = 'complete';
    this.waiting.clear();
    for (const { resolve } of this.asked.splice(0)) resolve(over);
    return Promise.resolve(over);
  }

  private end(outcome: { readonly error: unknown } | 'complete'): void {
    this.outcome = outcome;
    this.waiting.letGo();
    const [first, ...others] = this.asked.splice(0);
    if (first === undefined) return;
    this.outcome = 'complete'; // an error is told once, to whoever asked first
    if (outcome === 'complete') first.resolve(over);
    else first.reject(outcome.error);
    for (const { resolve } of others) resolve(over);
  }
}

const over = { done: true, value: undefined } as const;
