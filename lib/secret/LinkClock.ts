import type { SchedulerLike, Subscription } from 'rxjs';

/** What a {@link LinkClock} tells. @internal */
export interface LinkClockOwner {
  /** Nothing was heard for `idleTimeoutMs`; told each time that has passed. */
  onIdle(): void;
  /** Nothing was said for `keepAliveMs`, likewise. */
  onQuiet(): void;
}

/**
 * The two waits of a link at rest, for the remote to be heard and for this side to say something, on one timer: a
 * server has a thousand links at rest, and a timer is a good part of what each of them holds.
 *
 * What happens is only noted; the timer looks at the notes when it fires and goes on waiting for the rest, so that a
 * payload costs no timer.
 *
 * @internal
 */
export class LinkClock {
  private timer: Subscription | null = null;
  private wakesAt = 0;
  private heardAt = 0;
  private saidAt = 0;
  private listening = false;
  private talking = false;

  constructor(
    private readonly scheduler: SchedulerLike,
    /** 0: never. */
    private readonly idleTimeoutMs: number,
    /** 0: never. */
    private readonly keepAliveMs: number,
    private readonly owner: LinkClockOwner,
  ) {}

  /** Waits for the remote from now on. */
  listen(): void {
    if (this.idleTimeoutMs === 0) return;
    this.heard();
    this.listening = true;
    this.arm(this.heardAt);
  }

  /** Waits for this side to say something, too. */
  talk(): void {
    if (this.keepAliveMs === 0) return;
    this.said();
    this.talking = true;
    this.arm(this.saidAt);
  }

  heard(): void {
    this.heardAt = this.scheduler.now();
  }

  said(): void {
    this.saidAt = this.scheduler.now();
  }

  stop(): void {
    this.listening = this.talking = false;
    this.timer?.unsubscribe();
    this.timer = null;
  }

  private arm(now: number): void {
    let delay = Infinity;
    if (this.listening) delay = this.heardAt + this.idleTimeoutMs - now;
    if (this.talking) delay = Math.min(delay, this.saidAt + this.keepAliveMs - now);
    if (delay === Infinity) return;
    if (this.timer !== null && this.wakesAt <= now + delay) return; // it looks again when it fires
    this.timer?.unsubscribe();
    this.wakesAt = now + delay;
    this.timer = this.scheduler.schedule(() => this.wake(), delay);
  }

  private wake(): void {
    this.timer = null;
    const now = this.scheduler.now();
    // A clock that was set back must not make this wait for hours.
    this.heardAt = Math.min(this.heardAt, now);
    this.saidAt = Math.min(this.saidAt, now);
    const idle = this.listening && this.heardAt + this.idleTimeoutMs <= now;
    const quiet = this.talking && this.saidAt + this.keepAliveMs <= now;
    if (idle) this.heardAt = now;
    if (quiet) this.saidAt = now;
    this.arm(now);
    if (idle) this.owner.onIdle();
    if (quiet && this.talking) this.owner.onQuiet();
  }
}
