import { Observable, type Subscriber, type Subscription, type Unsubscribable } from 'rxjs';
import type { LogChange } from './ReplicableLog.js';

/** A block and its number. @public */
export interface LogBlock {
  readonly index: number;
  /** The block as it was appended. It belongs to the subscriber. */
  readonly value: Uint8Array;
}

/** Which blocks, and in which order. @public */
export interface BlocksOptions {
  /** The first block; 0 by default. */
  readonly start?: number;
  /** The block behind the last one; by default the length the log has when the reading begins. */
  readonly end?: number;
  /** Goes on with what is appended later, up to `end` if there is one; `false` by default. */
  readonly live?: boolean;
  /** From the last block to the first; `false` by default. Not together with `live`. */
  readonly reverse?: boolean;
  /** Blocks read ahead of the subscriber; 16 by default. */
  readonly window?: number;
}

/** What is read from. @internal */
export interface BlockSource {
  readonly length: number;
  /** Resolves with the block; rejects if it will never be here. */
  get(index: number): Promise<Uint8Array>;
  /** Emits when the length may have changed, or blocks were cut off; completes when the log is closed. */
  readonly changes: Observable<LogChange>;
}

/**
 * Blocks one after another, as an Observable that can be paused: `pullFrom`, `paced` and `readableFrom` take it, so the
 * subscriber's pace is the pace of reading. Each subscription reads anew.
 *
 * @public
 */
export class LogBlocks extends Observable<LogBlock> {
  private readonly readers = new Set<Reader>();
  private pauses = 0;

  /** @internal */
  constructor(source: BlockSource, options: BlocksOptions = {}) {
    verify(options);
    super(subscriber => {
      const reader = new Reader(source, options, subscriber, () => this.pauses > 0);
      this.readers.add(reader);
      reader.begin();
      return () => {
        this.readers.delete(reader);
        reader.stop();
      };
    });
  }

  /** Stops reading until the result is unsubscribed; not more than `window` blocks are read meanwhile. Who asks is counted. */
  pause(): Unsubscribable {
    this.pauses++;
    let paused = true;
    return {
      unsubscribe: () => {
        if (!paused) return;
        paused = false;
        this.pauses--;
        if (this.pauses === 0) for (const reader of this.readers) reader.step();
      },
    };
  }
}

function verify({ start = 0, end = 0, live, reverse, window = 1 }: BlocksOptions): void {
  for (const [name, value] of Object.entries({ start, end, window })) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} must be a non-negative integer`);
  }
  if (window < 1) throw new RangeError('window must be at least 1');
  if (live === true && reverse === true) throw new RangeError('what is live has no last block to begin with');
}

/** One subscription: up to `window` reads under way, what they give handed on in order. */
class Reader {
  /** Blocks asked for and not yet handed on, in order. */
  private readonly ahead: { readonly index: number; value: Uint8Array | null }[] = [];
  private readonly window: number;
  private readonly step1: number;
  private position: number;
  private end: number;
  private changes: Subscription | null = null;
  private closed = false;
  private stepping = false;

  constructor(
    private readonly source: BlockSource,
    private readonly options: BlocksOptions,
    private readonly subscriber: Subscriber<LogBlock>,
    private readonly paused: () => boolean,
  ) {
    const { start = 0, end, reverse = false, window = 16 } = options;
    this.window = window;
    this.step1 = reverse ? -1 : 1;
    const stop = options.live === true ? (end ?? Infinity) : (end ?? source.length);
    this.position = reverse ? stop - 1 : start;
    this.end = reverse ? start - 1 : stop;
  }

  begin(): void {
    if (this.options.live === true) {
      this.changes = this.source.changes.subscribe({
        next: change => {
          if (change.type === 'fork') this.cut(change.ancestors);
          this.step();
        },
        complete: () => {
          this.closed = true;
          this.step();
        },
      });
    }
    this.step();
  }

  /** Hands on what is there, then asks for more. Subscribers may call back into it. */
  step(): void {
    if (this.stepping) return;
    this.stepping = true;
    try {
      this.handOn();
      this.ask();
    } finally {
      this.stepping = false;
    }
    const over = (this.end - this.position) * this.step1 <= 0 || (this.closed && !this.within());
    if (this.ahead.length === 0 && over) this.subscriber.complete();
  }

  stop(): void {
    this.ahead.length = 0;
    this.changes?.unsubscribe();
  }

  private handOn(): void {
    while (this.ahead.length > 0 && !this.subscriber.closed && !this.paused()) {
      const { index, value } = this.ahead[0];
      if (value === null) return;
      this.ahead.shift();
      this.subscriber.next({ index, value });
    }
  }

  private ask(): void {
    while (this.ahead.length < this.window && this.within() && !this.subscriber.closed && !this.paused()) {
      const entry = { index: this.position, value: null as Uint8Array | null };
      this.position += this.step1;
      this.ahead.push(entry);
      this.source.get(entry.index).then(
        value => {
          entry.value = value;
          this.step();
        },
        (error: unknown) => {
          if (this.ahead.includes(entry)) this.subscriber.error(error);
        },
      );
    }
  }

  /** What was cut off is not handed on any more; what comes to stand there is, again. */
  private cut(ancestors: number): void {
    const place = Math.max(ancestors, this.options.start ?? 0);
    if (place >= this.position) return;
    while (this.ahead.length > 0 && this.ahead[this.ahead.length - 1].index >= place) this.ahead.pop();
    this.position = place;
  }

  /** Whether the next block may be asked for now. */
  private within(): boolean {
    if ((this.end - this.position) * this.step1 <= 0) return false;
    return this.options.live !== true || this.position < this.source.length;
  }
}
