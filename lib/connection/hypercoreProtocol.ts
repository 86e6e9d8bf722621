import { Observable, type OperatorFunction } from 'rxjs';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { portableCrypto } from '../crypto/portable/portable.js';
import { SecureLink } from '../secret/SecureLink.js';
import { type SecureLinkOptions, stateOptionsOf } from '../secret/SecureLinkOptions.js';
import { verifyPacking } from '../mux/verifyPacking.js';
import { verifySecureOptions } from '../secret/SecureOptions.js';
import type { Transport } from '../transports/Transport.js';
import { Connections, TransportReader } from './Connections.js';
import { MessageLink } from './MessageLink.js';
import { optionsForPeer } from './optionsForPeer.js';
import type { PayloadLink } from './PayloadLink.js';
import { type ChannelOptions, Protocol } from './Protocol.js';
import type { SecuredTransport } from './SecuredTransport.js';
import { TappedLink, type WireTap } from './TappedLink.js';

/** How a connection speaks. Only `initiator` has no default. @public */
export interface ProtocolOptions extends Omit<SecureLinkOptions, 'crypto'>, ChannelOptions {
  /** The primitives; tweetnacl and StableLib by default, which run anywhere. */
  readonly crypto?: CryptoBackend;
  /** Is shown every payload both ways, in the clear. Absent, which is the default, it costs nothing. */
  readonly tap?: WireTap;
}

/**
 * Speaks the Hypercore protocol on every transport that the source emits.
 *
 * Emits a {@link Protocol} for each transport at once, before a byte moves, so that nothing of it is missed: subscribe
 * to its events and open channels right there. A transport with a `session` is taken as encrypted and framed already.
 *
 * Completes when the source did and every connection has ended. A connection that fails does not fail this Observable,
 * which may carry others (a server's): its own `events`, `closed` and channels do. Unsubscribing tears down every
 * connection. Errors of the source pass through.
 *
 * @throws TypeError or RangeError at once for options that make no sense.
 *
 * @example
 * ```ts
 * tcpConnect({ port: 8000 })
 *   .pipe(hypercoreProtocol({ initiator: true }), switchMap(protocol => protocol.open(key)))
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @public
 */
export function hypercoreProtocol(options: ProtocolOptions): OperatorFunction<Transport, Protocol> {
  const tailored = optionsForPeer(hasCrypto(options) ? options : { ...options, crypto: portableCrypto });
  const limits = verifySecureOptions(stateOptionsOf(tailored));
  verifyPacking(tailored.packing ?? {}, limits.maxBatchBytes);
  return source =>
    new Observable<Protocol>(subscriber => {
      const connections = new Connections(subscriber, tailored, connection);
      // Before anything is emitted: a subscriber that has had enough ends it all.
      subscriber.add(connections);
      const reader = new TransportReader(connections);
      subscriber.add(reader);
      source.subscribe(reader);
    });
}

function hasCrypto(options: ProtocolOptions): options is ProtocolOptions & SecureLinkOptions {
  return options.crypto !== undefined;
}

function connection(
  transport: Transport | SecuredTransport,
  options: ProtocolOptions & SecureLinkOptions,
): Protocol {
  const { crypto, initiator, tap } = options;
  const link = linkOver(transport, options);
  const shown = tap === undefined ? link : new TappedLink(link, tap);
  return new Protocol(shown, crypto, initiator, options);
}

function linkOver(
  transport: Transport | SecuredTransport,
  options: ProtocolOptions & SecureLinkOptions,
): PayloadLink {
  const { peer } = options;
  if ('session' in transport) {
    if (transport.session.initiator !== options.initiator)
      throw new TypeError('the session has the other role');
    return new MessageLink(transport, options);
  }
  return peer === undefined ? new SecureLink(transport, options) : peer.link(peer, transport, options);
}
