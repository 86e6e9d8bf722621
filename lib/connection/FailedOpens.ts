import type { SchedulerLike } from 'rxjs';
import { LimitExceededError } from '../errors.js';
import type { Limits } from '../limits.js';

/**
 * Counts the opens of the remote that came to nothing. Each costs this side an answer, and the remote next to nothing.
 *
 * A window begins with the first of them, and what is counted is forgotten when it has passed; so in any such time there
 * are at most twice as many as the limit allows.
 *
 * @internal
 */
export class FailedOpens {
  private count = 0;
  private windowEnd = -Infinity;

  constructor(
    private readonly limits: Pick<Limits, 'maxFailedOpens' | 'failedOpensWindowMs'>,
    private readonly scheduler: SchedulerLike,
  ) {}

  /** One open failed. */
  add(): void {
    const { failedOpensWindowMs } = this.limits;
    if (failedOpensWindowMs === 0) return;
    const now = this.scheduler.now();
    // A clock that was set back must not make the window last for hours.
    if (now >= this.windowEnd || this.windowEnd - now > failedOpensWindowMs) {
      this.count = 0;
      this.windowEnd = now + failedOpensWindowMs;
    }
    this.count++;
  }

  /** @throws LimitExceededError (`maxFailedOpens`) if there are too many. */
  verify(): void {
    const { maxFailedOpens } = this.limits;
    if (this.count > maxFailedOpens)
      throw new LimitExceededError('maxFailedOpens', maxFailedOpens, this.count);
  }
}
