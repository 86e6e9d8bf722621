import type { SchedulerLike, Subscription } from 'rxjs';

/**
 * Calls back each time nothing has happened for a while.
 *
 * What happens is only noted; the one timer there is looks at the note when it fires and goes on waiting for the rest, so
 * that a payload costs no timer.
 *
 * @internal
 */
export class QuietTimer {
  private timer: Subscription | null = null;
  private last = 0;

  constructor(
    private readonly scheduler: SchedulerLike,
    /** 0: never. */
    private readonly quietMs: number,
    private readonly quiet: () => void,
  ) {}

  start(): void {
    if (this.quietMs === 0 || this.timer !== null) return;
    this.touch();
    this.wait(this.quietMs);
  }

  /** Something happened. */
  touch(): void {
    this.last = this.scheduler.now();
  }

  stop(): void {
    this.timer?.unsubscribe();
    this.timer = null;
  }

  private wait(delayMs: number): void {
    this.timer = this.scheduler.schedule(() => {
      const now = this.scheduler.now();
      // A clock that was set back must not make this wait for hours.
      if (now < this.last) this.last = now;
      const rest = this.last + this.quietMs - now;
      if (rest > 0) return this.wait(rest);
      this.last = now;
      this.wait(this.quietMs);
      this.quiet();
    }, delayMs);
  }
}
