import { Component, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { Link } from './Link.js';
import { type LinkCondition, LinkConditions } from './LinkConditions.js';
import { SLOW_BYTES_PER_SECOND } from './SlowLane.js';

/** Does to the link what networks do: slows it down, cuts it, lets it come back. */
@Component({
  selector: 'demo-link-switch',
  template: `
    <fieldset>
      <legend>Do something to the link</legend>
      @for (choice of choices; track choice.condition) {
        <label [class.chosen]="now() === choice.condition" [class.danger]="choice.condition === 'cut'">
          <input
            type="radio"
            name="link"
            [value]="choice.condition"
            [checked]="now() === choice.condition"
            (change)="set(choice.condition)"
          />
          <span>{{ choice.name }}</span>
        </label>
      }
    </fieldset>
    <p class="muted">{{ explanation() }}</p>
  `,
  styles: `
    fieldset {
      display: flex;
      gap: 4px;
      margin: 0;
      padding: 4px;
      border: 0;
      border-radius: 12px;
      background: var(--sunken);
    }
    legend {
      float: left;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
      position: absolute;
    }
    label {
      flex: 1;
      position: relative;
      display: grid;
      place-items: center;
      min-height: 36px;
      border-radius: 9px;
      font-weight: 550;
      font-size: var(--small);
      cursor: pointer;
      color: var(--muted);
    }
    label:hover {
      color: var(--ink);
    }
    input {
      position: absolute;
      inset: 0;
      margin: 0;
      opacity: 0;
      cursor: pointer;
    }
    label:has(:focus-visible) {
      outline: 2px solid var(--accent);
      outline-offset: 2px;
    }
    .chosen {
      background: var(--raised);
      color: var(--ink);
      box-shadow: 0 1px 2px rgb(0 0 0 / 0.12);
    }
    .chosen.danger {
      background: var(--accent-ink);
      color: var(--paper);
    }
    p {
      margin: 8px 2px 0;
      min-height: 2.8em;
      font-size: var(--small);
      line-height: 1.4;
    }
  `,
})
export class LinkSwitch {
  private readonly conditions = inject(LinkConditions);
  private readonly link = inject(Link);
  protected readonly now = toSignal(this.conditions.now, { requireSync: true });
  protected readonly choices: readonly { condition: LinkCondition; name: string }[] = [
    { condition: 'open', name: 'Full speed' },
    { condition: 'slow', name: 'Slow it down' },
    { condition: 'cut', name: 'Cut it' },
  ];

  protected explanation(): string {
    switch (this.now()) {
      case 'open':
        return 'Nothing is in the way. Cut it and see the page come back by itself, without a reload.';
      case 'slow':
        return `${SLOW_BYTES_PER_SECOND / 1000} kB a second each way. Blocks wait for the link, nothing piles up.`;
      case 'cut':
        return 'Every attempt fails. What is here stays; let it come back with “Full speed”.';
    }
  }

  protected set(condition: LinkCondition): void {
    this.conditions.now.next(condition);
    if (condition !== 'cut') this.link.connection.retryNow();
  }
}
