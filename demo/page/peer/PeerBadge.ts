import { Component, computed, input } from '@angular/core';
import { shortHex } from '../shell/format.js';
import { Identicon } from './Identicon.js';

/** Who somebody is: the picture and the beginning of the key that the connection proved. */
@Component({
  selector: 'demo-peer-badge',
  imports: [Identicon],
  template: `
    <demo-identicon [of]="of()" />
    <span class="words">
      <span class="label">{{ label() }}</span>
      <code>{{ id() }}</code>
    </span>
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 10px;
    }
    .words {
      display: grid;
      line-height: 1.3;
    }
    code {
      font-size: var(--small);
    }
  `,
})
export class PeerBadge {
  readonly of = input.required<Uint8Array>();
  readonly label = input.required<string>();
  protected readonly id = computed(() => shortHex(this.of(), 5));
}
