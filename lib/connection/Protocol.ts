import {
  asyncScheduler,
  AsyncSubject,
  distinctUntilChanged,
  type Observable,
  type SchedulerLike,
  Subject,
  Subscription,
} from 'rxjs';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import {
  ChannelClosedError,
  LimitExceededError,
  TimeoutExceededError,
  TransportClosedError,
  TransportFailedError,
  WebSocketClosedError,
} from '../errors.js';
import { type Limits, verifyLimits } from '../limits.js';
import { MuxState, type PackingOptions, type PairRequest } from '../mux/MuxState.js';
import { ReadingHolds } from '../mux/ReadingHolds.js';
import { type ChannelDefinition, ProtocolChannel } from '../mux/ProtocolChannel.js';
import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';
import { Turn } from '../transports/Turn.js';
import type { Channel } from './Channel.js';
import { Deadlines } from './Deadlines.js';
import { FailedOpens } from './FailedOpens.js';
import { HypercoreChannels } from './HypercoreChannels.js';
import { LinkReader } from './LinkReader.js';
import type { PayloadLink } from './PayloadLink.js';
import type { PeerProfile } from './PeerProfile.js';
import type { ProtocolEvent } from './ProtocolEvent.js';
import { ProtocolMux } from './ProtocolMux.js';

/** How a {@link Protocol} speaks; what concerns the secret stream is in {@link ProtocolOptions}. @public */
export interface ChannelOptions {
  /** Bounds on sizes, queues and waits; see {@link Limits} for names and defaults. */
  readonly limits?: Partial<Limits>;
  /** How messages of one turn are packed into payloads. */
  readonly packing?: Partial<PackingOptions>;
  /** What to mind with a remote that does not speak as Hypercore's own peers do: {@link rustPeer06}, {@link rustPeer07}. */
  readonly peer?: PeerProfile;
  /** Runs every timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Ends the turn in which messages gather into one payload; a microtask by default. */
  readonly flushScheduler?: SchedulerLike;
}

/** A channel of another protocol that waits for the session. */
interface Waiting {
  readonly channel: { error(error: unknown): void; complete(): void };
  readonly open: () => void;
}

/**
 * One connection: its handshake, its channels, its end.
 *
 * Everything the remote does wrong arrives once, typed, as the error of {@link Protocol.events},
 * {@link Protocol.closed} and every open channel; the connection is then already torn down.
 *
 * The remote's bytes are taken as ended in order only if no channel was open: an end of stream is not authenticated, so
 * with channels open it is `ERR_TRANSPORT_CLOSED`, and `retry` reconnects.
 *
 * @public
 */
export class Protocol {
  // What many connections never need is made when it is: a server has a thousand of them, most at rest.
  /** @internal */
  readonly eventSubject = new Subject<ProtocolEvent>();
  private closedSubject: AsyncSubject<never> | null = null;
  private openedSubject: AsyncSubject<Protocol> | null = null;
  private turn: Turn | null = null;
  /** @internal */
  readonly mux: MuxState;
  private readonly hypercores: HypercoreChannels;
  /** Channels of other protocols that the remote has not answered. */
  private opening: Deadlines<{ error(error: unknown): void }> | null = null;
  /** To a link that does not serve an owner. */
  private subscription: Subscription | null = null;
  private reading: ReadingHolds | null = null;
  private failedOpens: FailedOpens | null = null;
  /** @internal */
  readonly limits: Limits;
  /** @internal */
  readonly scheduler: SchedulerLike;
  private readonly flushScheduler: SchedulerLike | undefined;
  /** @internal */
  readonly peer: PeerProfile | undefined;
  /** While the multiplexer holds early messages enough. */
  private pressure = Subscription.EMPTY;
  /** Whether payloads may be sent. */
  private hasSession = false;
  /** Other channels opened before that. */
  private waiting: Set<Waiting> | null = null;
  /** What ended it. */
  private failure: { readonly error: unknown } | null = null;
  private flushing = false;
  private state: 'idle' | 'running' | 'closing' | 'ended' = 'idle';
  /** Whether the connection ended in order, and not by this side's doing. @internal */
  endedByRemote = false;
  /** Told when it has ended, however that came, and everybody else was told. @internal */
  owner: { over(protocol: Protocol): void } | null = null;

  /** @internal */
  constructor(
    private readonly link: PayloadLink,
    /** @internal */
    readonly crypto: CryptoBackend,
    /** Whether this side speaks first. */
    readonly initiator: boolean,
    options: ChannelOptions = {},
  ) {
    const { scheduler = asyncScheduler, packing, flushScheduler, peer } = options;
    this.scheduler = scheduler;
    this.flushScheduler = flushScheduler;
    this.peer = peer;
    this.limits = verifyLimits(options.limits);
    this.mux = new MuxState(new ProtocolMux(this, this.limits, packing, peer === undefined));
    this.hypercores = new HypercoreChannels(this);
  }

  /** Whether the link takes more without queueing; replays its value. */
  get drained(): Observable<boolean> {
    return this.link.writable.pipe(distinctUntilChanged());
  }

  /** What happens on the connection; completes when it closed in order, fails with what ended it. */
  get events(): Observable<ProtocolEvent> {
    return this.eventSubject.asObservable();
  }

  /** Emits this protocol once its session is open, then completes; replays. Fails if the connection fails before. */
  get opened(): Observable<Protocol> {
    if (this.openedSubject === null) {
      this.openedSubject = new AsyncSubject();
      if (this.hasSession) announce(this.openedSubject, this);
      else if (this.state === 'ended') settle(this.openedSubject, this.failure);
    }
    return this.openedSubject.asObservable();
  }

  /** Emits nothing; completes when the connection closed in order, fails with what ended it; replays. */
  get closed(): Observable<never> {
    if (this.closedSubject === null) {
      this.closedSubject = new AsyncSubject();
      if (this.state === 'ended') settle(this.closedSubject, this.failure);
    }
    return this.closedSubject.asObservable();
  }

  /** The Hypercore channels that are open or opening, oldest first. */
  get channels(): readonly Channel[] {
    return this.hypercores.list();
  }

  /** Own identity on this connection (32 bytes); null before the handshake is done or where it is switched off. */
  get publicKey(): Uint8Array | null {
    return this.link.session?.publicKey ?? null;
  }

  /** The remote's identity (32 bytes), likewise. */
  get remotePublicKey(): Uint8Array | null {
    return this.link.session?.remotePublicKey ?? null;
  }

  /** What binds capabilities to this connection (64 bytes), likewise. */
  get handshakeHash(): Uint8Array | null {
    return this.link.session?.handshakeHash ?? null;
  }

  /**
   * Opens the channel of a key (32 bytes), or returns the one that is open. It may be called at any time; what is sent
   * on it waits until the remote opened it too and proved that it knows the key.
   *
   * After the end of the connection the channel fails with `ERR_CHANNEL_CLOSED` from the start.
   *
   * @throws RangeError if the key is not 32 bytes long.
   */
  open(key: Uint8Array): Channel {
    return this.hypercores.open(key);
  }

  /**
   * A channel of any other protocol that both sides speak, with codecs of your own. Messages may be sent at once. Both sides
   * open it as soon as they have the protocol: an open that the remote has not asked for by then is rejected, and the channel
   * fails with `ERR_CHANNEL_REJECTED`.
   *
   * @throws TypeError if a channel with that protocol and id is open already, if the connection has ended, or if
   * `options.peer` says that such a channel would end it.
   */
  channel<M extends object, H = void>(definition: ChannelDefinition<M, H>): ProtocolChannel<M, H> {
    if (this.state === 'closing' || this.state === 'ended') throw new TypeError('the connection has ended');
    if (this.peer !== undefined) throw new TypeError('this peer knows no channels but those of cores');
    const channel = new ProtocolChannel(this.mux, definition, this.drained, () => this.pause());
    const opening = (this.opening ??= this.deadlines());
    const settled = (): void => opening.delete(channel);
    channel.opened.subscribe({ error: settled, complete: settled });
    const open = (): void => {
      opening.add(channel);
      channel.open();
    };
    if (!this.hasSession) (this.waiting ??= new Set()).add({ channel, open });
    else {
      try {
        open();
      } catch (error) {
        channel.error(error); // so that it waits for nobody, and nobody for it
        throw error;
      }
    }
    return channel;
  }

  /** Answers a `discovery-key` event with no. Without it, the remote is refused after `limits.answerTimeoutMs`. */
  reject(discoveryKey: Uint8Array): void {
    this.hypercores.reject(discoveryKey);
  }

  /** Tells every channel something; it appears in {@link Channel.signals}. Nothing of it crosses the wire. */
  signal(name: string, data?: unknown): void {
    this.hypercores.signal({ name, data });
  }

  /**
   * Stops reading from the connection until the result is unsubscribed; the remote feels it as back-pressure, and all
   * channels wait. Who asks is counted, so that any number of slow consumers may. Messages of the payload that is being
   * read still arrive.
   */
  pause(): Subscription {
    if (this.state === 'ended') return Subscription.EMPTY;
    this.reading ??= new ReadingHolds(
      () => this.link.pause(),
      () => this.link.resume(),
    );
    return this.reading.hold();
  }

  /** Closes every channel and then the connection, in order. {@link Protocol.closed} tells when that is done. */
  close(): void {
    if (this.state === 'closing' || this.state === 'ended') return;
    const idle = this.state === 'idle';
    this.state = 'closing';
    this.hypercores.clear();
    for (const channel of this.channels) channel.end();
    this.endWaiting([]);
    this.mux.closeAll();
    this.flush();
    if (!idle) return this.link.complete();
    this.finish();
    this.link.error(new TransportClosedError('close')); // nothing was said yet: no need to end in order
  }

  /** Tears the connection down at once; what is open fails with `error`, or completes if there is none. */
  destroy(error?: unknown): void {
    if (this.state === 'ended') return;
    const isCut = this.state !== 'idle' && this.link.cut !== undefined;
    this.finish(...(error === undefined ? [] : [error]));
    if (!isCut) this.link.error(error ?? new TransportClosedError('close'));
  }

  /**
   * Lets go of the transport without ending it and returns it; what the remote sent and nobody read yet comes first.
   * The channels complete, and the remote is told nothing.
   */
  release(): Transport {
    this.flush(); // what was sent in this turn still belongs to it
    const transport = this.link.release();
    this.finish();
    return transport;
  }

  /** Begins to use the transport. @internal */
  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    if (this.link.serve !== undefined) return this.link.serve(new LinkReader(this));
    this.subscription = new Subscription();
    this.subscription.add(this.link.watchWritable(writable => this.onWritable(writable)));
    this.subscription.add(
      this.link.opened.subscribe({
        next: session => this.onSession(session),
        error: () => undefined, // the link itself fails with the same error
      }),
    );
    this.subscription.add(
      this.link.subscribe({
        next: payload => this.receive(payload),
        error: error => this.onLinkFailed(error),
        complete: () => this.onLinkEnded(),
      }),
    );
  }

  /** @internal */
  onWritable(writable: boolean): void {
    this.mux.setDrained(writable);
  }

  /** @internal */
  sendPayload(buffer: Uint8Array, start: number, end: number): void {
    this.link.sendInPlace(buffer, start, end);
  }

  /** Whether every payload has left, as far as the link knows. @internal */
  get allSent(): boolean {
    return this.link.allSent === true;
  }

  /** @internal */
  onPressure(paused: boolean): void {
    if (paused) this.pressure = this.pause();
    else this.pressure.unsubscribe();
  }

  /** The remote opened something for nothing: nobody has it, or it did not prove the key. @internal */
  onRefused(): void {
    this.failedOpens ??= new FailedOpens(this.limits, this.scheduler);
    this.failedOpens.add();
  }

  /** @internal */
  onRemoteOpen(request: PairRequest): void {
    this.hypercores.onRemoteOpen(request);
  }

  /** @internal */
  receive(payload: Uint8Array): void {
    try {
      const { maxPayloadBytes } = this.limits;
      if (payload.length > maxPayloadBytes)
        throw new LimitExceededError('maxPayloadBytes', maxPayloadBytes, payload.length);
      this.mux.receive(payload);
      this.failedOpens?.verify();
    } catch (error) {
      this.destroy(error); // what the remote did wrong ends the connection
    }
  }

  /** @internal */
  onSession(session: Session | null): void {
    this.eventSubject.next({
      type: 'handshake',
      initiator: this.initiator,
      publicKey: session?.publicKey ?? null,
      remotePublicKey: session?.remotePublicKey ?? null,
    });
    if (this.state === 'ended') return; // by a subscriber of the event
    this.hypercores.sessionOpened(session);
    const waiting = this.waiting ?? [];
    this.waiting = null;
    this.hasSession = true;
    for (const { channel, open } of waiting) {
      try {
        open();
      } catch (error) {
        channel.error(error); // what cannot be opened fails alone
      }
    }
    if (this.openedSubject !== null) announce(this.openedSubject, this);
  }

  /** @internal */
  onLinkFailed(error: unknown): void {
    const idle = this.hasSession && this.mux.size === 0;
    const ended = error instanceof TransportClosedError;
    // After `close` nothing more was expected of the remote, so however the transport goes is an end in order.
    const cut = error instanceof TransportFailedError || error instanceof WebSocketClosedError;
    const inOrder = this.state === 'closing' ? ended || cut : ended && idle;
    this.endedByRemote = inOrder && this.state === 'running';
    if (inOrder) this.finish();
    else this.finish(error);
  }

  /** @internal */
  onLinkEnded(): void {
    this.finish();
  }

  /** Everything sent in one turn leaves as one payload. @internal */
  flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.turn ??= new Turn(this.flushScheduler, () => {
      this.flushing = false;
      if (this.state === 'running') this.flush();
    });
    this.turn.schedule();
  }

  private flush(): void {
    try {
      this.mux.flush();
    } catch (error) {
      this.destroy(error); // an open of the remote that waited for the end of the turn may be malformed
    }
  }

  /** Ends channels of other protocols that no session came for. */
  private endWaiting(error: [] | [unknown]): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const { channel } of waiting) {
      if (error.length === 0) channel.complete();
      else channel.error(error[0]);
    }
  }

  /** The one way out: with an error or without, everything ends here, once. */
  private finish(...error: [] | [unknown]): void {
    if (this.state === 'ended') return;
    const started = this.state !== 'idle';
    this.state = 'ended';
    this.failure = error.length === 0 ? null : { error: error[0] };
    this.reading?.end();
    // Cuts the link, so that nothing below is sent.
    if (this.subscription !== null) this.subscription.unsubscribe();
    else if (started) this.link.cut?.();
    this.hypercores.clear();
    this.opening?.clear();
    const ofChannels: [] | [unknown] = error.length === 0 ? [] : [new ChannelClosedError(error[0])];
    for (const channel of this.channels) channel.end(...ofChannels);
    this.endWaiting(ofChannels);
    if (error.length === 0) this.mux.closeAll(); // ended by this side: its other channels complete
    this.mux.destroy(...error);
    settle(this.eventSubject, this.failure);
    if (this.openedSubject !== null) settle(this.openedSubject, this.failure);
    if (this.closedSubject !== null) settle(this.closedSubject, this.failure);
    this.owner?.over(this);
  }

  private deadlines(): Deadlines<{ error(error: unknown): void }> {
    const { openTimeoutMs } = this.limits;
    return new Deadlines(openTimeoutMs, this.scheduler, channel =>
      channel.error(new TimeoutExceededError('open', openTimeoutMs, 'channel')),
    );
  }
}

function announce(opened: AsyncSubject<Protocol>, protocol: Protocol): void {
  opened.next(protocol);
  opened.complete();
}

function settle(
  subject: { error(error: unknown): void; complete(): void },
  failure: { readonly error: unknown } | null,
): void {
  if (failure === null) subject.complete();
  else subject.error(failure.error);
}
