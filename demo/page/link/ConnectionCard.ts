import { Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { connectionState } from 'rx-hypercore';
import { map, of, switchMap, takeWhile, timer } from 'rxjs';
import { PeerBadge } from '../peer/PeerBadge.js';
import { Link } from './Link.js';
import { LinkSwitch } from './LinkSwitch.js';
import { reasonOf } from './reasonOf.js';

type Progress = 'done' | 'now' | 'todo';

/** The connection as it happens: each step, who is at the other end, and what one can do to it. */
@Component({
  selector: 'demo-connection-card',
  imports: [PeerBadge, LinkSwitch],
  template: `
    <div class="head">
      <h2>Connection</h2>
      <span class="muted">{{ returns() }}</span>
    </div>
    <ol>
      @for (step of steps(); track step.name) {
        <li [class]="step.progress" [attr.aria-current]="step.progress === 'now' ? 'step' : null">
          <span class="mark" aria-hidden="true"></span>
          <span class="name">{{ step.name }}</span>
          <span class="detail muted">{{ step.detail }}</span>
        </li>
      }
    </ol>
    <div class="ends">
      <demo-peer-badge [of]="link.publicKey" label="This page" />
      @if (remote(); as key) {
        <span class="wire" aria-hidden="true"></span>
        <demo-peer-badge [of]="key" label="Remote" />
      } @else if (waiting(); as waits) {
        <div class="wait">
          <span>{{ waits.reason }}</span>
          <span class="muted">{{ waits.when }}</span>
        </div>
        <button type="button" (click)="link.connection.retryNow()">Retry</button>
      }
    </div>
    <demo-link-switch />
  `,
  styles: `
    ol {
      list-style: none;
      margin: 0 0 18px;
      padding: 0;
    }
    li {
      position: relative;
      display: grid;
      grid-template-columns: 14px auto 1fr;
      gap: 12px;
      align-items: baseline;
      padding: 5px 0;
      color: var(--muted);
    }
    li:not(:last-child)::after {
      content: '';
      position: absolute;
      left: 6px;
      top: 23px;
      bottom: -7px;
      width: 2px;
      background: var(--line-strong);
    }
    .mark {
      width: 14px;
      height: 14px;
      border-radius: 50%;
      border: 2px solid var(--line-strong);
      background: var(--raised);
      transform: translateY(2px);
    }
    .done,
    .now {
      color: var(--ink);
    }
    .done .mark {
      background: var(--good);
      border-color: var(--good);
    }
    li.done:not(:last-child)::after {
      background: var(--good);
    }
    .now .mark {
      border-color: var(--accent);
    }
    @media (prefers-reduced-motion: no-preference) {
      .now .mark {
        animation: beat 1.2s ease-in-out infinite;
      }
    }
    @keyframes beat {
      50% {
        box-shadow: 0 0 0 5px color-mix(in srgb, var(--accent) 25%, transparent);
      }
    }
    .name {
      font-weight: 550;
    }
    .detail {
      text-align: right;
      font: var(--small) / 1.4 var(--mono);
      overflow-wrap: anywhere;
    }
    .ends {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 12px;
      min-height: 44px;
      margin-bottom: 16px;
    }
    .wire {
      flex: 1;
      min-width: 16px;
      height: 2px;
      background: var(--good);
    }
    .wait {
      flex: 1;
      display: grid;
      min-width: 0;
      font-size: var(--small);
      line-height: 1.35;
    }
  `,
})
export class ConnectionCard {
  protected readonly link = inject(Link);

  /** A wait is counted down. */
  protected readonly waiting = toSignal(
    connectionState(this.link.connection).pipe(
      switchMap(state => {
        if (state.status !== 'waiting') return of(null);
        const reason = reasonOf(state.error);
        if (state.paused !== null) {
          return of({
            reason,
            when: state.paused === 'hidden' ? 'waits for this tab' : 'waits for the network',
          });
        }
        const end = performance.now() + state.delayMs;
        return timer(0, 200).pipe(
          map(() => Math.max(0, end - performance.now())),
          takeWhile(left => left > 0, true),
          map(left => ({ reason, when: `attempt ${state.attempt} in ${(left / 1000).toFixed(1)} s` })),
        );
      }),
    ),
    { initialValue: null },
  );

  protected readonly returns = computed(() => {
    const times = this.link.connections() - 1;
    if (times < 1) return '';
    return times === 1 ? 'came back once' : `came back ${times} times`;
  });

  protected readonly remote = computed(() => {
    const state = this.link.state();
    return state.status === 'open' ? state.remotePublicKey : null;
  });

  protected readonly steps = computed(() => {
    const { status } = this.link.state();
    const { dialled, shookHands } = this.link.times();
    const channels = this.link.channels();
    const reached = status === 'connecting' ? 0 : status === 'handshaking' ? 1 : status === 'open' ? 3 : -1;
    const progress = (step: number): Progress =>
      reached > step ? 'done' : reached === step ? 'now' : 'todo';
    const host = new URL(this.link.url).host;
    return [
      {
        name: 'Dial',
        progress: progress(0),
        detail: dialled === undefined ? `ws://${host}` : `${dialled} ms`,
      },
      {
        name: 'Handshake',
        progress: progress(1),
        detail: shookHands === undefined ? 'Noise XX' : `${shookHands} ms`,
      },
      { name: 'Secured', progress: progress(2), detail: 'XChaCha20-Poly1305' },
      {
        name: 'Channels',
        progress: reached === 3 && channels.length === 2 ? ('done' as const) : progress(3),
        detail: channels.length === 0 ? 'plot, room' : channels.join(', '),
      },
    ];
  });
}
