import { mergeMap, type MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { Protocol } from '../connection/Protocol.js';
import type { Peer } from './Peer.js';

/**
 * Replicates the cores of a peer over each connection that comes, and emits it. While it is subscribed a connection that
 * fails errors the whole with the same error, so that `retry` dials again; a server, one connection of which must not end the
 * others, calls {@link Peer.replicate} itself.
 *
 * Completes when the source has and all connections closed in order. Unsubscribing ends replication, and with `hypercoreProtocol`
 * before it the connections too.
 *
 * @example
 * ```ts
 * tcpConnect({ port: 8000 })
 *   .pipe(hypercoreProtocol({ initiator: true }), replicate(createPeer()), retry({ delay: 1000 }))
 *   .subscribe();
 * ```
 *
 * @public
 */
export function replicate(peer: Peer): MonoTypeOperatorFunction<Protocol> {
  return mergeMap(
    protocol =>
      new Observable<Protocol>(subscriber => {
        subscriber.add(peer.replicate(protocol));
        subscriber.next(protocol);
        subscriber.add(protocol.closed.subscribe(subscriber));
      }),
  );
}
