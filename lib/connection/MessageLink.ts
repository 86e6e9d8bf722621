import {
  asyncScheduler,
  AsyncSubject,
  defer,
  Observable,
  type SchedulerLike,
  type Subscriber,
  Subscription,
  type Unsubscribable,
} from 'rxjs';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import {
  FrameTooLargeError,
  LimitExceededError,
  RemoteKeyMismatchError,
  TimeoutExceededError,
  TransportClosedError,
} from '../errors.js';
import { type Limits, verifyLimits } from '../limits.js';
import { admit } from '../secret/admit.js';
import { ReleasedTransport } from '../secret/ReleasedTransport.js';
import type { Authorizer } from '../secret/SecureLinkOptions.js';
import type { Session } from '../secret/Session.js';
import { transportFailure } from '../secret/transportFailure.js';
import type { Transport } from '../transports/Transport.js';
import type { PayloadLink } from './PayloadLink.js';
import type { SecuredTransport } from './SecuredTransport.js';

/** What concerns a link over a connection that somebody else secured. @internal */
export interface MessageLinkOptions {
  readonly crypto: CryptoBackend;
  readonly remotePublicKey?: Uint8Array;
  readonly authorize?: Authorizer;
  readonly limits?: Partial<Limits>;
  readonly scheduler?: SchedulerLike;
}

/**
 * A link over a connection that somebody else has encrypted and framed (a hyperswarm connection): payloads pass as they
 * are. Handshake and keep-alive are its maker's business; the size of a payload, what waits in either direction and the
 * wait for an orderly end are ours.
 *
 * While it is paused it emits nothing, also if its transport cannot be paused: what arrives is kept, up to
 * `limits.maxEarlyBytes` or one payload of the largest size, whichever is more.
 *
 * @internal
 */
export class MessageLink extends Observable<Uint8Array> implements PayloadLink {
  readonly session: Session;
  private readonly openedSubject = new AsyncSubject<Session>();
  readonly writable: Observable<boolean>;
  private readonly limits: Limits;
  private readonly scheduler: SchedulerLike;
  private subscriber: Subscriber<Uint8Array> | null = null;
  private inbound: Subscription | null = null;
  private closing: Subscription | null = null;
  private released = false;
  /** Takes what still comes in for the next owner of the transport. */
  private heir: ReleasedTransport | null = null;
  private paused = false;
  private admitted = false;
  private delivering = false;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  /** The transport completed while payloads were held. */
  private ended = false;

  constructor(
    private readonly transport: SecuredTransport,
    private readonly options: MessageLinkOptions,
  ) {
    super(subscriber => {
      this.subscriber = subscriber;
      subscriber.add(() => {
        this.closing?.unsubscribe();
        this.held = [];
        if (!this.released) transport.error(new TransportClosedError('close'));
      });
      this.inbound = transport.subscribe({
        next: payload => this.receive(payload),
        error: error => this.fail(transportFailure(error, this.closing === null ? 'open' : 'close')),
        complete: () => this.end(),
      });
      subscriber.add(() => {
        if (this.heir === null) this.inbound?.unsubscribe();
        this.openedSubject.complete();
      });
      this.admit(subscriber);
    });
    this.session = transport.session;
    this.writable = transport.writable ?? defer(() => [true]);
    this.limits = verifyLimits(options.limits);
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  /** Emits when the remote is known to be welcome and payloads may be sent: not before this link is subscribed. */
  get opened(): Observable<Session> {
    return this.openedSubject.asObservable();
  }

  watchWritable(next: (writable: boolean) => void): Unsubscribable {
    return this.writable.subscribe({ next, error: () => undefined }); // that it failed is said elsewhere
  }

  sendInPlace(buffer: Uint8Array, start: number, end: number): void {
    this.transport.next(buffer.subarray(start, end));
    const queued = this.transport.queuedBytes ?? 0;
    const { maxOutboundBytes } = this.limits;
    if (queued > maxOutboundBytes) {
      this.subscriber?.error(new LimitExceededError('maxOutboundBytes', maxOutboundBytes, queued));
    }
  }

  complete(): void {
    if (this.closing !== null) return;
    this.transport.complete();
    this.closing = this.after(this.limits.closeTimeoutMs, () => this.subscriber?.complete());
  }

  error(error: unknown): void {
    this.inbound?.unsubscribe();
    this.closing?.unsubscribe();
    this.transport.error(error);
  }

  pause(): void {
    this.paused = true;
    this.transport.pause?.();
  }

  resume(): void {
    this.paused = false;
    this.deliver();
    if (!this.paused) this.transport.resume?.();
  }

  release(): Transport {
    this.released = true;
    if (this.held.length > 0) return this.bequeath();
    this.inbound?.unsubscribe();
    if (this.paused) this.transport.resume?.();
    return this.transport;
  }

  /** What was held comes first for whoever subscribes to the result. */
  private bequeath(): Transport {
    const { maxEarlyBytes } = this.limits;
    const heir = new ReleasedTransport(this.transport, this.heldBytes + maxEarlyBytes, () =>
      this.inbound?.unsubscribe(),
    );
    for (const payload of this.held) heir.receive(payload);
    this.held = [];
    if (this.ended) heir.settle({});
    return (this.heir = heir);
  }

  /** The remote's key is checked here as on any connection: first the pin, then the authorizer. */
  private admit(subscriber: Subscriber<Uint8Array>): void {
    const { crypto, remotePublicKey, authorize } = this.options;
    const { session } = this;
    if (remotePublicKey !== undefined && !crypto.equal(remotePublicKey, session.remotePublicKey)) {
      subscriber.error(new RemoteKeyMismatchError());
      return;
    }
    if (authorize === undefined) return this.welcome();
    const { handshakeTimeoutMs } = this.limits;
    const late = this.after(handshakeTimeoutMs, () =>
      subscriber.error(new TimeoutExceededError('authorize', handshakeTimeoutMs)),
    );
    subscriber.add(late);
    subscriber.add(
      admit(authorize, new Uint8Array(session.remotePublicKey)).subscribe({
        next: () => {
          late.unsubscribe();
          this.welcome();
        },
        error: error => subscriber.error(error),
      }),
    );
  }

  private welcome(): void {
    this.admitted = true;
    this.openedSubject.next(this.session);
    this.openedSubject.complete();
    this.deliver();
  }

  private after(delayMs: number, act: () => void): Subscription {
    return delayMs > 0 ? this.scheduler.schedule(act, delayMs) : new Subscription();
  }

  private fail(error: unknown): void {
    if (this.heir === null) this.subscriber?.error(error);
    else this.heir.settle({ error });
  }

  private end(): void {
    this.ended = true;
    if (this.heir === null) this.deliver();
    else this.heir.settle({});
  }

  private receive(payload: Uint8Array): void {
    const { maxFrameBytes, maxEarlyBytes } = this.limits;
    if (this.heir !== null) return this.heir.receive(payload);
    if (payload.length === 0) return;
    if (payload.length > maxFrameBytes) {
      this.subscriber?.error(new FrameTooLargeError(payload.length, maxFrameBytes));
      return;
    }
    if (this.admitted && !this.paused && !this.delivering && this.held.length === 0) {
      this.subscriber?.next(payload);
      return;
    }
    this.held.push(payload);
    this.heldBytes += payload.length;
    const allowed = Math.max(maxEarlyBytes, maxFrameBytes);
    if (this.heldBytes > allowed) {
      this.subscriber?.error(new LimitExceededError('maxEarlyBytes', allowed, this.heldBytes));
    }
  }

  /** Emits what was held, and then the end that came meanwhile. */
  private deliver(): void {
    if (this.delivering || !this.admitted) return;
    this.delivering = true;
    while (!this.paused && this.held.length > 0) {
      const payload = this.held.shift()!;
      this.heldBytes -= payload.length;
      this.subscriber?.next(payload);
    }
    this.delivering = false;
    if (!this.ended || this.held.length > 0) return;
    if (this.closing === null) this.subscriber?.error(new TransportClosedError('open'));
    else this.subscriber?.complete();
  }
}
