import { Component, computed, inject } from '@angular/core';
import { size } from '../shell/format.js';
import { type Tick, TICK_MS, ThroughputMeter, TICKS } from './ThroughputMeter.js';

const WIDTH = TICKS - 1;
const HALF = 50;
/** The scale is logarithmic, or a backlog would hide all that comes after it: from this rate, in bytes per second, */
const LOWEST = 100;
/** to this one. */
const HIGHEST = 10_000_000;
const marks = [1_000, 100_000];

/** How far from the middle a rate is drawn. */
function levelOf(bytesPerSecond: number): number {
  return (HALF * Math.log10(1 + bytesPerSecond / LOWEST)) / Math.log10(1 + HIGHEST / LOWEST);
}

/** The last minute of the link: what came above the line, what went below it. */
@Component({
  selector: 'demo-throughput',
  template: `
    <div class="head">
      <h2>Throughput</h2>
      <span class="muted">last minute</span>
    </div>
    <dl>
      <div class="in">
        <dt>received</dt>
        <dd>
          <b>{{ rates().in[0] }}</b> {{ rates().in[1] }}/s
        </dd>
        <dd class="muted">{{ totals().in }} in all</dd>
      </div>
      <div class="out">
        <dt>sent</dt>
        <dd>
          <b>{{ rates().out[0] }}</b> {{ rates().out[1] }}/s
        </dd>
        <dd class="muted">{{ totals().out }} in all</dd>
      </div>
    </dl>
    <div class="plot">
      <svg
        [attr.viewBox]="viewBox"
        preserveAspectRatio="none"
        role="img"
        aria-label="Bytes per second over the last minute"
      >
        <path class="in" [attr.d]="areas().in" />
        <path class="out" [attr.d]="areas().out" />
        <path class="axis" [attr.d]="axis" vector-effect="non-scaling-stroke" />
      </svg>
      @for (mark of marks; track mark.name) {
        <span class="mark muted" aria-hidden="true" [style.top.%]="mark.top">{{ mark.name }}</span>
      }
    </div>
  `,
  styles: `
    dl {
      display: flex;
      gap: 28px;
      margin: 0 0 12px;
    }
    dt,
    dd {
      margin: 0;
      line-height: 1.4;
    }
    dt {
      font-size: var(--small);
      color: var(--muted);
    }
    dt::before {
      content: '';
      display: inline-block;
      width: 8px;
      height: 8px;
      margin-right: 6px;
      border-radius: 2px;
      background: var(--accent);
    }
    .out dt::before {
      background: var(--second);
    }
    b {
      font: 600 var(--large) / 1.2 var(--mono);
      letter-spacing: -0.03em;
    }
    dd.muted {
      font-size: var(--small);
    }
    :host {
      display: flex;
      flex-direction: column;
      height: 100%;
    }
    .plot {
      position: relative;
      flex: 1;
      min-height: 132px;
    }
    svg {
      position: absolute;
      width: 100%;
      height: 100%;
      border-radius: 8px;
      background: var(--sunken);
    }
    path.in {
      fill: var(--accent);
    }
    path.out {
      fill: var(--second);
    }
    .axis {
      stroke: var(--line-strong);
      fill: none;
    }
    .mark {
      position: absolute;
      left: 0;
      right: 0;
      border-top: 1px dashed var(--line-strong);
      padding: 1px 0 0 8px;
      font: var(--tiny) / 1.3 var(--mono);
    }
  `,
})
export class ThroughputPlot {
  private readonly meter = inject(ThroughputMeter);
  protected readonly viewBox = `0 ${-HALF} ${WIDTH} ${2 * HALF}`;
  protected readonly axis = `M0 0H${WIDTH}`;
  protected readonly marks = marks.map(rate => ({ name: `${size(rate)}/s`, top: HALF - levelOf(rate) }));

  /** Averaged over the last second; number and unit. */
  protected readonly rates = computed(() => {
    const last = this.meter.ticks().slice(-1000 / TICK_MS);
    return { in: size(sum(last, 'in')).split(' '), out: size(sum(last, 'out')).split(' ') };
  });
  protected readonly totals = computed(() => {
    const totals = this.meter.totals();
    return { in: size(totals.in), out: size(totals.out) };
  });
  private readonly smooth = computed(() => {
    const ticks = this.meter.ticks();
    return ticks.map((_tick, at) => {
      const around = ticks.slice(Math.max(0, at - 1), at + 2);
      return { in: sum(around, 'in') / around.length, out: sum(around, 'out') / around.length };
    });
  });
  protected readonly areas = computed(() => ({ in: this.area('in', -1), out: this.area('out', 1) }));

  private area(direction: keyof Tick, side: number): string {
    const points = this.smooth().map(
      (tick, x) => `${x} ${(side * levelOf((tick[direction] * 1000) / TICK_MS)).toFixed(2)}`,
    );
    return `M0 0L${points.join('L')}L${WIDTH} 0Z`;
  }
}

function sum(ticks: readonly Tick[], direction: keyof Tick): number {
  return ticks.reduce((bytes, tick) => bytes + tick[direction], 0);
}
