import {
  asapScheduler,
  asyncScheduler,
  AsyncSubject,
  BehaviorSubject,
  concat,
  defer,
  distinctUntilChanged,
  from,
  type Observable,
  type SchedulerLike,
  Subject,
  Subscription,
} from 'rxjs';
import type { Duplex } from '../Duplex.js';
import type { Limits } from '../limits.js';
import { MuxState, type PackingOptions, type PairRequest } from './MuxState.js';
import { type ChannelDefinition, ProtocolChannel } from './ProtocolChannel.js';
import { ReadingHolds } from './ReadingHolds.js';

/** How a {@link Multiplexer} works. @public */
export interface MultiplexOptions {
  readonly limits?: Partial<Limits>;
  readonly packing?: Partial<PackingOptions>;
  /** False never rejects what the remote opens: the Rust crate takes a reject for an error. True by default. */
  readonly rejects?: boolean;
  /** Whether the link takes more without queueing. */
  readonly drained?: Observable<boolean>;
  /** Asks to pause (true) and to resume (false) what feeds the link. */
  readonly onPressure?: (paused: boolean) => void;
  /** Runs the timers; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
  /** Ends the turn in which messages gather into one payload; `asapScheduler`, a microtask, by default. */
  readonly flushScheduler?: SchedulerLike;
}

/** A channel that the remote opened and that nobody here has. @public */
export interface IncomingOpen {
  /** The name the remote used. */
  readonly protocol: string;
  readonly id: Uint8Array | null;
  /** Opens it here too; under its own `protocol` if the definition names one, for which the remote's is then an alias. */
  accept<M extends object, H = void>(
    definition: Omit<ChannelDefinition<M, H>, 'protocol' | 'id'> & { readonly protocol?: string },
  ): ProtocolChannel<M, H>;
  /** Refuses it. */
  reject(): void;
}

/** An open that waits for a decision, and the timer that makes it. */
interface Undecided {
  readonly incoming: IncomingOpen;
  timer: Subscription | null;
}

/** As many undecided opens are never worth looking through. */
const FEW = 64;

/**
 * Channels over a link of payloads, as Protomux has them over its stream.
 *
 * It subscribes to the link when it is made and until it ends: by `close()`, by `destroy()`, when the link ends or fails, or
 * when the remote violates the protocol; then the link is told with `error`.
 *
 * @public
 */
export class Multiplexer {
  private readonly mux: MuxState;
  private readonly subscription = new Subscription();
  private readonly incomingSubject = new Subject<IncomingOpen>();
  private readonly undecided = new Map<PairRequest, Undecided>();
  /** How many undecided opens are worth looking for those that the remote took back. */
  private lookAt = FEW;
  private readonly drainedSubject = new BehaviorSubject(true);
  private readonly closedSubject = new AsyncSubject<never>();
  private readonly scheduler: SchedulerLike;
  private readonly flushScheduler: SchedulerLike;
  private readonly reading: ReadingHolds;
  /** While early messages enough are held. */
  private pressure = Subscription.EMPTY;
  private ended = false;

  /** Whether the link takes more without queueing; replays its value. */
  readonly drained: Observable<boolean> = this.drainedSubject.pipe(distinctUntilChanged());

  constructor(
    private readonly link: Duplex<Uint8Array>,
    options: MultiplexOptions = {},
  ) {
    const { limits = {}, packing = {}, rejects = true, onPressure, drained } = options;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.flushScheduler = options.flushScheduler ?? asapScheduler;
    this.reading = new ReadingHolds(
      () => onPressure?.(true),
      () => onPressure?.(false),
    );
    this.mux = new MuxState({
      output: { payload: (buffer, start, end) => link.next(buffer.subarray(start, end)) },
      limits,
      packing,
      rejects,
      onPressure: paused => {
        if (paused) this.pressure = this.reading.hold();
        else this.pressure.unsubscribe();
      },
      onQueued: () => this.later(() => this.guarded(() => this.mux.flush())),
      onUnpaired: request => this.onIncoming(request),
    });
    if (drained !== undefined) {
      this.subscription.add(
        drained.subscribe(value => {
          this.mux.setDrained(value);
          this.drainedSubject.next(value);
        }),
      );
    }
    this.subscription.add(
      link.subscribe({
        next: payload => this.guarded(() => this.mux.receive(payload)),
        error: error => this.finish({ error }),
        complete: () => this.finish(null),
      }),
    );
    if (this.ended) this.subscription.unsubscribe();
  }

  /**
   * What the remote opened and nobody here has; new subscribers first get those still undecided. Each is rejected at the
   * end of the turn if nobody is subscribed, else after `limits.answerTimeoutMs`, unless a channel took it.
   */
  get incoming(): Observable<IncomingOpen> {
    return defer(() => {
      const waiting = [...this.undecided]
        .filter(([request]) => request.parked)
        .map(([, { incoming }]) => incoming);
      return concat(from(waiting), this.incomingSubject);
    });
  }

  /** Emits nothing; completes when the link ended or was closed, fails with what ended it; replays. */
  get closed(): Observable<never> {
    return this.closedSubject.asObservable();
  }

  /** Open or opening channels. */
  get size(): number {
    return this.mux.size;
  }

  /**
   * Opens a channel. If the remote has opened it already, they connect at the end of the turn.
   *
   * @throws TypeError if one is open for the same protocol and id and `unique` is not false, or after the end;
   * LimitExceededError (`maxChannels`).
   */
  channel<M extends object, H = void>(definition: ChannelDefinition<M, H>): ProtocolChannel<M, H> {
    const channel = new ProtocolChannel(this.mux, definition, this.drained, () => this.pause());
    channel.open();
    return channel;
  }

  /**
   * Asks through `onPressure` that nothing be read from the link until the result is unsubscribed. Who asks is counted;
   * without `onPressure` it has no effect.
   */
  pause(): Subscription {
    return this.reading.hold();
  }

  /** Closes every channel, then completes the link. */
  close(): void {
    if (this.ended) return;
    this.mux.closeAll();
    this.guarded(() => this.mux.flush());
    this.destroy();
  }

  /** Ends at once: channels fail with `ERR_CHANNEL_CLOSED`, the link is told `error`, or completed if there is none. */
  destroy(error?: unknown): void {
    if (this.ended) return;
    this.finish(error === undefined ? null : { error });
    if (error === undefined) this.link.complete();
    else this.link.error(error);
  }

  private onIncoming(request: PairRequest): void {
    if (this.undecided.size >= this.lookAt) this.settleTakenBack();
    const settle = (): void => this.settle(request);
    const { protocol, id } = request;
    const incoming: IncomingOpen = {
      protocol,
      id,
      reject: settle,
      accept: definition => {
        const name = definition.protocol ?? protocol;
        const aliases = [...(definition.aliases ?? []), ...(name === protocol ? [] : [protocol])];
        const channel = this.channel({ ...definition, protocol: name, id, aliases });
        settle();
        return channel;
      },
    };
    const undecided: Undecided = { incoming, timer: null };
    this.undecided.set(request, undecided);
    this.incomingSubject.next(incoming);
    this.later(() => {
      const { answerTimeoutMs } = this.mux.limits;
      if (!request.parked || !this.incomingSubject.observed) settle();
      else if (answerTimeoutMs > 0 && this.undecided.has(request))
        undecided.timer = this.scheduler.schedule(settle, answerTimeoutMs);
    });
  }

  private settle(request: PairRequest): void {
    this.undecided.get(request)?.timer?.unsubscribe();
    this.undecided.delete(request);
    request.settle();
  }

  /** A remote that opens and takes back, again and again, must not pile up opens that nobody will ever answer. */
  private settleTakenBack(): void {
    for (const request of [...this.undecided.keys()]) if (!request.parked) this.settle(request);
    this.lookAt = Math.max(FEW, 2 * this.undecided.size);
  }

  private later(work: () => void): void {
    this.flushScheduler.schedule(() => {
      if (!this.ended) work();
    });
  }

  /** Whatever comes out of the multiplexer as an exception ends it. */
  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.destroy(error);
    }
  }

  private finish(failure: { readonly error: unknown } | null): void {
    if (this.ended) return;
    this.ended = true;
    this.reading.end();
    this.subscription.unsubscribe();
    for (const { timer } of this.undecided.values()) timer?.unsubscribe();
    this.undecided.clear();
    this.mux.destroy(failure?.error);
    this.drainedSubject.complete();
    this.incomingSubject.complete();
    if (failure === null) this.closedSubject.complete();
    else this.closedSubject.error(failure.error);
  }
}

/**
 * Puts a {@link Multiplexer} on a link of payloads.
 *
 * @example
 * ```ts
 * const mux = multiplex()(link);
 * const chat = mux.channel({ protocol: 'example/chat', messages: { say: text } });
 * ```
 *
 * @public
 */
export function multiplex(options: MultiplexOptions = {}): (link: Duplex<Uint8Array>) => Multiplexer {
  return link => new Multiplexer(link, options);
}
