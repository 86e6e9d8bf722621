import { Subscriber } from 'rxjs';
import type { Transport } from '../transports/Transport.js';
import type { Protocol } from './Protocol.js';

/**
 * The connections that one subscription to {@link hypercoreProtocol} owns: it completes when the source has and the last
 * of them has ended, and tears them down with itself. What `mergeMap` would do, at a tenth of the memory for each.
 *
 * @internal
 */
export class Connections<O> {
  /** Nearly always the only one, unless the source is a server. */
  private first: Protocol | null = null;
  private others: Set<Protocol> | null = null;
  private sourceEnded = false;
  /** They may hold a secret key, which nothing that an application can walk to may show. */
  readonly #options: O;

  constructor(
    private readonly subscriber: Subscriber<Protocol>,
    options: O,
    /** Makes what was not started. */
    private readonly make: (transport: Transport, options: O) => Protocol,
  ) {
    this.#options = options;
  }

  add(transport: Transport): void {
    const { subscriber } = this;
    const protocol = this.make(transport, this.#options);
    if (this.first === null) this.first = protocol;
    else (this.others ??= new Set()).add(protocol);
    subscriber.next(protocol);
    if (subscriber.closed) return;
    protocol.owner = this;
    protocol.start();
  }

  /** The connection has ended, and everybody was told. */
  over(protocol: Protocol): void {
    if (this.first === protocol) this.first = null;
    else this.others?.delete(protocol);
    this.completeIfDone();
  }

  noMore(): void {
    this.sourceEnded = true;
    this.completeIfDone();
  }

  fail(error: unknown): void {
    this.subscriber.error(error);
  }

  /** Tears them down: what a Subscription does with what was added to it. */
  unsubscribe(): void {
    const { first, others } = this;
    this.first = this.others = null;
    first?.destroy();
    for (const protocol of others ?? []) protocol.destroy();
  }

  private completeIfDone(): void {
    if (!this.sourceEnded || this.first !== null) return;
    if (this.others === null || this.others.size === 0) this.subscriber.complete();
  }
}

/** Brings the transports of a source. @internal */
export class TransportReader extends Subscriber<Transport> {
  constructor(private readonly connections: Pick<Connections<never>, 'add' | 'noMore' | 'fail'>) {
    super();
  }

  protected override _next(transport: Transport): void {
    try {
      this.connections.add(transport);
    } catch (error) {
      this.error(error);
    }
  }

  protected override _error(error: unknown): void {
    try {
      this.connections.fail(error);
    } finally {
      this.unsubscribe();
    }
  }

  protected override _complete(): void {
    try {
      this.connections.noMore();
    } finally {
      this.unsubscribe();
    }
  }
}
