import {
  type Channel,
  hypercoreProtocol,
  type PeerProfile,
  type Protocol,
  type ProtocolEvent,
  type ProtocolOptions,
  rustPeer06,
  rustPeer07,
} from 'rx-hypercore';
import { tcpConnect, tcpListen } from 'rx-hypercore/node';
import { filter, type Observable, ReplaySubject, Subscription } from 'rxjs';
import { hex, unhex } from '../../helpers/bytes.js';
import { end, soon } from '../../interop/support/OurSide.js';
import type { Relay } from './Relay.js';
import { type CrateVersion, type PeerOptions, RustPeer } from './RustPeer.js';

/** The profile for each version of the crate. */
export const profiles = { '0.6': rustPeer06, '0.7': rustPeer07 } as const;

export interface Meeting extends Omit<ProtocolOptions, 'initiator' | 'peer'> {
  readonly version: CrateVersion;
  readonly weDial: boolean;
  /** In place of the profile for the peer's version; false for none. */
  readonly profile?: PeerProfile | false;
  /** What stands between the two, if anything. */
  readonly relay?: Relay;
}

/** Our end of one TCP connection with a peer on the crate, and what happened on it. */
export class RustSide {
  private static readonly open = new Set<RustSide>();

  /** Drops every connection that is left; for `afterEach`. */
  static dropAll(): void {
    for (const side of RustSide.open) side.drop();
  }

  /** Starts a peer and connects with it. */
  static async meet(
    { version, weDial, profile = profiles[version], relay, ...options }: Meeting,
    peerOptions: Omit<PeerOptions, 'dial'>,
  ): Promise<{ peer: RustPeer; ours: RustSide }> {
    const ours = new RustSide();
    const protocolOptions = {
      ...options,
      initiator: weDial,
      ...(profile !== false && { peer: profile }),
    };
    const speak = (transports: ReturnType<typeof tcpConnect>): Promise<Protocol> =>
      new Promise((resolve, reject) => {
        ours.subscription.add(
          transports.pipe(hypercoreProtocol(protocolOptions)).subscribe({
            next: protocol => {
              // How it ends is asked for where it matters.
              protocol.events.subscribe({ next: event => ours.happened.next(event), error: () => undefined });
              resolve(protocol);
            },
            error: reject,
          }),
        );
      });
    if (weDial) {
      const peer = await RustPeer.start(version, peerOptions);
      const port = relay === undefined ? peer.port : await relay.listen(peer.port);
      ours.made = await speak(tcpConnect({ port }));
      return { peer, ours };
    }
    const listening = new Promise<number>((resolve, reject) => {
      ours.making = speak(tcpListen({ port: 0, listening: ({ port }) => resolve(port) }));
      ours.making.catch(reject);
    });
    const own = await listening;
    const dial = relay === undefined ? own : await relay.listen(own);
    const peer = await RustPeer.start(version, { ...peerOptions, dial });
    ours.made = await ours.making;
    return { peer, ours };
  }

  private readonly subscription = new Subscription();
  private readonly happened = new ReplaySubject<ProtocolEvent>();
  private making: Promise<Protocol> | undefined;
  private made: Protocol | undefined;

  private constructor() {
    RustSide.open.add(this);
  }

  get protocol(): Protocol {
    if (this.made === undefined) throw new Error('not connected');
    return this.made;
  }

  /** The first event of that type, past or to come. */
  event<T extends ProtocolEvent['type']>(
    type: T,
    fits: (event: Extract<ProtocolEvent, { type: T }>) => boolean = () => true,
    deadlineMs?: number,
  ): Promise<Extract<ProtocolEvent, { type: T }>> {
    const wanted: Observable<Extract<ProtocolEvent, { type: T }>> = this.happened.pipe(
      filter((event): event is Extract<ProtocolEvent, { type: T }> => event.type === type),
      filter(fits),
    );
    return soon(wanted, `the event ${type}`, deadlineMs);
  }

  /** How the connection ended: null in order, else its error. */
  ended(deadlineMs?: number): Promise<unknown> {
    return end(this.protocol.closed, 'the end of the connection', deadlineMs);
  }

  /** Opens the channel of a core and waits until the peer has opened it too. */
  async channel(key: string): Promise<Channel> {
    const channel = this.protocol.open(unhex(key));
    await soon(channel.opened, 'the channel to open');
    await this.event('channel', event => hex(event.channel.discoveryKey) === hex(channel.discoveryKey));
    return channel;
  }

  drop(): void {
    RustSide.open.delete(this);
    this.subscription.unsubscribe();
  }
}
