import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { concatWith, defer, merge, retry, switchMap, throwError } from 'rxjs';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../../lib/connection/Protocol.js';
import { sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import { fill } from '../../helpers/bytes.js';

const key = fill(32, 3);
const connects = 1000;

/** How the server ends a connection, in turns: some before the handshake is done. */
const ends: ((remote: Protocol) => void)[] = [
  remote => remote.destroy(),
  remote => remote.open(key).opened.subscribe({ next: () => remote.destroy(), error: () => undefined }),
  remote => remote.open(key).opened.subscribe({ next: () => remote.close(), error: () => undefined }),
  remote => remote.opened.subscribe({ next: () => remote.close(), error: () => undefined }),
  remote =>
    remote.open(key).opened.subscribe({
      // Not a record: it fails to decrypt at the other end.
      next: () => remote.release().next(Uint8Array.of(20, 0, 0, ...fill(20, 1))),
      error: () => undefined,
    }),
];

/** What keeps the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const listeners = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

describe('connecting anew through retry, over TCP', () => {
  it(`leaves no timer, listener or socket, ${connects} times`, async () => {
    const crypto = await sodiumNativeCrypto();
    const sockets: Socket[] = [];
    const keep = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', keep);
    subscribe('net.server.socket', keep);
    const before = resources();
    const listenersBefore = listeners();

    let served = 0;
    let opened = 0;
    let dialled = 0;
    let highest = 0;
    let port = 0;
    const serving = tcpListen({ port: 0, listening: address => (port = address.port) })
      .pipe(hypercoreProtocol({ initiator: false, crypto }))
      .subscribe(protocol => {
        protocol.closed.subscribe({ error: () => undefined });
        ends[served++ % ends.length](protocol);
      });
    while (port === 0) await pause(1);
    const dial = defer(() => {
      dialled++;
      highest = Math.max(highest, sockets.filter(socket => !socket.destroyed).length);
      return tcpConnect({ port });
    });
    await new Promise<void>(resolve => {
      dial
        .pipe(
          hypercoreProtocol({ initiator: true, crypto }),
          switchMap(protocol => {
            protocol.opened.subscribe({ next: () => opened++, error: () => undefined });
            const channel = protocol.open(key);
            return merge(protocol.closed, channel).pipe(concatWith(throwError(() => new Error('in order'))));
          }),
          retry({ count: connects - 1 }),
        )
        .subscribe({ error: () => resolve() });
    });
    serving.unsubscribe();
    for (let i = 0; i < 100 && sockets.some(socket => !socket.closed); i++) await pause(10);
    await pause(100); // the system lets go of a socket a moment after it closed
    unsubscribe('net.client.socket', keep);
    unsubscribe('net.server.socket', keep);

    expect(dialled).toBe(connects);
    expect(opened).toBeGreaterThan(connects / 2);
    expect(sockets.length).toBe(2 * connects);
    expect(sockets.filter(socket => !socket.closed).length).toBe(0);
    const heard = sockets.flatMap(socket =>
      ['data', 'readable', 'drain', 'connect'].filter(name => socket.listenerCount(name) > 0),
    );
    expect(heard).toEqual([]);
    // A few are still closing when the next one is dialled.
    expect(highest).toBeLessThan(100);
    const after = resources();
    for (const kind of ['Timeout', 'TCPSocketWrap', 'TCPServerWrap', 'TCPConnectWrap', 'Immediate']) {
      expect(after[kind] ?? 0)
        .withContext(kind)
        .toBeLessThanOrEqual(before[kind] ?? 0);
    }
    expect(listeners()).toBe(listenersBefore);
  });
});
