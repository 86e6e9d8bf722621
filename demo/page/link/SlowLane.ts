/** How fast a slow link is, in bytes per second and direction. */
export const SLOW_BYTES_PER_SECOND = 12_000;

/** Chunks of a slow link pass in pieces of this part of a second. */
const PIECE_SECONDS = 0.05;

/** One direction of a link: hands chunks on at once, or no faster than a rate, in order. */
export class SlowLane {
  private waiting: Uint8Array[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private bytesPerSecond: number | null = null;
  /** Bytes that have not been handed on. */
  queuedBytes = 0;

  constructor(private readonly deliver: (chunk: Uint8Array) => void) {}

  /** Null is as fast as it can be: what waits passes now. */
  setRate(bytesPerSecond: number | null): void {
    this.bytesPerSecond = bytesPerSecond;
    if (bytesPerSecond === null) this.flush();
  }

  push(chunk: Uint8Array): void {
    if (this.bytesPerSecond === null) return this.deliver(chunk);
    const piece = Math.max(1, Math.floor(this.bytesPerSecond * PIECE_SECONDS));
    for (let start = 0; start < chunk.length; start += piece) {
      this.waiting.push(chunk.subarray(start, start + piece));
    }
    this.queuedBytes += chunk.length;
    this.schedule();
  }

  /** Everything passes at once. */
  flush(): void {
    const { waiting } = this;
    this.clear();
    for (const chunk of waiting) this.deliver(chunk);
  }

  /** Nothing that waits passes any more. */
  clear(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = [];
    this.queuedBytes = 0;
  }

  private schedule(): void {
    if (this.timer !== null || this.waiting.length === 0 || this.bytesPerSecond === null) return;
    const chunk = this.waiting[0];
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.waiting.shift();
        this.queuedBytes -= chunk.length;
        this.deliver(chunk);
        this.schedule();
      },
      (chunk.length / this.bytesPerSecond) * 1000,
    );
  }
}
