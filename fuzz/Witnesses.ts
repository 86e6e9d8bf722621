import type { Observable, VirtualTimeScheduler } from 'rxjs';
import { isHypercoreError } from '../lib/errors.js';
import { broken } from './FuzzTarget.js';

/** Subscribers who see that they are told of the end once, with an error of the library if with any, and of nothing after it. */
export class Witnesses {
  private readonly endings: { told: number }[] = [];

  watch<T>(source: Observable<T>, next: (value: T) => void = () => undefined): void {
    const ending = { told: 0 };
    this.endings.push(ending);
    const end = (): void => {
      if (++ending.told > 1) broken('nobody is told twice of the end');
    };
    source.subscribe({
      next: value => {
        if (ending.told > 0) broken('nothing comes after the end');
        next(value);
      },
      error: (error: unknown) => {
        if (!isHypercoreError(error)) broken('only errors of the library are told', error);
        end();
      },
      complete: end,
    });
  }

  verifyEnded(): void {
    if (this.endings.some(({ told }) => told !== 1)) broken('everybody is told of the end');
  }
}

/** Lets that many milliseconds pass. */
export function passTime(scheduler: VirtualTimeScheduler, ms: number): void {
  scheduler.maxFrames = scheduler.frame + ms;
  scheduler.flush();
  scheduler.frame = scheduler.maxFrames;
}

export function verifyNoTimers(scheduler: VirtualTimeScheduler): void {
  const timers = scheduler.actions.filter(action => !action.closed).length;
  if (timers > 0) broken(`${timers} timers outlive the connection`);
}
