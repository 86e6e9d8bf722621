import { concat, defer, finalize, map, mergeMap, type OperatorFunction } from 'rxjs';
import type { Transport } from '../transports/Transport.js';
import { SecureLink } from './SecureLink.js';
import { type SecureLinkOptions, stateOptionsOf } from './SecureLinkOptions.js';
import { verifySecureOptions } from './SecureOptions.js';

/**
 * Secures each transport: emits its {@link SecureLink} when the session is open and payloads may be sent.
 *
 * ```
 * transports  --t-------------------
 * links       ------L---------------   handshake done
 * ```
 *
 * The subscription owns the connections: unsubscribing tears them down, also those whose links were emitted. Payloads
 * wait, and the transport is paused, until a link is subscribed; unsubscribing from a link ends that link.
 *
 * Completes when the source has completed and every link has ended, in whatever way: what happens to a link after it
 * was emitted is told to its subscriber alone. Errors with the error of the source, and with that of a connection that
 * fails before it is open (see {@link SecureLink} for the codes); who serves many catches it for each transport.
 *
 * @example
 * ```ts
 * of(transport)
 *   .pipe(secure({ crypto, initiator: true }), switchMap(link => link))
 *   .subscribe(payload => console.log(payload));
 *
 * tcpListen({ port: 8000 }).pipe(mergeMap(transport => of(transport).pipe(secure(options), catchError(() => EMPTY))));
 * ```
 *
 * @throws TypeError or RangeError at once, for options that make no sense.
 * @see {@link SecureLink}
 * @public
 */
export function secure(options: SecureLinkOptions): OperatorFunction<Transport, SecureLink> {
  verifySecureOptions(stateOptionsOf(options));
  return mergeMap(transport =>
    defer(() => {
      const link = new SecureLink(transport, options);
      link.start();
      return concat(link.opened.pipe(map(() => link)), link.closed).pipe(finalize(() => link.cut()));
    }),
  );
}
