/**
 * Runs tasks one after another, in the order in which they were given; one that fails does not stop the next.
 *
 * @internal
 */
export class TaskQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Settles, never rejects, once all that was given until now is over. */
  idle(): Promise<unknown> {
    return this.last;
  }
}
