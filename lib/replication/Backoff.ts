/** After the first failure that makes one wait, and at most. */
const FIRST_MS = 1000;
const MOST_MS = 16_000;

/**
 * When something that failed may be tried again: after a second, and after twice as long each time it fails once more.
 *
 * @internal
 */
export class Backoff {
  /** Failures in a row. */
  failures = 0;
  /** When it may be tried again. */
  until = 0;

  /** @param free - failures in a row after which it may be tried again at once */
  constructor(private readonly free = 0) {}

  /** What fails while it is waited was begun before. */
  fail(now: number): void {
    if (now < this.until) return;
    this.failures++;
    const waits = this.failures - this.free;
    if (waits > 0) this.until = now + Math.min(MOST_MS, FIRST_MS * 2 ** (waits - 1));
  }

  succeed(): void {
    this.failures = 0;
    this.until = 0;
  }
}
