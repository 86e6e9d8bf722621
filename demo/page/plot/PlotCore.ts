import { computed, inject, Injectable, signal } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { concatMap, defer, filter, from, map, mergeMap, range, Subject, switchMap } from 'rxjs';
import { Link } from '../link/Link.js';
import { FACTS } from '../shell/Facts.js';
import { readStroke, type Stroke } from './Stroke.js';

/** Blocks that the list of the latest shows. */
const LATEST = 7;
/** So many blocks the writer may be ahead while this page counts as up to date. */
const AHEAD = 8;

/** The core that the plotter writes: what of it is here, and what it says. */
@Injectable({ providedIn: 'root' })
export class PlotCore {
  private readonly core = inject(Link).peer.core(inject(FACTS).plot);
  private readonly byFigure = new Map<number, Stroke[]>();
  private readonly strokes = new Subject<Stroke>();
  /** Which blocks are here. */
  private here = new Uint8Array(1024);
  private timer: ReturnType<typeof setTimeout> | null = null;
  private recent: Stroke[] = [];

  readonly progress = toSignal(this.core.progress);
  readonly have = signal(0);
  /** Blocks in the tree that the writer signed, here or not. */
  private readonly proved = signal(0);
  /** Blocks that are known of and not here. The last few that the writer speaks of are on their way already. */
  readonly missing = computed(() => {
    const remoteLength = this.progress()?.remoteLength ?? 0;
    const have = this.have();
    return remoteLength - have > AHEAD ? remoteLength - have : Math.max(0, this.proved() - have);
  });
  readonly length = computed(() => this.have() + this.missing());
  /** Counts up when blocks came, at most every 50 ms. */
  readonly version = signal(0);
  /** The latest that came, newest first. */
  readonly latest = signal<readonly Stroke[]>([]);
  /** The figures there are, lowest number first. */
  readonly figures = signal<readonly number[]>([]);
  /** Each block as it comes. */
  readonly arrivals = this.strokes.asObservable();

  constructor() {
    this.core.download({ live: true }).pipe(takeUntilDestroyed()).subscribe();
    defer(() => this.core.ready())
      .pipe(
        switchMap(({ log }) => log.changes),
        filter(change => change.type === 'have'),
        concatMap(({ start, length }) => range(start, length)),
        mergeMap(index => from(this.core.get(index)).pipe(map(block => readStroke(index, block)))),
        filter(stroke => stroke !== null),
        takeUntilDestroyed(),
      )
      .subscribe(stroke => this.take(stroke));
  }

  /** The stretches of a figure that are here, in any order. */
  strokesOf(figure: number): readonly Stroke[] {
    return this.byFigure.get(figure) ?? [];
  }

  /** Which part of each of `columns` equal parts of the core is here, from 0 to 1. */
  coverage(columns: number): Float32Array {
    const length = this.length();
    const parts = new Float32Array(columns);
    for (let column = 0; column < columns; column++) {
      const start = Math.floor((column * length) / columns);
      const end = Math.max(start + 1, Math.floor(((column + 1) * length) / columns));
      let sum = 0;
      for (let index = start; index < end; index++) sum += this.here[index] ?? 0;
      parts[column] = sum / (end - start);
    }
    return parts;
  }

  private take(stroke: Stroke): void {
    if (stroke.index >= this.here.length) {
      const longer = new Uint8Array(Math.max(2 * this.here.length, stroke.index + 1));
      longer.set(this.here);
      this.here = longer;
    }
    this.here[stroke.index] = 1;
    const strokes = this.byFigure.get(stroke.figure);
    if (strokes === undefined) this.byFigure.set(stroke.figure, [stroke]);
    else strokes.push(stroke);
    this.recent = [stroke, ...this.recent].slice(0, LATEST);
    this.strokes.next(stroke);
    this.timer ??= setTimeout(() => this.show(), 50);
  }

  private show(): void {
    this.timer = null;
    let have = 0;
    for (const strokes of this.byFigure.values()) have += strokes.length;
    this.have.set(have);
    this.proved.set(this.core.length);
    this.latest.set(this.recent);
    if (this.byFigure.size !== this.figures().length) {
      this.figures.set([...this.byFigure.keys()].sort((a, b) => a - b));
    }
    this.version.update(version => version + 1);
  }
}
