import { Component, computed, inject } from '@angular/core';
import { Link } from './Link.js';

const words = {
  idle: 'Idle',
  connecting: 'Connecting',
  handshaking: 'Handshake',
  open: 'Connected',
  waiting: 'Link lost',
  closed: 'Closed',
} as const;

/** Where the connection stands, in one word; told to screen readers when it changes. */
@Component({
  selector: 'demo-status-pill',
  template: `<span role="status" [class]="status()"><i aria-hidden="true"></i>{{ word() }}</span>`,
  styles: `
    span {
      display: inline-flex;
      align-items: center;
      gap: 8px;
      padding: 6px 14px 6px 11px;
      border: 1px solid var(--line-strong);
      border-radius: 99px;
      font-size: var(--small);
      font-weight: 550;
      white-space: nowrap;
    }
    i {
      width: 9px;
      height: 9px;
      border-radius: 50%;
      background: var(--line-strong);
    }
    .open i {
      background: var(--good);
    }
    .connecting i,
    .handshaking i,
    .waiting i,
    .closed i {
      background: var(--accent);
    }
  `,
})
export class StatusPill {
  private readonly link = inject(Link);
  protected readonly status = computed(() => this.link.state().status);
  protected readonly word = computed(() => words[this.status()]);
}
