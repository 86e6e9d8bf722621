import { Component } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { hypercoreProtocol, reconnecting, webSocketConnect } from 'rx-hypercore';
import { createPeer } from 'rx-hypercore/log';
import { map, scan } from 'rxjs';

const url = `${location.origin.replace('http', 'ws')}/cores`;
const key = Uint8Array.from(location.hash.match(/[0-9a-f]{2}/g) ?? [], byte => parseInt(byte, 16));

@Component({
  selector: 'app-root',
  template: `
    <ol>
      @for (block of blocks(); track $index) {
        <li>{{ block }}</li>
      }
    </ol>
  `,
})
export class App {
  private readonly peer = createPeer();

  protected readonly blocks = toSignal(
    this.peer
      .core(key)
      .blocks({ live: true })
      .pipe(
        map(({ value }) => new TextDecoder().decode(value)),
        scan((all, block) => [...all, block], [] as string[]),
      ),
    { initialValue: [] },
  );

  constructor() {
    reconnecting(webSocketConnect(url).pipe(hypercoreProtocol({ initiator: true })))
      .pipe(takeUntilDestroyed())
      .subscribe(protocol => this.peer.replicate(protocol));
  }
}
