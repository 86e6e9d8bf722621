import { Component, inject } from '@angular/core';
import { ChatRoom } from '../chat/ChatRoom.js';
import { ConnectionCard } from '../link/ConnectionCard.js';
import { StatusPill } from '../link/StatusPill.js';
import { BlockList } from '../plot/BlockList.js';
import { PlotSheet } from '../plot/PlotSheet.js';
import { ThroughputPlot } from '../throughput/ThroughputPlot.js';
import { WireInspector } from '../wire/WireInspector.js';
import { Theme } from './Theme.js';
import { ThemeToggle } from './ThemeToggle.js';

/** The page. */
@Component({
  selector: 'demo-app',
  imports: [
    BlockList,
    ChatRoom,
    ConnectionCard,
    PlotSheet,
    StatusPill,
    ThemeToggle,
    ThroughputPlot,
    WireInspector,
  ],
  template: `
    <header>
      <span class="mark">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M4 16c4-14 8-14 12 0s8 14 12 0" />
          <path class="faint" d="M4 16c4 14 8 14 12 0s8-14 12 0" />
        </svg>
        rx-hypercore
      </span>
      <demo-status-pill />
      <demo-theme-toggle />
    </header>
    <main>
      <div class="intro">
        <h1>This page is a Hypercore peer.</h1>
        <p>
          A plotter writes the line it draws to a signed, append-only log. The page dials the writer, proves
          each block against its signature, and draws along. No polyfill, no WASM, no build configuration: the
          protocol as RxJS operators.
        </p>
      </div>
      <section class="panel plot" aria-label="Plot"><demo-plot-sheet /></section>
      <div class="side">
        <section class="panel" aria-label="Connection"><demo-connection-card /></section>
        <section class="panel" aria-label="Throughput"><demo-throughput /></section>
      </div>
      <section class="panel wire" aria-label="Wire inspector"><demo-wire-inspector /></section>
      <section class="panel half" aria-label="Blocks"><demo-block-list /></section>
      <section class="panel half" aria-label="Chat"><demo-chat-room /></section>
    </main>
    <footer class="muted">
      The writer is the official hypercore 11, in Node, behind a bridge that only carries bytes. Everything
      here is encrypted from end to end, verified, and kept in memory.
    </footer>
  `,
  styles: `
    :host {
      display: block;
      max-width: 1360px;
      margin: 0 auto;
      padding: 0 clamp(14px, 3vw, 40px);
    }
    header {
      display: flex;
      align-items: center;
      gap: 12px;
      min-height: 72px;
    }
    .mark {
      display: flex;
      align-items: center;
      gap: 10px;
      margin-right: auto;
      font-weight: 650;
      letter-spacing: -0.02em;
      font-size: 1.0625rem;
    }
    .mark svg {
      width: 30px;
      fill: none;
      stroke: var(--accent);
      stroke-width: 3;
      stroke-linecap: round;
    }
    .faint {
      opacity: 0.45;
    }
    main {
      display: grid;
      grid-template-columns: repeat(12, minmax(0, 1fr));
      gap: 20px;
    }
    main > * {
      grid-column: 1 / -1;
    }
    .intro {
      display: grid;
      gap: 12px;
      padding: clamp(8px, 1.5vw, 20px) 0 clamp(8px, 1vw, 14px);
    }
    .intro p {
      max-width: 96ch;
      margin: 0;
      color: var(--muted);
      font-size: 1.0625rem;
      line-height: 1.6;
      text-wrap: pretty;
    }
    .side {
      display: grid;
      gap: 20px;
      grid-template-rows: auto 1fr;
    }
    footer {
      padding: 32px 0 48px;
      font-size: var(--small);
      max-width: 80ch;
    }
    @media (min-width: 720px) {
      main > .half {
        grid-column: span 6;
      }
    }
    @media (min-width: 1040px) {
      main > .plot {
        grid-column: span 8;
      }
      main > .side {
        grid-column: span 4;
      }
    }
  `,
})
export class App {
  /** Says at once which colours are wanted. */
  protected readonly theme = inject(Theme);
}
