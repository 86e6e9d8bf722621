import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Pausable } from '../connection/Pausable.js';
import { isHypercoreError } from '../errors.js';
import { LogClosedError } from '../logErrors.js';
import type { CoreReplication } from './CoreReplication.js';
import { Wish } from './Wish.js';

/** One block of a core, proved against the signature of its writer. @public */
export interface CoreBlock {
  readonly index: number;
  /** As it was appended; decrypted, if the core is encrypted. The subscriber's own. */
  readonly value: Uint8Array;
  /** The fork it belongs to. */
  readonly fork: number;
}

/** Which blocks {@link Core.blocks} emits, and how far ahead it asks for them. @public */
export interface CoreBlocksOptions {
  /** First block; 0 by default. */
  readonly start?: number;
  /** The block behind the last; by default there is no bound with `live`, else the length that the remotes speak of. */
  readonly end?: number;
  /** Whether to wait for blocks that are not written yet; `false` by default. */
  readonly live?: boolean;
  /** CoreBlocks that are asked for, or here, ahead of what was emitted; 64 by default. */
  readonly window?: number;
}

/**
 * The blocks of a core in order, taken from the storage or from remotes, no faster than its subscribers take them. It is
 * what {@link Core.blocks} returns; see there.
 *
 * @public
 */
export class CoreBlocks extends Observable<CoreBlock> implements Pausable {
  private readonly readers = new Set<BlockReader>();
  private holds = 0;

  /** @internal */
  constructor(
    ready: (options: CoreBlocksOptions) => Promise<{ replication: CoreReplication; end: number }>,
    options: CoreBlocksOptions,
  ) {
    super(subscriber => {
      const reader = new BlockReader(subscriber, options, () => this.holds > 0);
      this.readers.add(reader);
      subscriber.add(() => {
        this.readers.delete(reader);
        reader.stop();
      });
      ready(options).then(
        ({ replication, end }) => reader.start(replication, end),
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  /**
   * Emits nothing until the result is unsubscribed, and asks for no more than the window already allows. Who asks is counted;
   * it holds for all subscribers. {@link paced} and {@link pullFrom} do this for a slow consumer.
   */
  pause(): Subscription {
    this.holds++;
    return new Subscription(() => {
      if (--this.holds > 0) return;
      for (const reader of [...this.readers]) reader.advance();
    });
  }
}

/** One subscription: emits what is here, in order, and wishes for what comes next. */
class BlockReader {
  private replication: CoreReplication | null = null;
  private wish: Wish | null = null;
  private next: number;
  private end = 0;
  private reading = false;
  private readonly subscription = new Subscription();

  constructor(
    private readonly subscriber: Subscriber<CoreBlock>,
    private readonly options: CoreBlocksOptions,
    private readonly isPaused: () => boolean,
  ) {
    this.next = options.start ?? 0;
  }

  start(replication: CoreReplication, end: number): void {
    const { subscriber } = this;
    if (subscriber.closed) return;
    this.replication = replication;
    this.end = end;
    this.wish = new Wish(this.next, this.next, 0);
    this.subscription.add(
      replication.log.changes.subscribe({
        next: change => {
          if (change.type === 'fork') this.cut(change.ancestors);
          if (change.type === 'have' || change.type === 'fork' || change.type === 'conflict') this.advance();
        },
        error: error => subscriber.error(error),
        complete: () => subscriber.error(new LogClosedError()),
      }),
    );
    this.subscription.add(
      replication.events.subscribe(event => {
        if (event.type === 'storage-failed') subscriber.error(event.error);
      }),
    );
    replication.wish(this.wish);
    this.advance();
  }

  stop(): void {
    this.subscription.unsubscribe();
    if (this.wish !== null) this.replication?.unwish(this.wish);
  }

  /** Emits what is here; one reading at a time, so that the order holds however long each takes. */
  advance(): void {
    if (this.reading || this.replication === null || this.subscriber.closed) return;
    this.reading = true;
    void this.read(this.replication).then(() => {
      this.reading = false;
      // What came, or who let go, between the last look and now.
      if (this.canRead() || this.isStuck()) this.advance();
    });
  }

  private canRead(): boolean {
    const { replication, next, subscriber } = this;
    if (replication === null || subscriber.closed || this.isPaused()) return false;
    return next < this.end && next < replication.log.length && replication.log.has(next);
  }

  /** Whether what comes next will never come. */
  private isStuck(): boolean {
    const { replication } = this;
    return replication !== null && replication.log.conflict !== null && !this.isPaused();
  }

  private async read({ log }: CoreReplication): Promise<void> {
    const { subscriber } = this;
    this.moveWindow();
    while (this.canRead()) {
      const index = this.next;
      const { fork } = log;
      let value: Uint8Array;
      try {
        value = await log.get(index);
      } catch (error) {
        if (isHypercoreError(error) && error.code === 'ERR_BLOCK_NOT_AVAILABLE') break; // cleared meanwhile
        subscriber.error(error);
        return;
      }
      if (index !== this.next || fork !== log.fork) continue; // cut meanwhile
      if (this.isPaused()) break; // read again later: nothing is kept
      this.next = index + 1;
      subscriber.next({ index, value, fork });
      this.moveWindow();
    }
    if (this.next >= this.end) subscriber.complete();
    else if (this.isStuck()) subscriber.error(log.conflict);
  }

  /** What the subscriber has taken makes room for as much to be asked for. */
  private moveWindow(): void {
    const { wish, replication } = this;
    if (wish === null || replication === null) return;
    const { window = 64 } = this.options;
    const end = Math.min(this.end, this.next + window);
    // Half a window at a time: one search, and one turn on the wire, for many blocks.
    if (end - wish.end < Math.max(1, window >>> 1) && end < this.end && this.next < wish.end) return;
    if (end === wish.end) return;
    wish.end = end;
    replication.schedule();
  }

  /** The log goes on at `ancestors` under another fork: so does what is emitted. */
  private cut(ancestors: number): void {
    if (ancestors >= this.next || this.wish === null) return;
    this.next = Math.max(ancestors, this.options.start ?? 0);
    this.replication?.unwish(this.wish);
    this.wish = new Wish(this.next, this.next, 0);
    this.replication?.wish(this.wish);
    // A block may be being read, and then nobody else opens the window before there is something to read.
    this.moveWindow();
  }
}
