import {
  type Channel,
  hypercoreProtocol,
  type Protocol,
  type ProtocolEvent,
  type ProtocolOptions,
} from 'rx-hypercore';
import { tcpConnect, tcpListen } from 'rx-hypercore/node';
import {
  filter,
  firstValueFrom,
  ignoreElements,
  type Observable,
  ReplaySubject,
  Subscription,
  timeout,
} from 'rxjs';
import { hex } from '../../helpers/bytes.js';
import type { Identity, Peer, PeerEvents } from './Peer.js';
import { patienceMs } from '../../support/patience.js';

export interface OurOptions extends Omit<ProtocolOptions, 'initiator'> {
  /** Whether we dial the peer, or it us. */
  readonly weDial: boolean;
  /** Who the peer is on this connection. */
  readonly theirs?: Identity;
}

/** Our end of one TCP connection with a real peer, and what happened on it. */
export class OurSide {
  private static readonly open = new Set<OurSide>();

  /** Drops every connection that is left; for `afterEach`. */
  static dropAll(): void {
    for (const side of OurSide.open) side.drop();
  }

  static async connect(peer: Peer, { weDial, theirs = {}, ...options }: OurOptions): Promise<OurSide> {
    const side = new OurSide();
    const protocol = new Promise<Protocol>((resolve, reject) => {
      const use = (transports: ReturnType<typeof tcpConnect>): void => {
        side.subscription.add(
          transports.pipe(hypercoreProtocol({ ...options, initiator: weDial })).subscribe({
            next: made => {
              made.events.subscribe(side.happened);
              resolve(made);
            },
            error: reject,
          }),
        );
      };
      if (weDial) {
        void peer.command('listen', theirs).then(({ port }) => use(tcpConnect({ port })), reject);
      } else {
        const listening = ({ port }: { port: number }): void =>
          void peer.command('dial', { port, ...theirs }).catch(reject);
        use(tcpListen({ port: 0, listening }));
      }
    });
    side.made = await protocol;
    side.theirs = await peer.event('connection');
    return side;
  }

  private readonly subscription = new Subscription();
  private readonly happened = new ReplaySubject<ProtocolEvent>();
  private made: Protocol | undefined;
  private theirs: PeerEvents['connection'] | undefined;

  private constructor() {
    OurSide.open.add(this);
  }

  get protocol(): Protocol {
    if (this.made === undefined) throw new Error('not connected');
    return this.made;
  }

  /** The number by which the peer knows this connection. */
  get connection(): number {
    return this.theirs?.connection ?? 0;
  }

  /** The first event of that type, past or to come. */
  event<T extends ProtocolEvent['type']>(
    type: T,
    fits: (event: Extract<ProtocolEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<ProtocolEvent, { type: T }>> {
    const wanted = this.happened.pipe(
      filter((event): event is Extract<ProtocolEvent, { type: T }> => event.type === type),
      filter(fits),
    );
    return soon(wanted, `the event ${type}`);
  }

  /** How the connection ended: null in order, else its error. */
  ended(): Promise<unknown> {
    return end(this.protocol.closed, 'the end of the connection');
  }

  /** Opens the channel of a core and waits until the peer has opened it too. */
  async channel(key: string): Promise<Channel> {
    const channel = this.protocol.open(Buffer.from(key, 'hex'));
    await soon(channel.opened, 'the channel to open');
    await this.event('channel', event => hex(event.channel.discoveryKey) === hex(channel.discoveryKey));
    return channel;
  }

  drop(): void {
    OurSide.open.delete(this);
    this.subscription.unsubscribe();
  }
}

/** The first value, within the deadline. */
export function soon<T>(source: Observable<T>, what: string, deadlineMs = patienceMs): Promise<T> {
  return firstValueFrom(source.pipe(within(what, deadlineMs)));
}

/** How something ended, within the deadline: null in order, else its error. */
export function end(source: Observable<unknown>, what: string, deadlineMs = patienceMs): Promise<unknown> {
  return firstValueFrom(source.pipe(ignoreElements(), within(what, deadlineMs)), {
    defaultValue: null,
  }).catch((error: unknown) => error);
}

function within<T>(what: string, deadlineMs: number) {
  return timeout<T, never>({
    first: deadlineMs,
    with: () => {
      throw new Error(`our side waited ${deadlineMs} ms for ${what}`);
    },
  });
}
