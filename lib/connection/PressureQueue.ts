import type { Unsubscribable } from 'rxjs';
import type { Pausable, PressureOptions } from './Pausable.js';
import { Queue } from './Queue.js';

/**
 * What waits for a slow consumer. Reading from the link stops at the high-water mark and goes on at the low one.
 *
 * It is bounded by the high-water mark and what the payload that is being read still holds (`limits.maxBatchItems`): a
 * payload is always read to its end.
 *
 * @internal
 */
export class PressureQueue<T> {
  private readonly queue = new Queue<T>();
  private readonly high: number;
  private readonly low: number;
  private hold: Unsubscribable | null = null;

  /** @throws RangeError for marks that make no sense. */
  constructor(
    private readonly link: Pausable,
    options: PressureOptions,
  ) {
    ({ high: this.high, low: this.low } = verifyMarks(options));
  }

  get size(): number {
    return this.queue.size;
  }

  push(value: T): void {
    this.queue.push(value);
    if (this.queue.size >= this.high) this.hold ??= this.link.pause();
  }

  /** The oldest value; the queue must not be empty. */
  shift(): T {
    const value = this.queue.shift();
    if (this.queue.size <= this.low) this.letGo();
    return value;
  }

  /** Lets the link go on, since nothing more is to come; what waits stays. */
  letGo(): void {
    const { hold } = this;
    this.hold = null;
    hold?.unsubscribe();
  }

  clear(): void {
    this.queue.clear();
    this.letGo();
  }
}

/** Fills in the defaults. @throws RangeError for marks that make no sense. @internal */
export function verifyMarks(options: PressureOptions): { readonly high: number; readonly low: number } {
  const { highWaterMark: high = 64 } = options;
  const { lowWaterMark: low = Math.floor(high / 2) } = options;
  if (!Number.isSafeInteger(high) || high < 1)
    throw new RangeError('highWaterMark must be an integer from 1');
  if (!Number.isSafeInteger(low) || low < 0 || low >= high) {
    throw new RangeError('lowWaterMark must be an integer from 0, and below highWaterMark');
  }
  return { high, low };
}
