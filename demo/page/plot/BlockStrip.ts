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
import { count, size } from '../shell/format.js';
import { Theme } from '../shell/Theme.js';
import { cleanSheet, onResize } from './paint.js';
import { PlotCore } from './PlotCore.js';

/** Which blocks of the core are here: a picture of its bitfield, and what is still missing as numbers. */
@Component({
  selector: 'demo-block-strip',
  template: `
    <canvas #canvas aria-hidden="true"></canvas>
    <div
      class="words"
      role="progressbar"
      aria-label="Blocks that are here"
      aria-valuemin="0"
      [attr.aria-valuemax]="total()"
      [attr.aria-valuenow]="have()"
      [attr.aria-valuetext]="missing() === 0 ? 'all blocks are here' : text() + ' missing'"
    >
      <span
        ><b>{{ count(have()) }}</b> of {{ count(total()) }} blocks</span
      >
      @if (total() === 0) {
        <span class="state muted">nothing yet</span>
      } @else if (missing() === 0) {
        <span class="state done"><i aria-hidden="true">✓</i> complete and verified</span>
      } @else {
        <span class="state">{{ text() }} missing</span>
      }
      <span class="muted rate">{{ rate() }}/s</span>
    </div>
  `,
  styles: `
    :host {
      display: block;
      margin-top: 12px;
    }
    canvas {
      display: block;
      width: 100%;
      height: 14px;
      border-radius: 4px;
      background: var(--sunken);
      color: var(--ink);
      caret-color: var(--accent);
    }
    .words {
      display: flex;
      flex-wrap: wrap;
      gap: 4px 16px;
      margin-top: 8px;
      font-size: var(--small);
    }
    b {
      font-family: var(--mono);
      font-weight: 600;
    }
    .state {
      color: var(--accent-ink);
      font-weight: 550;
    }
    .done {
      color: var(--good);
    }
    i {
      font-style: normal;
    }
    .rate {
      margin-left: auto;
      font-family: var(--mono);
    }
  `,
})
export class BlockStrip {
  private readonly core = inject(PlotCore);
  private readonly theme = inject(Theme);
  private readonly canvas = viewChild.required<ElementRef<HTMLCanvasElement>>('canvas');
  private readonly resized = signal(0);
  protected readonly count = count;
  protected readonly total = this.core.length;
  protected readonly have = this.core.have;
  protected readonly missing = this.core.missing;
  protected readonly text = computed(() => count(this.missing()));
  protected readonly rate = computed(() => size(this.core.progress()?.rateDown ?? 0));

  constructor() {
    const destroyed = inject(DestroyRef);
    effect(() => {
      const { nativeElement } = this.canvas();
      destroyed.onDestroy(onResize(nativeElement, () => this.resized.update(times => times + 1)));
    });
    effect(() => {
      this.core.version();
      this.core.length();
      this.resized();
      this.theme.now();
      this.draw();
    });
  }

  private draw(): void {
    const sheet = cleanSheet(this.canvas().nativeElement);
    if (sheet === null) return;
    const { context, width, height, accent } = sheet;
    const columns = Math.max(1, Math.floor(width / 4));
    const parts = this.core.coverage(columns);
    context.fillStyle = accent;
    for (const [column, part] of parts.entries()) {
      if (part === 0) continue;
      context.globalAlpha = 0.25 + 0.75 * part;
      context.fillRect(column * 4, 0, 3, height);
    }
    context.globalAlpha = 1;
  }
}
