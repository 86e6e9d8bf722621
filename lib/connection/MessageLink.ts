import { asyncScheduler, Observable, of, type SchedulerLike, type Subscription } from 'rxjs';
import {
  FrameTooLargeError,
  isHypercoreError,
  TransportClosedError,
  TransportFailedError,
} from '../errors.js';
import { type Limits, verifyLimits } from '../limits.js';
import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';
import type { PayloadLink } from './PayloadLink.js';
import type { SecuredTransport } from './SecuredTransport.js';

/**
 * A link over a connection that somebody else has encrypted and framed (a hyperswarm connection): payloads pass as they
 * are. Handshake and keep-alive are its maker's business; the size of a payload and the wait for an orderly end are ours.
 *
 * @internal
 */
export class MessageLink extends Observable<Uint8Array> implements PayloadLink {
  readonly session: Session;
  readonly opened: Observable<Session>;
  readonly writable: Observable<boolean>;
  private readonly limits: Limits;
  private readonly scheduler: SchedulerLike;
  private inbound: Subscription | null = null;
  private closing: Subscription | null = null;
  private released = false;

  constructor(
    private readonly transport: SecuredTransport,
    options: { readonly limits?: Partial<Limits>; readonly scheduler?: SchedulerLike },
  ) {
    super(subscriber => {
      subscriber.add(() => {
        this.closing?.unsubscribe();
        if (!this.released) transport.error(new TransportClosedError('close'));
      });
      this.inbound = transport.subscribe({
        next: payload => {
          const { maxFrameBytes } = this.limits;
          if (payload.length > maxFrameBytes)
            subscriber.error(new FrameTooLargeError(payload.length, maxFrameBytes));
          else if (payload.length > 0) subscriber.next(payload);
        },
        error: error => subscriber.error(isHypercoreError(error) ? error : new TransportFailedError(error)),
        complete: () => {
          if (this.closing === null) subscriber.error(new TransportClosedError('open'));
          else subscriber.complete();
        },
      });
      subscriber.add(this.inbound);
      this.endWait = () => subscriber.complete();
    });
    this.session = transport.session;
    this.opened = of(transport.session);
    this.writable = transport.writable ?? of(true);
    this.limits = verifyLimits(options.limits);
    this.scheduler = options.scheduler ?? asyncScheduler;
  }

  sendInPlace(buffer: Uint8Array, start: number, end: number): void {
    this.transport.next(buffer.subarray(start, end));
  }

  complete(): void {
    if (this.closing !== null) return;
    this.transport.complete();
    this.closing = this.scheduler.schedule(() => this.endWait(), this.limits.closeTimeoutMs);
  }

  error(error: unknown): void {
    this.inbound?.unsubscribe();
    this.closing?.unsubscribe();
    this.transport.error(error);
  }

  pause(): void {
    this.transport.pause?.();
  }

  resume(): void {
    this.transport.resume?.();
  }

  release(): Transport {
    this.released = true;
    this.inbound?.unsubscribe();
    return this.transport;
  }

  /** Set while subscribed: what to do when the remote does not end in time. */
  private endWait: () => void = () => undefined;
}
