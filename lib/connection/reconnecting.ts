import {
  BehaviorSubject,
  catchError,
  EMPTY,
  from,
  Observable,
  type ObservableInput,
  type Subscriber,
  Subscription,
  switchMap,
} from 'rxjs';
import { isHypercoreError } from '../errors.js';
import { verifyTimeout } from '../transports/verifyTimeout.js';
import { type Backoff, type BackoffOptions, delayOf, untilRetry, verifyBackoff } from './backoff.js';
import type { ConnectionState } from './connectionState.js';
import { followProtocol } from './followProtocol.js';
import type { Protocol } from './Protocol.js';

/** When to connect again. @public */
export interface ReconnectOptions extends BackoffOptions {
  /** How long a connection must be open for the delays to begin anew after it, in milliseconds; 10,000 by default. */
  readonly stableAfterMs?: number;
}

/**
 * A connection that comes back: see {@link reconnecting}.
 *
 * Emits the protocol of each connection; who subscribes later gets the one that is there. All subscribers share one
 * connection: the first connects, the last one to leave disconnects. Completes when this side closed it, fails with
 * what is not worth a further attempt; who subscribes after that connects anew.
 *
 * @public
 */
export class Reconnecting extends Observable<Protocol> {
  private readonly stateSubject = new BehaviorSubject<ConnectionState>({ status: 'idle' });
  private readonly subscribers = new Set<Subscriber<Protocol>>();
  private readonly stableAfterMs: number;
  private readonly backoff: Backoff;
  /** The attempt, or the wait for the next one. */
  private running = Subscription.EMPTY;
  private current: Protocol | null = null;
  /** Connections that came to nothing in a row. */
  private failures = 0;

  /** @internal */
  constructor(
    private readonly connection: Observable<Protocol>,
    options: ReconnectOptions,
  ) {
    super(subscriber => this.attach(subscriber));
    this.backoff = verifyBackoff(options);
    this.stableAfterMs = verifyTimeout('stableAfterMs', options.stableAfterMs ?? 10_000);
  }

  /** Where it stands; replays its value, so that `toSignal` takes it as it is. Subscribing to it connects nothing. */
  get state(): Observable<ConnectionState> {
    return this.stateSubject.asObservable();
  }

  /**
   * What `project` makes of each connection, as one stream over all of them: when a connection is lost, so is what was
   * made of it, and the next one takes its place. Other errors pass through.
   *
   * @example
   * ```ts
   * connection.use(protocol => protocol.open(key)).subscribe(message => console.log(message.type));
   * ```
   */
  use<T>(project: (protocol: Protocol) => ObservableInput<T>): Observable<T> {
    return this.pipe(
      switchMap(protocol =>
        from(project(protocol)).pipe(
          catchError(error => {
            if (isLoss(error)) return EMPTY;
            throw error;
          }),
        ),
      ),
    );
  }

  /** Does not wait any longer for the next attempt. */
  retryNow(): void {
    if (this.stateSubject.value.status === 'waiting') this.connect();
  }

  /** Ends the connection in order and completes; nobody connects again but a new subscriber. */
  close(): void {
    if (this.current !== null) this.current.close();
    else if (this.subscribers.size > 0) this.finish(null);
  }

  private attach(subscriber: Subscriber<Protocol>): () => void {
    this.subscribers.add(subscriber);
    if (this.subscribers.size === 1) this.connect();
    else if (this.current !== null) subscriber.next(this.current);
    return () => {
      if (!this.subscribers.delete(subscriber) || this.subscribers.size > 0) return;
      this.reset();
      this.stateSubject.next({ status: 'idle' });
    };
  }

  private connect(): void {
    this.running.unsubscribe();
    const running = (this.running = new Subscription());
    const attempt = this.failures + 1;
    this.stateSubject.next({ status: 'connecting', attempt });
    if (running.closed) return; // by a subscriber of the state
    running.add(
      this.connection.subscribe({
        next: protocol => this.follow(protocol, attempt, running),
        error: error => this.lost(error, running),
        complete: () => {
          if (this.current === null && !running.closed) this.finish(null);
        },
      }),
    );
  }

  private follow(protocol: Protocol, attempt: number, running: Subscription): void {
    this.current = protocol;
    const { scheduler } = this.backoff;
    this.stateSubject.next({ status: 'handshaking', attempt, protocol });
    if (running.closed) return;
    running.add(
      followProtocol(protocol, {
        open: () => {
          running.add(scheduler.schedule(() => (this.failures = 0), this.stableAfterMs));
          this.stateSubject.next({ status: 'open', protocol, remotePublicKey: protocol.remotePublicKey });
        },
        ended: error => {
          if (this.current !== protocol) return; // another one has taken its place
          if (error === null) this.finish(null);
          else this.lost(error, running);
        },
      }),
    );
    for (const subscriber of [...this.subscribers]) subscriber.next(protocol);
  }

  private lost(error: unknown, running: Subscription): void {
    if (running.closed) return;
    running.unsubscribe();
    this.current = null;
    const { backoff } = this;
    if (this.failures >= backoff.maxRetries || !backoff.worthRetry(error)) return this.finish(error, error);
    const nth = ++this.failures;
    const delayMs = delayOf(nth, backoff);
    const waiting = (this.running = new Subscription());
    const say = (paused: 'hidden' | 'offline' | null): void =>
      this.stateSubject.next({ status: 'waiting', attempt: nth + 1, delayMs, paused, error });
    let said = false;
    waiting.add(
      untilRetry(delayMs, backoff).subscribe({
        next: condition => {
          said = true;
          say(condition === 'ready' ? null : condition);
        },
        error: failure => this.finish(failure, failure),
        complete: () => this.connect(),
      }),
    );
    if (!said && !waiting.closed) say(null);
  }

  /** Over: with an error for the subscribers, or without. */
  private finish(reason: unknown, ...error: [] | [unknown]): void {
    const subscribers = [...this.subscribers];
    this.subscribers.clear();
    this.reset();
    this.stateSubject.next({ status: 'closed', error: reason });
    for (const subscriber of subscribers) {
      if (error.length === 0) subscriber.complete();
      else subscriber.error(error[0]);
    }
  }

  private reset(): void {
    this.failures = 0;
    this.current = null;
    this.running.unsubscribe();
  }
}

/**
 * Connects again whenever the connection is lost: after a delay that grows up to a limit and is partly random, not while
 * the page is hidden or the browser offline, and at once when that is over.
 *
 * The source connects once for each subscription, as `webSocketConnect(…).pipe(hypercoreProtocol(…))` does. A connection
 * is lost when it could not be made, when it fails, and when the remote ends it; not when this side closes it.
 *
 * @example
 * ```ts
 * const connection = reconnecting(webSocketConnect(() => url).pipe(hypercoreProtocol({ initiator: true })));
 * connection.state.subscribe(state => console.log(state.status)); // idle, connecting, handshaking, open, waiting, closed
 * connection.use(protocol => protocol.open(key)).subscribe(message => console.log(message.type));
 * ```
 *
 * @throws RangeError at once for numbers that make no sense.
 * @public
 */
export function reconnecting(connection: Observable<Protocol>, options: ReconnectOptions = {}): Reconnecting {
  return new Reconnecting(connection, options);
}

/** Whether an error says no more than that the connection is gone, of which it is told anyway. */
function isLoss(error: unknown): boolean {
  return isHypercoreError(error) && (error.scope === 'connection' || error.code === 'ERR_CHANNEL_CLOSED');
}
