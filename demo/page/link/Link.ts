import { inject, Injectable, signal } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { defer, map, throwError } from 'rxjs';
import {
  connectionState,
  type ConnectionState,
  generateKeyPair,
  hypercoreProtocol,
  portableCrypto,
  type Protocol,
  reconnecting,
  TransportFailedError,
  webSocketConnect,
} from 'rx-hypercore';
import { createPeer } from 'rx-hypercore/log';
import { FACTS } from '../shell/Facts.js';
import { WireRecorder } from '../wire/WireRecorder.js';
import { LinkConditions } from './LinkConditions.js';
import { WatchedTransport } from './WatchedTransport.js';

/** How long each part of making the connection took, in milliseconds. */
export interface Times {
  readonly dialled?: number;
  readonly shookHands?: number;
}

/**
 * The one connection of the page, which comes back by itself, and the peer whose cores are replicated over it. The key pair
 * is made once, so that the page stays who it is when it reconnects.
 */
@Injectable({ providedIn: 'root' })
export class Link {
  private readonly facts = inject(FACTS);
  private readonly conditions = inject(LinkConditions);
  private readonly recorder = inject(WireRecorder);
  private readonly keyPair = generateKeyPair(portableCrypto);

  readonly url = this.facts.url;
  readonly publicKey = this.keyPair.publicKey;
  readonly peer = createPeer();

  readonly connection = reconnecting(
    defer(() => {
      if (this.conditions.now.value === 'cut') {
        return throwError(() => new TransportFailedError(new Error('the link is cut')));
      }
      const connection = this.recorder.connection();
      return webSocketConnect(this.url).pipe(
        map(transport => new WatchedTransport(transport, this.conditions.now, connection)),
        hypercoreProtocol({
          initiator: true,
          keyPair: this.keyPair,
          remotePublicKey: this.facts.bridge,
          tap: connection,
        }),
      );
    }),
    { initialDelayMs: 400, maxDelayMs: 6_000 },
  );

  readonly state = toSignal(connectionState(this.connection), { requireSync: true });
  /** The cores whose channels are open. */
  readonly channels = signal<readonly string[]>([]);
  readonly times = signal<Times>({});
  /** How often there was a connection since the page was opened. */
  readonly connections = signal(0);
  private since = performance.now();

  constructor() {
    connectionState(this.connection)
      .pipe(takeUntilDestroyed())
      .subscribe(state => this.follow(state));
    this.connection.pipe(takeUntilDestroyed()).subscribe({
      next: protocol => this.use(protocol),
      error: () => undefined, // the state says so
    });
  }

  private use(protocol: Protocol): void {
    this.peer.replicate(protocol);
    const { plot } = this.facts;
    const name = (key: Uint8Array): string => (key.every((byte, at) => byte === plot[at]) ? 'plot' : 'room');
    const list = (): void =>
      this.channels.set(protocol.channels.filter(({ isOpen }) => isOpen).map(({ key }) => name(key)));
    protocol.events.subscribe({
      next: list,
      error: () => this.channels.set([]),
      complete: () => this.channels.set([]),
    });
  }

  private follow({ status }: ConnectionState): void {
    const now = performance.now();
    const took = Math.round(now - this.since);
    this.since = now;
    if (status === 'connecting') this.times.set({});
    if (status === 'handshaking') this.times.set({ dialled: took });
    if (status !== 'open') return;
    this.times.update(times => ({ ...times, shookHands: took }));
    this.connections.update(connections => connections + 1);
  }
}
