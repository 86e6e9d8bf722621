import { Component, effect, type ElementRef, inject, input, viewChild } from '@angular/core';
import { Theme } from '../shell/Theme.js';
import { cleanSheet, drawLine } from './paint.js';
import { PlotCore } from './PlotCore.js';

/** A figure in small, as far as its blocks are here. */
@Component({
  selector: 'demo-figure-thumb',
  template: `<canvas #canvas></canvas>`,
  styles: `
    canvas {
      display: block;
      width: 52px;
      height: 52px;
      border-radius: 7px;
      background: var(--sunken);
      color: var(--ink);
    }
  `,
})
export class FigureThumb {
  private readonly core = inject(PlotCore);
  private readonly theme = inject(Theme);
  private readonly canvas = viewChild.required<ElementRef<HTMLCanvasElement>>('canvas');
  readonly figure = input.required<number>();
  /** What is drawn already: a figure whose blocks are all here is not drawn anew. */
  private drawn = '';

  constructor() {
    effect(() => {
      this.core.version();
      const strokes = this.core.strokesOf(this.figure());
      const drawing = `${this.theme.now()} ${this.figure()} ${Math.ceil(strokes.length / 8)}`;
      if (drawing === this.drawn) return;
      const sheet = cleanSheet(this.canvas().nativeElement);
      if (sheet === null) return;
      this.drawn = drawing;
      sheet.context.strokeStyle = sheet.ink;
      sheet.context.lineWidth = 0.5;
      sheet.context.globalAlpha = 0.6;
      // Every line of a figure would be a blot at this size.
      for (const { at, points } of strokes) if (at % 120 < 60) drawLine(sheet, points, 4);
    });
  }
}
