import {
  asyncScheduler,
  AsyncSubject,
  BehaviorSubject,
  ignoreElements,
  Observable,
  type Observer,
  type SchedulerLike,
  type Subscriber,
  Subscription,
  type Unsubscribable,
} from 'rxjs';
import {
  type ConnectionPhase,
  LimitExceededError,
  TimeoutExceededError,
  TransportClosedError,
} from '../errors.js';
import type { Limits } from '../limits.js';
import type { Transport } from '../transports/Transport.js';
import { admit } from './admit.js';
import { Inbound } from './Inbound.js';
import { LinkClock } from './LinkClock.js';
import { LinkOutput } from './LinkOutput.js';
import type { LinkOwner } from './LinkOwner.js';
import { ReleasedTransport } from './ReleasedTransport.js';
import { type SecureLinkOptions, stateOptionsOf } from './SecureLinkOptions.js';
import { verifySecureOptions } from './SecureOptions.js';
import { SecureState } from './SecureState.js';
import type { Session } from './Session.js';
import { transportFailure } from './transportFailure.js';

export type { SecureLinkOptions };

/**
 * One transport as a stream of payloads in both directions, encrypted on the way.
 *
 * Cold: nothing happens to the transport until the link is subscribed. It has one subscriber, and with that
 * subscription the connection ends: unsubscribing tears it down and frees everything. (`share()` it for more.)
 *
 * - Emits the remote's payloads, which belong to the subscriber.
 * - Completes when this side ended it with `complete()` and the remote's bytes ended too, or `limits.closeTimeoutMs`
 *   has passed; also after `release()`.
 * - Errors, once, with whatever else ended it; then the transport is torn down, secrets are wiped and timers are gone:
 *   `ERR_TRANSPORT_FAILED`, `ERR_TRANSPORT_CLOSED` (the remote ended first: nothing proves that it meant to),
 *   `ERR_FRAME_TOO_LARGE`, `ERR_FRAME_TRUNCATED`, `ERR_FRAME_EMPTY`, `ERR_HANDSHAKE_FAILED`, `ERR_FOREIGN_PROTOCOL`, `ERR_REMOTE_KEY_MISMATCH`,
 *   `ERR_REMOTE_KEY_REJECTED`, `ERR_STREAM_HEADER`, `ERR_DECRYPT_FAILED`, `ERR_LIMIT_EXCEEDED`, `ERR_TIMEOUT`.
 *
 * The transport is subscribed once, for as long as the link lives.
 *
 * @example
 * ```ts
 * const link = new SecureLink(transport, { crypto, initiator: true });
 * link.opened.subscribe(() => link.next(new TextEncoder().encode('hello')));
 * link.subscribe(payload => console.log(payload));
 * ```
 *
 * @see {@link secure}, the operator; {@link SecureState}, the same without RxJS
 * @public
 */
export class SecureLink extends Observable<Uint8Array> implements Observer<Uint8Array> {
  /** They hold the key pair, and no log or inspection is to show it. */
  readonly #options: SecureLinkOptions;
  private readonly limits: Limits;
  private readonly scheduler: SchedulerLike;
  private readonly clock: LinkClock;
  /** What runs once and ends with the link: the handshake's or the close's timer, the authorizer. */
  private pending: Subscription | null = null;
  /** The subscription to the transport. */
  private inbound: Inbound | null = null;
  /** For those who want to hear of the beginning; made when the first does. */
  private openedSubject: AsyncSubject<Session | null> | null = null;
  /** For those who want to hear of the end; made when the first does. */
  private endedSubject: AsyncSubject<void> | null = null;

  private state: SecureState | null = null;
  private stage: 'idle' | 'running' | 'closing' | 'ended' = 'idle';
  private subscriber: Observer<Uint8Array> | null = null;
  /** The subscriber, if it is told everything. */
  private owner: LinkOwner | null = null;
  /** While an owner waits for the transport to take more. */
  private full: Subscription | null = null;
  private failure: { readonly error: unknown } | null = null;
  private heir: ReleasedTransport | null = null;
  private currentSession: Session | null = null;
  private sessionOpen = false;
  private pausedByOwner = false;
  private transportPaused = false;
  private transportEnded = false;

  /** @throws TypeError or RangeError for options that make no sense. */
  constructor(
    private readonly transport: Transport,
    options: SecureLinkOptions,
  ) {
    super(subscriber => this.attach(subscriber));
    this.#options = options;
    this.limits = verifySecureOptions(stateOptionsOf(options));
    this.scheduler = options.scheduler ?? asyncScheduler;
    const { idleTimeoutMs, keepAliveMs } = this.limits;
    this.clock = new LinkClock(this.scheduler, idleTimeoutMs, keepAliveMs, this);
  }

  /** Who is at the other end; null before the handshake is done, and where it is switched off. */
  get session(): Session | null {
    return this.currentSession;
  }

  /**
   * Emits the session (null where the handshake is switched off) when payloads may be sent, then completes; replays.
   * Errors if the connection fails before that, and completes without a value if this side ends it before that.
   * Subscribing to it starts nothing.
   */
  get opened(): Observable<Session | null> {
    if (this.openedSubject === null) {
      this.openedSubject = new AsyncSubject();
      if (this.sessionOpen) announce(this.openedSubject, this.currentSession);
      else if (this.failure !== null) this.openedSubject.error(this.failure.error);
      else if (this.stage === 'closing' || this.stage === 'ended') this.openedSubject.complete();
    }
    return this.openedSubject.asObservable();
  }

  /** Emits nothing and completes when the link has ended, in whatever way; replays. @internal */
  get closed(): Observable<never> {
    return this.ended.pipe(ignoreElements());
  }

  /** Whether the transport takes more without queueing. Replays its value; completes with the link. */
  get writable(): Observable<boolean> {
    return new Observable(subscriber => {
      subscriber.add(this.ended.subscribe(() => subscriber.complete()));
      if (!subscriber.closed) subscriber.add(this.watchWritable(value => subscriber.next(value)));
    });
  }

  /** Like {@link SecureLink.writable}, for one who stops watching when the link ends: that costs little. @internal */
  watchWritable(next: (writable: boolean) => void): Unsubscribable {
    const { writable } = this.transport;
    // A transport that fails says so elsewhere.
    if (writable !== undefined) return writable.subscribe({ next, error: () => undefined });
    next(true);
    return Subscription.EMPTY;
  }

  /** Bytes given to the transport that have not left yet. */
  get queuedBytes(): number {
    return this.transport.queuedBytes ?? 0;
  }

  /**
   * Sends a payload, which is only read. After the link has ended, or was told to, it does nothing.
   *
   * @throws TypeError before {@link SecureLink.opened}; FrameTooLargeError if the payload does not fit into a frame.
   * Neither harms the link.
   */
  next(payload: Uint8Array): void {
    if (this.stage === 'closing' || this.stage === 'ended') return;
    this.write(this.requireState().sealCopy(payload));
  }

  /**
   * Sends the payload `buffer[start, end)` without a copy: `HEADROOM` bytes before and `TAILROOM` bytes after it are
   * overwritten, and the buffer belongs to the transport until {@link SecureLink.allSent}. Otherwise like
   * {@link SecureLink.next}.
   */
  sendInPlace(buffer: Uint8Array, start: number, end: number): void {
    if (this.stage === 'closing' || this.stage === 'ended') return;
    this.write(this.requireState().seal(buffer, start, end));
  }

  /** Whether whatever was sent so far has left, so that its memory may be used again; false if nobody knows. */
  get allSent(): boolean {
    return this.transport.allSent === true;
  }

  /** Ends in order: what was sent still leaves, and what the remote sends until it ends too is still emitted. */
  complete(): void {
    if (this.stage === 'closing' || this.stage === 'ended') return;
    const { stage } = this;
    this.stage = 'closing';
    this.stopTimers();
    this.openedSubject?.complete();
    // Half a handshake has nothing left to say.
    if (!this.sessionOpen) this.state?.wipe();
    try {
      this.transport.complete();
    } catch (error) {
      this.fail(transportFailure(error, 'close'));
    }
    if (stage === 'idle') this.finish();
    else this.after(this.limits.closeTimeoutMs, () => this.cut());
  }

  /** Tears the link down at once; the subscriber is given the error. */
  error(error: unknown): void {
    this.fail(error);
  }

  /** Stops emitting payloads, and reading from the transport if that can be stopped. */
  pause(): void {
    this.pausedByOwner = true;
    this.state?.pause();
    this.regulate();
  }

  /** Emits what was held, and goes on. */
  resume(): void {
    this.pausedByOwner = false;
    this.deliver();
  }

  /**
   * Lets go of the transport without ending it, and returns it. What was received and not consumed comes first for
   * whoever subscribes to it; bytes that arrive until then are kept, up to `limits.maxEarlyBytes`. The link completes.
   *
   * @throws TypeError if the link has ended, or is ending.
   */
  release(): Transport {
    if (this.stage === 'closing' || this.stage === 'ended') throw new TypeError('the link has ended');
    if (this.state === null) {
      this.finish();
      return this.transport;
    }
    const rest = this.state.release();
    // What is left over was within its own limit already.
    const heir = new ReleasedTransport(this.transport, rest.length + this.limits.maxEarlyBytes, () =>
      this.inbound?.unsubscribe(),
    );
    heir.receive(rest);
    if (this.transportEnded) heir.settle({});
    this.heir = heir;
    this.finish();
    return heir;
  }

  /** Begins before there is a subscriber; payloads wait for one. @internal */
  start(): void {
    if (this.stage !== 'idle') return;
    const { handshakeTimeoutMs } = this.limits;
    this.state = new SecureState(stateOptionsOf(this.#options), new LinkOutput(this));
    this.stage = 'running';
    if (this.pausedByOwner || this.subscriber === null) this.state.pause();
    this.after(handshakeTimeoutMs, () =>
      this.fail(this.state!.explain(new TimeoutExceededError(this.phase, handshakeTimeoutMs))),
    );
    this.clock.listen();
    const { transport } = this;
    const lent = transport.lend !== undefined;
    this.inbound = new Inbound(this, lent);
    if (lent) this.inbound.add(transport.lend!(this.inbound));
    else transport.subscribe(this.inbound);
    this.attempt(state => state.start());
  }

  /** What unsubscribing does: tears down, without an error for anybody here. @internal */
  cut(): void {
    this.finish(null, { reason: new TransportClosedError('close') });
  }

  /** Like `subscribe`, for one that wants to be told everything and keeps no subscription: {@link SecureLink.cut} ends it. @internal */
  serve(owner: LinkOwner): void {
    this.subscriber = this.owner = owner;
    const { writable } = this.transport;
    // What is known to have a value is looked at after every write; the rest must be listened to.
    if (writable !== undefined && (!(writable instanceof BehaviorSubject) || isFull(writable))) {
      this.followWritable();
    }
    if (this.stage === 'idle') this.start();
    else this.deliver();
  }

  private attach(subscriber: Subscriber<Uint8Array>): (() => void) | undefined {
    if (this.stage === 'ended') {
      if (this.failure === null) subscriber.complete();
      else subscriber.error(this.failure.error);
      return undefined;
    }
    if (this.subscriber !== null) throw new TypeError('a secure link has one subscriber');
    this.subscriber = subscriber;
    // Before anything is emitted: a subscriber that has had enough ends the link.
    subscriber.add(() => this.cut());
    if (this.stage === 'idle') this.start();
    else this.deliver();
    return undefined;
  }

  /** @internal */
  onChunk(chunk: Uint8Array, lent: boolean): void {
    if (this.heir !== null) return this.heir.receive(lent ? chunk.slice() : chunk);
    if (this.stage === 'ended') return;
    this.clock.heard();
    try {
      // A transport that emits while it is being subscribed is answered at once, so that it can be stopped, too.
      this.state!.start();
      this.state!.receive(chunk, lent);
    } catch (error) {
      this.onStateFailed(error);
    }
  }

  /** @internal */
  onTransportFailed(error: unknown): void {
    const failure = transportFailure(error, this.phase);
    if (this.heir !== null) this.heir.settle({ error: failure });
    else this.fail(this.state?.explain(failure) ?? failure);
  }

  /** @internal */
  onTransportEnded(): void {
    this.transportEnded = true;
    if (this.heir !== null) return this.heir.settle({});
    if (this.stage === 'ended' || this.state === null) return;
    const error = this.state.end();
    if (error !== null) this.onStateFailed(error);
    else if (this.state.phase === 'ended') this.finish();
  }

  /** @internal */
  onSession(session: Session | null): void {
    if (this.stage !== 'running') return;
    this.sessionOpen = true;
    this.currentSession = session;
    this.clock.talk();
    this.owner?.opened(session);
    if (this.openedSubject !== null) announce(this.openedSubject, session);
  }

  /** @internal */
  onReady(): void {
    if (this.stage !== 'running') return;
    this.forgetPending();
    this.regulate();
  }

  /** @internal */
  onPayload(payload: Uint8Array): void {
    this.subscriber?.next(payload);
  }

  /** @internal */
  onQuiet(): void {
    this.write(this.state!.keepAlive());
  }

  /** @internal */
  onIdle(): void {
    // Not to listen is no reason to complain of silence.
    if (!this.transportPaused) this.fail(new TimeoutExceededError('idle', this.limits.idleTimeoutMs));
  }

  /** @internal */
  askAuthorizer(remotePublicKey: Uint8Array): void {
    this.addPending(
      admit(this.#options.authorize!, remotePublicKey).subscribe({
        next: () => this.attempt(state => state.accept()),
        error: error => this.fail(error),
      }),
    );
    this.regulate();
  }

  /** Delivers what was held back, unless there is still a reason to hold it. */
  private deliver(): void {
    if (this.pausedByOwner || this.subscriber === null) return;
    this.clock.heard();
    this.attempt(state => state.resume());
    this.regulate();
  }

  /** Reads from the transport exactly while there is use for more bytes. */
  private regulate(): void {
    if (this.state === null || this.stage === 'ended') return;
    const { phase } = this.state;
    const still = this.pausedByOwner || this.subscriber === null;
    const pause = phase === 'authorize' || (phase === 'open' && still);
    if (pause === this.transportPaused) return;
    this.transportPaused = pause;
    this.clock.heard();
    if (pause) this.transport.pause?.();
    else this.transport.resume?.();
  }

  /** @internal */
  write(frame: Uint8Array): void {
    if (this.stage !== 'running') return;
    this.clock.said();
    try {
      this.transport.next(frame);
    } catch (error) {
      return this.fail(transportFailure(error, this.phase));
    }
    const queued = this.transport.queuedBytes;
    const { maxOutboundBytes } = this.limits;
    if (queued !== undefined && queued > maxOutboundBytes) {
      return this.fail(new LimitExceededError('maxOutboundBytes', maxOutboundBytes, queued));
    }
    if (this.owner === null || this.full !== null) return;
    const { writable } = this.transport;
    if (writable instanceof BehaviorSubject && isFull(writable)) this.followWritable();
  }

  private attempt(act: (state: SecureState) => void): void {
    if (this.state === null) return;
    try {
      act(this.state);
    } catch (error) {
      this.onStateFailed(error);
    }
  }

  private onStateFailed(error: unknown): void {
    if (this.stage === 'closing' && error instanceof TransportClosedError) this.finish();
    else this.fail(error);
  }

  private fail(error: unknown): void {
    this.finish({ error }, { reason: error });
  }

  /** The one way out. Everything is free before anybody is told, so that a subscriber may connect again at once. */
  private finish(
    failure: { readonly error: unknown } | null = null,
    tearDown: { readonly reason: unknown } | null = null,
  ): void {
    if (this.stage === 'ended') return;
    this.stage = 'ended';
    this.failure = failure;
    this.stopTimers();
    this.state?.wipe();
    if (this.heir === null) this.inbound?.unsubscribe();
    if (tearDown !== null) {
      try {
        this.transport.error(tearDown.reason);
      } catch {
        // It is gone all the same, and why has been said.
      }
    }
    if (failure === null) this.openedSubject?.complete();
    else this.openedSubject?.error(failure.error);
    if (this.endedSubject !== null) tell(this.endedSubject);
    if (failure === null) this.subscriber?.complete();
    else this.subscriber?.error(failure.error);
  }

  private stopTimers(): void {
    this.forgetPending();
    this.full?.unsubscribe();
    this.clock.stop();
  }

  private after(delayMs: number, act: () => void): void {
    if (delayMs > 0 && this.stage !== 'ended') this.addPending(this.scheduler.schedule(act, delayMs));
  }

  private addPending(subscription: Subscription): void {
    this.pending ??= new Subscription();
    this.pending.add(subscription);
  }

  private forgetPending(): void {
    const { pending } = this;
    this.pending = null;
    pending?.unsubscribe();
  }

  /** Tells the owner whether the transport takes more, for good or until it does again. */
  private followWritable(): void {
    const { transport, owner } = this;
    const following = new Subscription();
    this.full = following;
    const next = (writable: boolean): void => {
      if (writable && transport.writable instanceof BehaviorSubject) {
        following.unsubscribe();
        this.full = null;
      }
      owner?.writable(writable);
    };
    following.add(transport.writable?.subscribe({ next, error: () => undefined })); // that it failed is said elsewhere
  }

  private get ended(): AsyncSubject<void> {
    if (this.endedSubject === null) {
      this.endedSubject = new AsyncSubject();
      if (this.stage === 'ended') tell(this.endedSubject);
    }
    return this.endedSubject;
  }

  private get phase(): ConnectionPhase {
    const phase = this.state?.phase ?? 'ended';
    return phase === 'ended' || this.stage === 'closing' ? 'close' : phase;
  }

  private requireState(): SecureState {
    if (this.state === null) throw new TypeError('payloads can be sent only while a session is open');
    return this.state;
  }
}

function isFull(writable: BehaviorSubject<unknown>): boolean {
  try {
    return !writable.value;
  } catch {
    return false; // it failed, which is said elsewhere
  }
}

function announce(opened: AsyncSubject<Session | null>, session: Session | null): void {
  opened.next(session);
  opened.complete();
}

function tell(ended: AsyncSubject<void>): void {
  ended.next();
  ended.complete();
}
