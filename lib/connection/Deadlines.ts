import type { SchedulerLike, Subscription } from 'rxjs';

/**
 * Many waits of the same length on one timer: ten thousand opening channels cost one.
 *
 * Because every wait is equally long, the order in which they were added is the order in which they end, and a Set
 * keeps exactly that order.
 *
 * @internal
 */
export class Deadlines<T> {
  /** Made when it is needed: most that could wait for something never do. */
  private due: Map<T, number> | null = null;
  private timer: Subscription | null = null;

  constructor(
    private readonly afterMs: number,
    private readonly scheduler: SchedulerLike,
    private readonly expired: (item: T) => void,
  ) {}

  /** Starts waiting for `item`; with a wait of 0 it never expires. */
  add(item: T): void {
    if (this.afterMs === 0) return;
    this.due ??= new Map();
    this.due.set(item, this.scheduler.now() + this.afterMs);
    if (this.timer === null) this.arm(this.afterMs);
  }

  delete(item: T): void {
    if (this.due?.delete(item) === true && this.due.size === 0) this.clear();
  }

  items(): readonly T[] {
    return [...(this.due?.keys() ?? [])];
  }

  clear(): void {
    this.due?.clear();
    this.timer?.unsubscribe();
    this.timer = null;
  }

  private arm(delayMs: number): void {
    this.timer?.unsubscribe(); // an expired item may have added another
    this.timer = this.scheduler.schedule(() => {
      this.timer = null;
      const now = this.scheduler.now();
      for (const [item, at] of this.due ?? []) {
        if (at > now) return this.arm(Math.min(at - now, this.afterMs)); // the clock may have been set back
        this.due!.delete(item);
        this.expired(item);
      }
    }, delayMs);
  }
}
