/** A first-in-first-out queue whose every step costs the same, however long it is. @internal */
export class Queue<T> {
  private inbox: T[] = [];
  private outbox: T[] = [];
  private taken = 0;

  get size(): number {
    return this.inbox.length + this.outbox.length - this.taken;
  }

  push(value: T): void {
    this.inbox.push(value);
  }

  /** The oldest value; the queue must not be empty. */
  shift(): T {
    if (this.taken === this.outbox.length) {
      this.outbox = this.inbox;
      this.inbox = [];
      this.taken = 0;
    }
    const value = this.outbox[this.taken];
    // What was taken must not be kept alive by the array it lay in.
    this.outbox[this.taken++] = undefined as T;
    return value;
  }

  clear(): void {
    this.inbox = [];
    this.outbox = [];
    this.taken = 0;
  }
}
