import QuickLRU from 'quick-lru';

/** What an entry costs besides its bytes: its key, its place in the map, its array. */
const ENTRY_BYTES = 160;

/**
 * Keeps values by number until they weigh more than they may; those used longest ago go first. The order is `quick-lru`'s,
 * the weighing is done here: that package counts entries, and blocks are of any size.
 *
 * @internal
 */
export class ByteCache<T> {
  private readonly entries: QuickLRU<number, T> | null;
  private held = 0;
  /** As the package counts them, which takes it a walk through all of them. */
  private count = 0;

  /**
   * @param maxBytes - 0 keeps nothing
   * @param weigh - the bytes of a value, always the same for one value
   */
  constructor(
    private readonly maxBytes: number,
    private readonly weigh: (value: T) => number,
  ) {
    this.entries =
      maxBytes === 0
        ? null
        : new QuickLRU<number, T>({
            maxSize: Number.MAX_SAFE_INTEGER,
            onEviction: (_, value) => {
              this.held -= this.weightOf(value);
              this.count--;
            },
          });
  }

  /** Bytes held now; never more than `maxBytes`. */
  get bytes(): number {
    return this.held;
  }

  get(key: number): T | undefined {
    return this.entries?.get(key);
  }

  set(key: number, value: T): void {
    const { entries } = this;
    if (entries === null) return;
    this.delete(key);
    const weight = this.weightOf(value);
    // One value must not drive out all others.
    if (weight > this.maxBytes / 4) return;
    // An eviction goes through all entries, so each makes room for many.
    while (this.held + weight > this.maxBytes) {
      if (this.count <= 1) this.clear();
      else entries.evict(Math.ceil(this.count / 4));
    }
    entries.set(key, value);
    this.held += weight;
    this.count++;
  }

  delete(key: number): void {
    const { entries } = this;
    if (entries === null) return;
    const value = entries.peek(key);
    if (value === undefined) return;
    entries.delete(key);
    this.held -= this.weightOf(value);
    this.count--;
  }

  clear(): void {
    this.entries?.clear();
    this.held = 0;
    this.count = 0;
  }

  private weightOf(value: T): number {
    return this.weigh(value) + ENTRY_BYTES;
  }
}
