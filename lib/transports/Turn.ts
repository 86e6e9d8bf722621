import { asapScheduler, type SchedulerAction, type SchedulerLike } from 'rxjs';

/** One for all: what is done in a microtask is asked for by one promise and not by two. */
const settled = /* @__PURE__ */ Promise.resolve();

/**
 * Does the same piece of work at the end of many turns, in a microtask or on a given scheduler.
 *
 * A scheduler makes several objects each time it is asked, which for small messages is a good part of what they cost. So
 * by default this asks for a microtask itself, and of a scheduler it reuses the action.
 *
 * @internal
 */
export class Turn {
  private readonly scheduler: SchedulerLike | null;
  private action: SchedulerAction<void> | null = null;

  constructor(
    scheduler: SchedulerLike | undefined,
    private readonly work: () => void,
  ) {
    this.scheduler = scheduler ?? (isTimeVirtual() ? asapScheduler : null);
  }

  /** Has the work done once, soon. Not to be called again before that. */
  schedule(): void {
    if (this.scheduler === null) void settled.then(this.work);
    else if (this.action !== null) this.action.schedule();
    else this.action = this.scheduler.schedule(this.work) as SchedulerAction<void>;
  }
}

/**
 * Whether a `TestScheduler` is running: microtasks are then no part of its time, but rxjs runs `asapScheduler` in it, whose
 * clock counts frames from 0.
 */
function isTimeVirtual(): boolean {
  return Math.abs(Date.now() - asapScheduler.now()) > 1e9;
}
