import { Component, computed, input, output } from '@angular/core';
import { size } from '../shell/format.js';
import type { WireEntry } from './WireEntry.js';

/** One entry of the timeline with all its fields. */
@Component({
  selector: 'demo-wire-detail',
  template: `
    <div class="bar">
      <h3>{{ entry().type }}</h3>
      <button type="button" class="quiet" aria-label="Close details" (click)="closed.emit()">✕</button>
    </div>
    <p class="muted">{{ facts() }}</p>
    <dl>
      @for (field of entry().fields; track $index) {
        <dt>{{ field.name }}</dt>
        <dd>{{ field.value }}</dd>
      }
    </dl>
  `,
  styles: `
    :host {
      flex: 1 1 40%;
      min-width: 0;
      max-height: 480px;
      overflow-y: auto;
      padding: 14px 16px;
      border-left: 1px solid var(--line);
      background: var(--sunken);
    }
    .bar {
      display: flex;
      justify-content: space-between;
      align-items: center;
    }
    h3 {
      margin: 0;
      font-size: var(--body);
    }
    p {
      margin: 2px 0 12px;
      font-size: var(--small);
    }
    dl {
      margin: 0;
      font: var(--small) / 1.45 var(--mono);
    }
    dt {
      color: var(--muted);
    }
    dd {
      margin: 0 0 8px;
      overflow-wrap: anywhere;
    }
    @media (min-width: 1200px) {
      dl {
        display: grid;
        grid-template-columns: max-content 1fr;
        gap: 5px 16px;
      }
      dd {
        margin: 0;
      }
    }
    @media (max-width: 760px) {
      :host {
        border-left: 0;
        border-bottom: 1px solid var(--line);
      }
    }
  `,
})
export class WireDetail {
  readonly entry = input.required<WireEntry>();
  readonly closed = output();
  protected readonly facts = computed(() => {
    const { direction, bytes, channel, at } = this.entry();
    const way = direction === 'in' ? 'received' : 'sent';
    const where = channel === '' ? '' : ` on channel ${channel}`;
    return `${way}${where} after ${(at / 1000).toFixed(3)} s, ${size(bytes)}`;
  });
}
