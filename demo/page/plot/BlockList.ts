import { Component, inject } from '@angular/core';
import { count, size } from '../shell/format.js';
import { PlotCore } from './PlotCore.js';

/** The blocks that came last. */
@Component({
  selector: 'demo-block-list',
  template: `
    <div class="head">
      <h2>Blocks as they arrive</h2>
      <span class="muted">each proved by signature</span>
    </div>
    <ol>
      @for (stroke of core.latest(); track stroke.index) {
        <li>
          <code class="index">#{{ count(stroke.index) }}</code>
          <span class="what">figure {{ stroke.figure }} · stretch {{ stroke.at }}</span>
          <span class="swing" aria-hidden="true"><span [style.width.%]="stroke.swing * 100"></span></span>
          <code class="bytes muted">{{ size(stroke.bytes) }}</code>
        </li>
      } @empty {
        <li class="muted">None yet.</li>
      }
    </ol>
  `,
  styles: `
    :host {
      container-type: inline-size;
    }
    ol {
      list-style: none;
      margin: 0;
      padding: 0;
      min-height: 252px;
    }
    li {
      display: grid;
      grid-template-columns: 62px 1fr 56px 56px;
      gap: 10px;
      align-items: center;
      height: 36px;
      border-top: 1px solid var(--line);
      font-size: var(--small);
      white-space: nowrap;
    }
    li:first-child {
      border-top: 0;
    }
    .what {
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .index {
      color: var(--accent-ink);
    }
    .swing {
      height: 4px;
      border-radius: 2px;
      background: var(--sunken);
    }
    .swing span {
      display: block;
      height: 100%;
      border-radius: 2px;
      background: var(--second);
    }
    .bytes {
      text-align: right;
    }
    @container (max-width: 380px) {
      li {
        grid-template-columns: 62px 1fr 56px;
      }
      .swing {
        display: none;
      }
    }
  `,
})
export class BlockList {
  protected readonly core = inject(PlotCore);
  protected readonly count = count;
  protected readonly size = size;
}
