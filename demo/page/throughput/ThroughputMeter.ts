import { Injectable, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { interval } from 'rxjs';

/** One value of the plot covers this. */
export const TICK_MS = 250;
/** Values that are kept: one minute. */
export const TICKS = 240;

/** Bytes both ways within one tick. */
export interface Tick {
  readonly in: number;
  readonly out: number;
}

const nothing: Tick = { in: 0, out: 0 };

/** Counts the bytes of the link, frames and all. */
@Injectable({ providedIn: 'root' })
export class ThroughputMeter {
  private current = { in: 0, out: 0 };
  /** The last minute, oldest first. */
  readonly ticks = signal<readonly Tick[]>(Array.from({ length: TICKS }, () => nothing));
  readonly totals = signal<Tick>(nothing);

  constructor() {
    interval(TICK_MS)
      .pipe(takeUntilDestroyed())
      .subscribe(() => this.tick());
  }

  add(direction: 'in' | 'out', bytes: number): void {
    this.current[direction] += bytes;
  }

  private tick(): void {
    const { current } = this;
    this.current = { in: 0, out: 0 };
    this.ticks.update(ticks => [...ticks.slice(1), current]);
    this.totals.update(totals => ({ in: totals.in + current.in, out: totals.out + current.out }));
  }
}
