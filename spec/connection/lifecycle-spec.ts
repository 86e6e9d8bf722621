import { config, filter, Observable, type Observer, of, Subject, Subscription } from 'rxjs';
import { abortable } from '../../lib/connection/abortable.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Channel } from '../../lib/connection/Channel.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { text } from '../../lib/encoding/text.js';
import { extension } from '../../lib/messages/extension.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { Clock } from '../secret/ProbeTransport.js';
import { until } from './pair.js';

const key = fill(32, 3);

const chatting = { protocol: 'chat', messages: { say: text } };

/** A connection under test, with everything that may be left over counted. */
class Bench {
  readonly clock = new Clock();
  readonly controller = new AbortController();
  readonly transports = new Subject<Transport>();
  /** What each subscriber was told as its end, by name. */
  readonly ends: string[] = [];
  readonly subscription: Subscription;
  protocol: Protocol | undefined;
  channel: Channel | undefined;
  /** Subscriptions to the transport. */
  subscribers = 0;
  /** Whether what the remote sends is lost on the way. */
  muted = false;
  link: Transport | undefined;
  remote: Transport | undefined;
  other: Protocol | undefined;
  private readonly others = new Subscription();

  constructor(private readonly withRemote: boolean) {
    this.subscription = this.transports
      .pipe(
        hypercoreProtocol({ initiator: true, scheduler: this.clock, limits: { keepAliveMs: 1000 } }),
        abortable(this.controller.signal),
      )
      .subscribe({
        next: protocol => {
          this.protocol = protocol;
          this.watch('events', protocol.events);
          this.watch('closed', protocol.closed);
          this.watch('opened', protocol.opened);
          this.channel = protocol.open(key);
          this.watch('channel', this.channel);
          this.watch('channel opened', this.channel.opened);
          this.watch('extension', this.channel.extension('x'));
          this.watch('signals', this.channel.signals);
          this.watch('drained', protocol.drained);
          const chat = protocol.channel(chatting);
          this.watch('chat', chat);
          this.watch('chat opened', chat.opened);
        },
        error: () => this.ends.push('connection error'),
        complete: () => this.ends.push('connection complete'),
      });
  }

  /** The transport is there. */
  connect(): void {
    const [link, remote] = memoryPair();
    this.link = link;
    this.remote = remote;
    if (this.withRemote)
      this.others.add(
        of(remote)
          .pipe(hypercoreProtocol({ initiator: false, limits: { keepAliveMs: 0 } }))
          .subscribe(made => {
            this.other = made;
            made.channel(chatting).subscribe({ error: () => undefined });
          }),
      );
    // It says nothing, and ends when it is told the end.
    else this.others.add(remote.subscribe({ error: () => undefined, complete: () => remote.complete() }));
    const subscribe = (observer: Observer<Uint8Array>): Subscription => {
      this.subscribers++;
      const subscription = (link as Observable<Uint8Array>)
        .pipe(filter(() => !this.muted))
        .subscribe(observer);
      subscription.add(() => this.subscribers--);
      return subscription;
    };
    const counted = new Observable<Uint8Array>(subscriber => subscribe(subscriber));
    const transport = Object.assign(counted, {
      next: (chunk: Uint8Array) => link.next(chunk),
      complete: () => link.complete(),
      error: (error: unknown) => link.error(error),
      pause: () => link.pause?.(),
      resume: () => link.resume?.(),
      ...(link.writable !== undefined && { writable: link.writable }),
    });
    this.transports.next(transport);
  }

  drop(): void {
    this.subscription.unsubscribe();
    this.others.unsubscribe();
  }

  private watch(name: string, source: Observable<unknown>): void {
    source.subscribe({
      error: () => this.ends.push(`${name} error`),
      complete: () => this.ends.push(`${name} complete`),
    });
  }
}

const tick = (count = 3): Promise<void> =>
  new Promise(resolve => {
    const next = (left: number): void => void (left === 0 ? resolve() : setTimeout(() => next(left - 1)));
    next(count);
  });

/** How to bring a connection into each phase. */
const phases: Record<
  string,
  { readonly withRemote: boolean; readonly reach: (bench: Bench) => Promise<void> | void }
> = {
  connecting: { withRemote: false, reach: () => undefined },
  handshake: { withRemote: false, reach: bench => bench.connect() },
  header: {
    // The remote has shaken hands, and then nothing of it arrives any more, so not its header either.
    withRemote: true,
    reach: async bench => {
      bench.connect();
      bench.protocol!.events.subscribe({ next: () => (bench.muted = true), error: () => undefined });
      await until(() => bench.protocol!.handshakeHash !== null);
      await tick();
    },
  },
  opening: {
    withRemote: true,
    reach: async bench => {
      bench.connect();
      await until(() => bench.other?.handshakeHash !== null && bench.protocol?.handshakeHash !== null);
      await tick();
    },
  },
  open: {
    withRemote: true,
    reach: async bench => {
      bench.connect();
      bench.other!.open(key).subscribe({ error: () => undefined });
      await until(() => bench.channel!.isOpen);
    },
  },
  draining: {
    withRemote: true,
    reach: async bench => {
      await phases['open'].reach(bench);
      bench.remote!.pause?.();
      bench.channel!.next(extension({ name: 'x', payload: new Uint8Array(500_000) }));
      await tick();
    },
  },
  closing: {
    withRemote: true,
    reach: async bench => {
      await phases['open'].reach(bench);
      bench.remote!.pause?.();
      bench.protocol!.close();
    },
  },
};

/** How it ends there, and what its subscribers are told. */
const ways: Record<string, { readonly end: (bench: Bench) => void; readonly told: 'error' | 'complete' }> = {
  unsubscribe: { end: bench => bench.subscription.unsubscribe(), told: 'complete' },
  abort: { end: bench => bench.controller.abort(new Error('enough')), told: 'complete' },
  'destroy with an error': { end: bench => bench.protocol?.destroy(new Error('enough')), told: 'error' },
  'destroy without': { end: bench => bench.protocol?.destroy(), told: 'complete' },
  close: { end: bench => bench.protocol?.close(), told: 'complete' },
  'close and a silent remote': {
    end: bench => {
      bench.muted = true;
      bench.protocol?.close();
      bench.clock.advance(60_000);
    },
    told: 'complete',
  },
  'a remote that says nothing any more': {
    end: bench => {
      bench.muted = true;
      bench.clock.advance(600_000);
    },
    told: 'error',
  },
  'the transport failing': { end: bench => bench.remote?.error(new Error('reset')), told: 'error' },
  'the transport ending': { end: bench => bench.remote?.complete(), told: 'error' },
  'the source of transports failing': {
    end: bench => bench.transports.error(new Error('no more')),
    told: 'complete',
  },
};

/** Whether the way ends one connection and not the Observable that carries it. */
const lives = (way: string): boolean =>
  !['unsubscribe', 'abort', 'the source of transports failing'].includes(way);

/** What every subscriber is told: once, and nobody is left out. */
function expectedEnds(phase: string, way: string, told: 'error' | 'complete'): string[] {
  const ofAll = lives(way) || way === 'unsubscribe' ? [] : ['connection error'];
  if (phase === 'connecting') return ofAll; // there is nothing yet but the wait for a transport
  const sessionDone = phase !== 'handshake';
  const open = ['open', 'draining', 'closing'].includes(phase);
  // A close completes the channels at once; only `destroy` can still fail what waits for its end.
  const ofChannels = phase === 'closing' ? 'complete' : told;
  const ofConnection = phase === 'closing' && way !== 'destroy with an error' ? 'complete' : told;
  return [
    ...ofAll,
    `channel ${ofChannels}`,
    `channel opened ${open ? 'complete' : told}`,
    `chat ${ofChannels}`,
    `chat opened ${open || (sessionDone && phase !== 'header') ? 'complete' : told}`,
    `closed ${ofConnection}`,
    'drained complete',
    `events ${ofConnection}`,
    `extension ${ofChannels}`,
    `opened ${sessionDone ? 'complete' : told}`,
    'signals complete',
  ].sort();
}

describe('the life of a connection', () => {
  for (const [phase, { withRemote, reach }] of Object.entries(phases)) {
    for (const [way, { end, told }] of Object.entries(ways)) {
      it(`ends in the phase ${phase} by ${way}: all is free, and each subscriber told once`, async () => {
        const bench = new Bench(withRemote);
        await reach(bench);
        end(bench);
        bench.remote?.resume?.();
        await tick(5);
        expect(bench.ends.sort()).toEqual(expectedEnds(phase, way, told));
        expect(bench.subscribers).toBe(0);
        expect(bench.clock.timers).toBe(0);
        if (phase !== 'connecting') expect(bench.protocol!.channels).toEqual([]);
        // What comes after the end tells nobody anything.
        const before = bench.ends.length;
        bench.protocol?.close();
        bench.protocol?.destroy(new Error('late'));
        bench.channel?.next(extension({ name: 'x', payload: fill(1, 1) }));
        bench.channel?.error(new Error('late'));
        bench.remote?.error(new Error('late'));
        await tick();
        expect(bench.ends.length).toBe(before);
        bench.transports.complete();
        expect(bench.ends.length).toBe(before + (lives(way) ? 1 : 0));
        bench.drop();
        expect(bench.transports.observed).toBeFalse();
      });
    }
  }

  it('goes on for other channels when a handler of one throws', async () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = error => unhandled.push(error);
    try {
      const bench = new Bench(true);
      await phases['open'].reach(bench);
      const otherKey = fill(32, 4);
      const [mine, theirs] = [bench.protocol!.open(otherKey), bench.other!.open(otherKey)];
      await until(() => mine.isOpen && theirs.isOpen);
      const heard: string[] = [];
      mine.subscribe(message => heard.push(message.type));
      bench.channel!.subscribe(() => {
        throw new Error('in a handler');
      });
      bench.protocol!.events.subscribe(() => {
        throw new Error('in a handler of events');
      });
      bench.other!.open(key).next(extension({ name: 'x', payload: fill(1, 1) }));
      theirs.next(extension({ name: 'x', payload: fill(1, 1) }));
      await until(() => heard.length === 1);
      bench.other!.open(key).next(extension({ name: 'x', payload: fill(1, 1) }));
      theirs.next(extension({ name: 'x', payload: fill(1, 1) }));
      await until(() => heard.length === 2);
      expect(bench.channel!.isOpen).toBeTrue();
      await until(() => unhandled.length > 0);
      bench.drop();
      await tick(); // what they throw at the end is reported later
    } finally {
      config.onUnhandledError = null;
    }
  });
});
