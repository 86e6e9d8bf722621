import { concatWith, defer, merge, of, retry, Subscription, switchMap, throwError, timer } from 'rxjs';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { Clock } from '../secret/ProbeTransport.js';
import { type Count, countedTransport } from './countedTransport.js';

const key = fill(32, 3);
const connects = 1000;

/** How the remote ends a connection, in turns. */
const ends: ((remote: Protocol, transport: Transport) => void)[] = [
  remote => remote.destroy(),
  remote => remote.close(),
  (_remote, transport) => transport.error(new Error('reset')),
  (_remote, transport) => transport.complete(),
  (_remote, transport) => transport.next(Uint8Array.of(1, 0, 0, 0xff)),
];

describe('connecting anew through retry', () => {
  it(`leaves no timer and no subscription, ${connects} times`, async () => {
    // Not by `setTimeout`, of which a browser makes four milliseconds, and far more in a busy one.
    const { port1, port2 } = new MessageChannel();
    const turn = (): Promise<unknown> =>
      new Promise(resolve => {
        port1.onmessage = resolve;
        port2.postMessage(null);
      });
    const clock = new Clock();
    const options = { handshake: false, scheduler: clock } as const;
    const chunks: Count = { now: 0, ever: 0 };
    const writable: Count = { now: 0, ever: 0 };
    const remotes = new Subscription();
    let dialled = 0;
    let opened = 0;
    let highest = 0;

    const listen = (transport: Transport, end: (typeof ends)[number]): void => {
      const serving = of(transport)
        .pipe(hypercoreProtocol({ ...options, initiator: false }))
        .subscribe(protocol => {
          protocol
            .open(key)
            .opened.subscribe({ next: () => end(protocol, transport), error: () => undefined });
          protocol.closed.subscribe({ error: () => undefined });
        });
      remotes.add(serving);
    };
    const dial = defer(() => {
      const [link, remote] = memoryPair();
      listen(remote, ends[dialled++ % ends.length]);
      return of(countedTransport(link, chunks, writable));
    });
    const subscription = dial
      .pipe(
        hypercoreProtocol({ ...options, initiator: true }),
        switchMap(protocol => {
          const channel = protocol.open(key);
          channel.opened.subscribe({ next: () => opened++, error: () => undefined });
          return merge(protocol.closed, channel).pipe(concatWith(throwError(() => new Error('in order'))));
        }),
        retry({ delay: () => timer(250, clock) }),
      )
      .subscribe();
    while (dialled < connects) {
      await turn();
      highest = Math.max(highest, clock.timers, chunks.now, writable.now);
      clock.advance(250);
    }
    port1.close();
    subscription.unsubscribe();
    remotes.unsubscribe();
    expect(opened).toBeGreaterThan(connects - 2);
    expect(chunks).toEqual({ now: 0, ever: connects });
    expect(writable.now).toBe(0);
    expect(writable.ever).toBeGreaterThanOrEqual(connects);
    expect(clock.timers).toBe(0);
    // Of one connection, whichever it is: nothing piles up.
    expect(highest).toBeLessThan(16);
  });
});
