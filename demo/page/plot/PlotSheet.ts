import {
  Component,
  computed,
  DestroyRef,
  effect,
  type ElementRef,
  inject,
  signal,
  viewChild,
} from '@angular/core';
import { count } from '../shell/format.js';
import { Theme } from '../shell/Theme.js';
import { BlockStrip } from './BlockStrip.js';
import { FigureThumb } from './FigureThumb.js';
import { cleanSheet, drawLine, onResize } from './paint.js';
import { PlotCore } from './PlotCore.js';

/** Stretches behind the pen that are still wet. */
const WET = 10;

/** The sheet under the plotter: one figure large, the others below, and which blocks are here. */
@Component({
  selector: 'demo-plot-sheet',
  imports: [BlockStrip, FigureThumb],
  template: `
    <div class="head">
      <h2 id="plot-title">{{ title() }}</h2>
      <span class="muted">{{ facts() }}</span>
    </div>
    <div class="paper">
      <canvas #canvas role="img" [attr.aria-label]="label()"></canvas>
      @if (strokes() === 0) {
        <p class="empty muted">Waiting for the first block…</p>
      }
    </div>
    <demo-block-strip />
    <div class="gallery" role="group" aria-label="Figures">
      @for (number of figures(); track number) {
        <button
          type="button"
          class="quiet"
          [attr.aria-pressed]="number === shown()"
          [attr.aria-label]="'Figure ' + number"
          (click)="choose(number)"
        >
          <demo-figure-thumb [figure]="number" />
        </button>
      }
    </div>
  `,
  styles: `
    .paper {
      position: relative;
      display: grid;
      background: var(--sunken);
      border-radius: 10px;
      overflow: hidden;
    }
    canvas {
      width: 100%;
      height: clamp(280px, 38vw, 520px);
      color: var(--ink);
      caret-color: var(--accent);
    }
    .empty {
      position: absolute;
      inset: 0;
      display: grid;
      place-items: center;
      margin: 0;
    }
    .gallery {
      display: flex;
      gap: 8px;
      padding: 4px;
      margin: 8px -4px -4px;
      overflow-x: auto;
      scrollbar-width: thin;
      mask-image: linear-gradient(to left, transparent, #000 28px);
    }
    .gallery::after {
      content: '';
      flex: none;
      width: 20px;
    }
    button {
      flex: none;
      padding: 3px;
      border-radius: 10px;
    }
    button[aria-pressed='true'] {
      border-color: var(--accent);
    }
  `,
})
export class PlotSheet {
  private readonly core = inject(PlotCore);
  private readonly theme = inject(Theme);
  private readonly canvas = viewChild.required<ElementRef<HTMLCanvasElement>>('canvas');
  private readonly resized = signal(0);
  /** The figure somebody chose; null follows the pen. */
  private readonly chosen = signal<number | null>(null);

  protected readonly figures = computed(() => this.core.figures().slice(-24).reverse());
  /** While there is much to catch up with, that is a time-lapse: whichever figure the latest block belongs to. */
  protected readonly shown = computed(() => {
    const last = this.core.figures().at(-1) ?? 1;
    const catchingUp = this.core.missing() > 100;
    return this.chosen() ?? (catchingUp ? this.core.latest().at(0)?.figure : undefined) ?? last;
  });
  protected readonly strokes = computed(() => {
    this.core.version();
    return this.core.strokesOf(this.shown()).length;
  });
  protected readonly title = computed(() => `Figure ${this.shown()}`);
  protected readonly facts = computed(() => {
    if (this.strokes() === 0) return '';
    const ratio = this.core.strokesOf(this.shown())[0].of.replace(':', ' : ');
    return `two pendulums, ${ratio} · ${count(this.strokes())} blocks`;
  });
  /** Not told anew with each block. */
  protected readonly label = computed(() => `Figure ${this.shown()}, a line drawn by two pendulums`);

  constructor() {
    const destroyed = inject(DestroyRef);
    effect(() => {
      const { nativeElement } = this.canvas();
      destroyed.onDestroy(onResize(nativeElement, () => this.resized.update(times => times + 1)));
    });
    effect(() => {
      this.core.version();
      this.resized();
      this.theme.now();
      this.draw();
    });
  }

  protected choose(number: number): void {
    this.chosen.set(number === this.core.figures().at(-1) ? null : number);
  }

  private draw(): void {
    const sheet = cleanSheet(this.canvas().nativeElement);
    if (sheet === null) return;
    const { context, ink, accent } = sheet;
    const figure = this.shown();
    const strokes = this.core.strokesOf(figure);
    const isLive = figure === this.core.figures().at(-1);
    const last = strokes.reduce((highest, { at }) => Math.max(highest, at), -1);
    context.lineWidth = 0.9;
    context.lineJoin = context.lineCap = 'round';
    let pen: readonly number[] | null = null;
    for (const { at, points } of strokes) {
      const wet = isLive && at > last - WET;
      context.strokeStyle = wet ? accent : ink;
      context.globalAlpha = wet ? 1 : 0.72;
      context.lineWidth = wet ? 1.6 : 0.9;
      drawLine(sheet, points, 24);
      if (isLive && at === last) pen = points.slice(-2);
    }
    context.globalAlpha = 1;
    if (pen !== null) this.drawPen(sheet, pen[0], pen[1]);
  }

  private drawPen(
    { context, accent, width, height }: NonNullable<ReturnType<typeof cleanSheet>>,
    x: number,
    y: number,
  ): void {
    const scale = (Math.min(width, height) / 2 - 24) / 1000;
    context.fillStyle = accent;
    context.beginPath();
    context.arc(width / 2 + x * scale, height / 2 + y * scale, 4, 0, 2 * Math.PI);
    context.fill();
    context.globalAlpha = 0.22;
    context.beginPath();
    context.arc(width / 2 + x * scale, height / 2 + y * scale, 10, 0, 2 * Math.PI);
    context.fill();
    context.globalAlpha = 1;
  }
}
