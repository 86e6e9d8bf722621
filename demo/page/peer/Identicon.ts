import { Component, computed, input } from '@angular/core';

const SIZE = 5;

/** A picture of a key: five by five, mirrored, so that two keys are told apart at a glance. Decoration: the id is beside it. */
@Component({
  selector: 'demo-identicon',
  template: `
    <svg viewBox="-0.5 -0.5 6 6" aria-hidden="true" [style.color]="colour()">
      @for (cell of cells(); track $index) {
        <rect [attr.x]="cell.x" [attr.y]="cell.y" width="1.02" height="1.02" fill="currentColor" />
      }
    </svg>
  `,
  styles: `
    :host {
      display: block;
      width: 36px;
      aspect-ratio: 1;
      border-radius: 8px;
      background: var(--sunken);
      border: 1px solid var(--line);
      overflow: hidden;
    }
    svg {
      display: block;
    }
  `,
})
export class Identicon {
  /** The key, 32 bytes. */
  readonly of = input.required<Uint8Array>();

  protected readonly colour = computed(() => {
    const hue = Math.round(((this.of()[0] * 256 + this.of()[1]) / 65_536) * 360);
    return `light-dark(hsl(${hue} 58% 42%), hsl(${hue} 62% 68%))`;
  });

  protected readonly cells = computed(() => {
    const key = this.of();
    const cells: { x: number; y: number }[] = [];
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const column = Math.min(x, SIZE - 1 - x); // the right half mirrors the left one
        if (key[2 + y * 3 + column] % 2 === 0) cells.push({ x, y });
      }
    }
    return cells;
  });
}
