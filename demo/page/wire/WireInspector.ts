import { Component, computed, type ElementRef, inject, signal, viewChild } from '@angular/core';
import { count, size } from '../shell/format.js';
import { WireDetail } from './WireDetail.js';
import { type Kind, kinds, type WireEntry } from './WireEntry.js';
import { MAX_ENTRIES, WireRecorder } from './WireRecorder.js';

const ROW = 32;
const SHOWN = 15;
/** Rows beyond the edges, so that scrolling shows no gap. */
const SPARE = 6;

const names: Readonly<Record<Kind, string>> = {
  frame: 'Frames',
  handshake: 'Handshake',
  channel: 'Open, close',
  state: 'Have, want',
  request: 'Requests',
  data: 'Data',
  extension: 'Extensions',
};

/** A timeline of all that crosses the wire, newest first, whose entries can be opened. */
@Component({
  selector: 'demo-wire-inspector',
  imports: [WireDetail],
  template: `
    <div class="head">
      <h2>On the wire</h2>
      <span class="muted"
        >{{ count(recorder.total()) }} frames and messages, the last {{ count(max) }} kept</span
      >
    </div>
    <div class="tools">
      <div class="chips" role="group" aria-label="Show">
        @for (kind of kinds; track kind) {
          <button type="button" class="chip" [attr.aria-pressed]="!hidden().has(kind)" (click)="toggle(kind)">
            <i [class]="kind" aria-hidden="true"></i>{{ names[kind] }}
          </button>
        }
      </div>
      <div class="actions">
        <button type="button" [attr.aria-pressed]="paused()" (click)="pause()">
          {{ paused() ? 'Resume' : 'Pause' }}
        </button>
        <button type="button" (click)="clear()">Clear</button>
      </div>
    </div>
    <div class="panes">
      <div
        class="list"
        #list
        role="region"
        aria-label="Timeline"
        tabindex="0"
        (scroll)="top.set(list.scrollTop)"
      >
        <div class="all" [style.height.px]="rows().length * row">
          @for (entry of visible(); track entry.id; let i = $index) {
            <button
              type="button"
              class="entry"
              [class]="entry.kind"
              [class.out]="entry.direction === 'out'"
              [style.top.px]="(first() + i) * row"
              [attr.aria-expanded]="entry.id === chosen()?.id"
              (click)="choose(entry)"
            >
              <code class="at">{{ (entry.at / 1000).toFixed(2) }}</code>
              <span
                class="way"
                [attr.aria-label]="entry.direction === 'in' ? 'received' : 'sent'"
                role="img"
                >{{ entry.direction === 'in' ? '←' : '→' }}</span
              >
              <span class="type"><i [class]="entry.kind" aria-hidden="true"></i>{{ entry.type }}</span>
              <span class="summary">{{ entry.summary }}</span>
              <code class="bytes">{{ size(entry.bytes) }}</code>
            </button>
          }
        </div>
        @if (rows().length === 0) {
          <p class="muted">Nothing to show.</p>
        }
      </div>
      @if (chosen(); as entry) {
        <demo-wire-detail [entry]="entry" (closed)="chosen.set(null)" />
      }
    </div>
    @if (later() > 0) {
      <button type="button" class="newer" (click)="goOn()">{{ count(later()) }} newer</button>
    }
  `,
  styles: `
    :host {
      position: relative;
    }
    .tools {
      display: flex;
      flex-wrap: wrap;
      gap: 10px;
      justify-content: space-between;
      margin-bottom: 12px;
    }
    .chips,
    .actions {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
    }
    i {
      display: inline-block;
      flex: none;
      width: 8px;
      height: 8px;
      border-radius: 50%;
      background: var(--kind, var(--line-strong));
    }
    .handshake {
      --kind: var(--violet);
    }
    .channel {
      --kind: var(--good);
    }
    .state {
      --kind: var(--amber);
    }
    .request {
      --kind: var(--second);
    }
    .data {
      --kind: var(--accent);
    }
    .extension {
      --kind: var(--rose);
    }
    .panes {
      display: flex;
      border: 1px solid var(--line);
      border-radius: 10px;
      overflow: hidden;
    }
    .list {
      flex: 1 1 60%;
      min-width: 0;
      height: 480px;
      overflow-y: auto;
      overflow-anchor: none;
      scrollbar-width: thin;
    }
    .list p {
      padding: 12px;
    }
    .all {
      position: relative;
    }
    .entry {
      position: absolute;
      left: 0;
      right: 0;
      display: grid;
      grid-template-columns: 58px 18px 130px 1fr 64px;
      gap: 8px;
      align-items: center;
      height: 32px;
      min-height: 0;
      padding: 0 12px;
      border: 0;
      border-bottom: 1px solid var(--line);
      border-radius: 0;
      background: none;
      font-weight: 400;
      font-size: var(--small);
      text-align: left;
      white-space: nowrap;
    }
    .entry:hover {
      background: var(--sunken);
    }
    .entry:focus-visible {
      outline-offset: -2px;
    }
    .entry[aria-expanded='true'] {
      background: var(--tint);
    }
    .type {
      display: flex;
      align-items: center;
      gap: 8px;
      font-weight: 550;
    }
    .frame .type {
      font-weight: 400;
    }
    .at,
    .bytes,
    .summary,
    .frame .type {
      color: var(--muted);
    }
    .bytes {
      text-align: right;
    }
    .summary,
    .type {
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .way {
      color: var(--accent-ink);
    }
    .out .way {
      color: var(--second-ink);
    }
    .newer {
      position: absolute;
      left: 50%;
      bottom: 16px;
      translate: -50%;
      box-shadow: 0 4px 16px rgb(0 0 0 / 0.18);
    }
    @media (max-width: 760px) {
      .panes {
        flex-direction: column-reverse;
      }
      .list {
        flex: none;
        height: 384px;
      }
      .entry {
        grid-template-columns: 14px 98px 1fr 52px;
        gap: 6px;
        padding: 0 8px;
        font-size: var(--tiny);
      }
      .at {
        display: none;
      }
    }
  `,
})
export class WireInspector {
  protected readonly recorder = inject(WireRecorder);
  protected readonly max = MAX_ENTRIES;
  protected readonly row = ROW;
  protected readonly kinds = kinds;
  protected readonly names = names;
  protected readonly count = count;
  protected readonly size = size;

  protected readonly hidden = signal<ReadonlySet<Kind>>(new Set());
  protected readonly chosen = signal<WireEntry | null>(null);
  /** How far the list is scrolled. */
  protected readonly top = signal(0);
  /** What was there when it was paused. */
  private readonly held = signal<readonly WireEntry[] | null>(null);
  private readonly list = viewChild.required<ElementRef<HTMLElement>>('list');

  protected readonly paused = computed(() => this.held() !== null);
  protected readonly rows = computed(() => {
    const hidden = this.hidden();
    const entries = this.held() ?? this.recorder.entries();
    return hidden.size === 0 ? entries : entries.filter(({ kind }) => !hidden.has(kind));
  });
  protected readonly first = computed(() => Math.max(0, Math.floor(this.top() / ROW) - SPARE));
  protected readonly visible = computed(() =>
    this.rows().slice(this.first(), this.first() + SHOWN + 2 * SPARE),
  );
  /** Entries that came since it was paused. */
  protected readonly later = computed(() => {
    const newestHeld = this.held()?.at(0)?.id;
    return newestHeld === undefined ? 0 : this.recorder.total() - newestHeld;
  });

  protected toggle(kind: Kind): void {
    this.hidden.update(hidden => {
      const next = new Set(hidden);
      if (!next.delete(kind)) next.add(kind);
      return next;
    });
  }

  protected pause(): void {
    if (this.paused()) this.goOn();
    else this.held.set(this.recorder.entries());
  }

  protected goOn(): void {
    this.held.set(null);
    this.list().nativeElement.scrollTo({ top: 0 });
  }

  protected clear(): void {
    this.recorder.clear();
    this.chosen.set(null);
    this.goOn();
  }

  /** What is looked at must not run away: opening an entry pauses the list. */
  protected choose(entry: WireEntry): void {
    if (this.chosen()?.id === entry.id) return this.chosen.set(null);
    this.held.update(held => held ?? this.recorder.entries());
    this.chosen.set(entry);
  }
}
