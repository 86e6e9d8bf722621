import { Observable, type SchedulerLike, Subject, Subscription } from 'rxjs';
import type { Protocol } from '../connection/Protocol.js';
import { requireInteger } from '../crypto/byteChecks.js';
import { TimeoutExceededError } from '../errors.js';
import type { BytePlace, Log, SignatureOptions } from '../log/Log.js';
import type { Appended } from '../log/Writer.js';
import { BlockNotAvailableError, LogClosedError } from '../logErrors.js';
import { CoreBlocks, type CoreBlocksOptions } from './CoreBlocks.js';
import type { CoreEvent } from './CoreEvent.js';
import { type CoreProgress, coreProgress } from './CoreProgress.js';
import { CoreReplication } from './CoreReplication.js';
import type { ReplicationLimits } from './ReplicationLimits.js';
import { seekInCore } from './seekInCore.js';
import { Wish } from './Wish.js';

/** How long to wait for the network. @public */
export interface WaitOptions {
  /** Milliseconds until it fails with `ERR_TIMEOUT`; without it, or with 0, it waits for ever. */
  readonly timeoutMs?: number;
  /** `false` asks nobody: what is not here fails with `ERR_BLOCK_NOT_AVAILABLE`. */
  readonly wait?: boolean;
}

/** Which blocks to keep here. @public */
export interface DownloadOptions {
  /** First block; 0 by default. */
  readonly start?: number;
  /** The block behind the last; by default there is no bound with `live`, else the length that the remotes speak of. */
  readonly end?: number;
  /** Whether to go on with what is written later; `false` by default. */
  readonly live?: boolean;
}

/** What a core runs on. @internal */
export interface CoreOptions {
  readonly limits: ReplicationLimits;
  readonly scheduler: SchedulerLike;
  readonly flushScheduler?: SchedulerLike;
  readonly allowPush?: boolean;
}

/**
 * A core and its remotes: the verified log, and all that brings missing blocks here. Made by {@link Peer.core}; it opens by
 * itself, and everything waits for that. All fails with `ERR_LOG_CLOSED` after {@link Core.close}.
 *
 * @public
 */
export class Core {
  private readonly opening: Promise<CoreReplication>;
  private replication: CoreReplication | null = null;
  private session: Log | null = null;
  private readonly eventSubject = new Subject<CoreEvent>();
  private readonly connections = new Map<Protocol, Subscription>();
  /** Connections over which the remote did what no honest one does. */
  private readonly refused = new WeakSet<Protocol>();
  private closing: Promise<void> | null = null;

  /** @internal */
  constructor(
    opening: Promise<Log>,
    private readonly options: CoreOptions,
  ) {
    this.opening = opening.then(log => this.begin(log));
    this.opening.catch(() => undefined); // told to whoever uses it
  }

  /** What happens to the core on the network; hot, completes when it is closed. */
  get events(): Observable<CoreEvent> {
    return this.eventSubject.asObservable();
  }

  /** Whether {@link Core.close} was called. @internal */
  get isClosing(): boolean {
    return this.closing !== null;
  }

  /** Resolves once the core is open; rejects with why it could not be opened. */
  async ready(): Promise<Core> {
    await this.opening;
    return this;
  }

  /** The key (32 bytes), which is all another needs to read the core. Before {@link Core.ready} it throws a TypeError. */
  get key(): Uint8Array {
    return this.log.key;
  }

  /** BLAKE2b-256 of the key (32 bytes); likewise. */
  get discoveryKey(): Uint8Array {
    return this.log.discoveryKey;
  }

  /** Blocks in the tree that is proved here; 0 before the core is open. */
  get length(): number {
    return this.replication?.log.length ?? 0;
  }

  /** Bytes in those blocks, here or not. */
  get byteLength(): number {
    return this.session?.byteLength ?? 0;
  }

  /** How often the core was truncated. */
  get fork(): number {
    return this.replication?.log.fork ?? 0;
  }

  /** All blocks below it are here. */
  get contiguousLength(): number {
    return this.replication?.log.contiguousLength ?? 0;
  }

  /** The log under it, for what it can besides. Before {@link Core.ready} it throws a TypeError. */
  get log(): Log {
    if (this.session === null) throw new TypeError('the core is not open yet: wait for ready()');
    return this.session;
  }

  /**
   * Appends one block, or several as a whole, of up to 15 MiB each; resolves with the new length in blocks and bytes once they are
   * stored. The bytes must not be changed until then. See {@link Log.append}.
   *
   * Rejects, also with a RangeError or TypeError for what can be no block, and with `ERR_READ_ONLY`, `ERR_SIGNATURE`, `ERR_CONFLICT`,
   * `ERR_LOG_CLOSED`, `ERR_STORAGE_QUOTA`, `ERR_STORAGE_FAILED`.
   */
  async append(
    blocks: Uint8Array | readonly Uint8Array[],
    options: SignatureOptions = {},
  ): Promise<Appended> {
    return (await this.openLog()).append(blocks, options);
  }

  /** Cuts the core to `length` blocks, under a higher fork. See {@link Log.truncate}. */
  async truncate(length: number, options: SignatureOptions & { readonly fork?: number } = {}): Promise<void> {
    await (await this.openLog()).truncate(length, options);
  }

  /** Gives the room of blocks `start` to `end` back; they are still part of the core, and may be downloaded again. */
  async clear(start: number, end: number = start + 1): Promise<void> {
    await (await this.openLog()).clear(start, end);
  }

  /** Whether a block is here. */
  async has(index: number): Promise<boolean> {
    return (await this.openLog()).has(index);
  }

  /**
   * One block, from here or from whoever has it; a block that is not written yet is waited for.
   *
   * Rejects with `ERR_TIMEOUT` (phase `request`; without `timeoutMs` it waits for ever), `ERR_BLOCK_NOT_AVAILABLE` (with
   * `wait: false`), `ERR_CONFLICT`, `ERR_LOG_CLOSED`, or an error of the storage or of opening. The bytes are the caller's.
   *
   * @throws RangeError at once for an index that is none.
   */
  get(index: number, options: WaitOptions = {}): Promise<Uint8Array> {
    requireInteger('index', index, 0, Number.MAX_SAFE_INTEGER - 1);
    return this.fetch(index, options);
  }

  /**
   * The blocks in order: from the storage if they are here, else from whoever has them, each proved before it is emitted.
   *
   * The subscriber sets the pace. At most `window` blocks (64) are asked for or kept ahead of what was emitted, and a block
   * counts as taken when the subscriber's `next` returned. A subscriber that works on a block for longer says so by holding
   * {@link CoreBlocks.pause}: {@link paced} and {@link pullFrom} (`for await`) do that, with this as the link.
   *
   * Completes after block `end - 1`; without `live` that is at most the length which the remotes speak of at the time of
   * subscription, or the own one if there are none: before there is a connection a new core is over at once. If the core is
   * truncated below what was emitted, it goes on at the cut, with blocks of the new fork. Errors with an error of the
   * storage or of opening, `ERR_CONFLICT`, or `ERR_LOG_CLOSED`. Unsubscribing takes requests back on the wire.
   *
   * @example
   * ```ts
   * const core = peer.core(key);
   * const blocks = core.blocks({ live: true, window: 16 });
   * blocks.pipe(paced(blocks, ({ value }) => store.write(value), { highWaterMark: 4 })).subscribe();
   * for await (const { index } of pullFrom(core.blocks())) console.log(index);
   * ```
   *
   * @throws RangeError at once for options that make no sense.
   */
  blocks(options: CoreBlocksOptions = {}): CoreBlocks {
    verifyRow(options);
    requireInteger('window', options.window ?? 1, 1, Number.MAX_SAFE_INTEGER);
    return new CoreBlocks(async row => {
      const replication = await this.open();
      return { replication, end: await this.endOf(row) };
    }, options);
  }

  /**
   * Has blocks downloaded while it is subscribed. Emits nothing; completes when all are here, with `live` only if `end` is
   * given; without it the end is that of {@link Core.blocks}. Errors as that does. Unsubscribing takes requests back on the wire.
   *
   * @throws RangeError at once for options that make no sense.
   */
  download(options: DownloadOptions = {}): Observable<never> {
    verifyRow(options);
    return new Observable<never>(subscriber => {
      const start = async (): Promise<void> => {
        const replication = await this.open();
        const end = await this.endOf(options);
        if (subscriber.closed) return;
        const wish = new Wish(options.start ?? 0, end, 0);
        const isDone = (): boolean =>
          wish.start >= end ||
          (replication.log.length >= end && replication.log.firstMissing(wish.start, end) === -1);
        subscriber.add(() => replication.unwish(wish));
        subscriber.add(
          this.watch(
            () => {
              if (isDone()) subscriber.complete();
            },
            error => subscriber.error(error),
          ),
        );
        replication.wish(wish);
        if (isDone()) subscriber.complete();
        else if (replication.log.conflict !== null) subscriber.error(replication.log.conflict);
      };
      start().catch((error: unknown) => subscriber.error(error));
    });
  }

  /**
   * Waits until every remote said how long the core is, and a longer tree is proved; at most `timeoutMs`, by default
   * `limits.requestTimeoutMs`. Resolves to whether the core grew, at once if there are no remotes.
   */
  async update({
    timeoutMs = this.options.limits.requestTimeoutMs,
  }: Pick<WaitOptions, 'timeoutMs'> = {}): Promise<boolean> {
    const replication = await this.open();
    const { length, fork } = replication.log;
    if (!replication.isSettled) {
      replication.schedule();
      await this.until(() => replication.isSettled, timeoutMs, replication.changed).catch(
        (error: unknown) => {
          if (!(error instanceof TimeoutExceededError)) throw error;
        },
      );
    }
    return replication.log.length !== length || replication.log.fork !== fork;
  }

  /**
   * Finds the block that holds a byte, counted over all blocks as they were appended, and where in it; the network is asked for
   * what the tree here does not tell. Rejects like {@link Core.get}.
   *
   * @throws RangeError at once for a byte that is none.
   */
  seek(byte: number, options: WaitOptions = {}): Promise<BytePlace> {
    requireInteger('byte', byte, 0, Number.MAX_SAFE_INTEGER);
    return this.open().then(replication => seekInCore(replication, byte, options, this.options.scheduler));
  }

  /**
   * Sends a block that is here to every remote that allows it (`allowPush`) and has not got it, without being asked: hypercore 11,
   * and this library. Resolves with how many that are, once their links have taken it, so wait for it before you push more.
   *
   * Rejects with `ERR_BLOCK_NOT_AVAILABLE`, or an error of the storage.
   *
   * @example
   * ```ts
   * const core = peer.core({ keyPair });
   * const { length } = await core.append(value);
   * await core.push(length - 1);
   * ```
   *
   * @throws RangeError at once for an index that is none.
   */
  push(index: number): Promise<number> {
    requireInteger('index', index, 0, Number.MAX_SAFE_INTEGER - 1);
    return this.open().then(replication => {
      if (!replication.log.has(index)) throw new BlockNotAvailableError(index);
      return replication.push(index);
    });
  }

  /** How far the replication is: at once, and then when it changed, at most every `progressIntervalMs`. Completes with the core. */
  get progress(): Observable<CoreProgress> {
    const { limits, scheduler } = this.options;
    return new Observable(subscriber => {
      this.opening.then(
        replication =>
          subscriber.add(
            coreProgress(replication, limits.progressIntervalMs, scheduler).subscribe(subscriber),
          ),
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  /** Ends replication with every remote, and closes the log; resolves when its files are closed. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Replicates over a connection until the result is unsubscribed. @internal */
  attach(protocol: Protocol): Subscription {
    const existing = this.connections.get(protocol);
    if (existing !== undefined && !existing.closed) return existing;
    const subscription = new Subscription();
    this.connections.set(protocol, subscription);
    subscription.add(() => {
      if (this.connections.get(protocol) === subscription) this.connections.delete(protocol);
    });
    this.opening.then(
      replication => {
        if (subscription.closed || this.isClosing) return;
        if (replication.log.conflict !== null) return subscription.unsubscribe();
        const channel = protocol.open(replication.log.key);
        const replicating = replication.add(channel, {
          identity: () => protocol.remotePublicKey,
          dropped: () => this.refused.add(protocol),
        });
        replicating.add(() => subscription.unsubscribe());
        subscription.add(replicating);
      },
      () => subscription.unsubscribe(),
    );
    return subscription;
  }

  /** Whether the core is not replicated over a connection: a remote that was dropped is at its other end, or nobody is trusted. @internal */
  refuses(protocol: Protocol): boolean {
    return this.refused.has(protocol) || (this.replication?.log.conflict ?? null) !== null;
  }

  private begin(log: Log): CoreReplication {
    const replication = new CoreReplication(log.core, this.options);
    this.session = log;
    this.replication = replication;
    replication.events.subscribe(event => this.eventSubject.next(event));
    return replication;
  }

  private async end(): Promise<void> {
    const replication = await this.opening.catch(() => null);
    replication?.end();
    this.connections.clear();
    try {
      await this.session?.close();
    } finally {
      this.eventSubject.complete();
    }
  }

  /** What is asked of the core waits until it is open. */
  private async open(): Promise<CoreReplication> {
    const replication = await this.opening;
    if (this.isClosing) throw new LogClosedError();
    return replication;
  }

  private async openLog(): Promise<Log> {
    await this.open();
    return this.log;
  }

  private async endOf({ live = false, end }: DownloadOptions): Promise<number> {
    if (live) return end ?? Infinity;
    await this.update();
    return Math.min(end ?? Infinity, this.length);
  }

  private async fetch(index: number, { timeoutMs, wait = true }: WaitOptions): Promise<Uint8Array> {
    const replication = await this.open();
    const { log } = replication;
    const isHere = (): boolean => index < log.length && log.has(index);
    if (!isHere()) {
      if (!wait) throw new BlockNotAvailableError(index);
      if (log.conflict !== null) throw log.conflict;
      const wish = new Wish(index, index + 1, 1);
      replication.wish(wish);
      try {
        await this.until(isHere, timeoutMs, log.changes);
      } finally {
        replication.unwish(wish);
      }
    }
    return log.get(index);
  }

  /** Calls back on every change of the log, and with the error that ends the wait. */
  private watch(changed: () => void, failed: (error: unknown) => void): Subscription {
    const subscription = new Subscription();
    const replication = this.replication!;
    subscription.add(
      replication.log.changes.subscribe({
        next: change => {
          if (change.type === 'conflict') failed(change.error);
          else changed();
        },
        error: failed,
        complete: () => failed(new LogClosedError()),
      }),
    );
    subscription.add(
      replication.events.subscribe(event => {
        if (event.type === 'storage-failed') failed(event.error);
      }),
    );
    return subscription;
  }

  private until(holds: () => boolean, timeoutMs = 0, changes: Observable<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isClosing) return reject(new LogClosedError());
      const subscription = new Subscription();
      const fail = (error: unknown): void => {
        subscription.unsubscribe();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- handed on as it came
        reject(error);
      };
      const look = (): void => {
        if (!holds()) return;
        subscription.unsubscribe();
        resolve();
      };
      subscription.add(this.watch(look, fail));
      subscription.add(changes.subscribe({ next: look, complete: () => fail(new LogClosedError()) }));
      if (timeoutMs > 0) {
        subscription.add(
          this.options.scheduler.schedule(
            () => fail(new TimeoutExceededError('request', timeoutMs, 'log')),
            timeoutMs,
          ),
        );
      }
    });
  }
}

function verifyRow({ start = 0, end = Number.MAX_SAFE_INTEGER }: DownloadOptions): void {
  requireInteger('start', start, 0, Number.MAX_SAFE_INTEGER);
  if (end !== Infinity) requireInteger('end', end, start, Number.MAX_SAFE_INTEGER);
}
