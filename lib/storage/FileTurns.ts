interface Turn {
  readonly shared: boolean;
  begin(): void;
}

/**
 * Keeps calls that overlap in order: what changes a file runs alone, what only reads it runs beside other reads, and each sees
 * what was changed before it.
 *
 * @internal
 */
export class FileTurns {
  private readonly waiting: Turn[] = [];
  private running = 0;
  private changing = false;

  /** Runs a job that may run beside others of its kind. */
  shared<T>(job: () => Promise<T>): Promise<T> {
    return this.take(true, job);
  }

  /** Runs a job that must run alone. */
  alone<T>(job: () => Promise<T>): Promise<T> {
    return this.take(false, job);
  }

  private take<T>(shared: boolean, job: () => Promise<T>): Promise<T> {
    if (this.waiting.length === 0 && this.isFree(shared)) return this.run(shared, job);
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ shared, begin: () => void this.run(shared, job).then(resolve, reject) });
    });
  }

  private async run<T>(shared: boolean, job: () => Promise<T>): Promise<T> {
    this.running++;
    if (!shared) this.changing = true;
    try {
      return await job();
    } finally {
      this.running--;
      if (!shared) this.changing = false;
      this.next();
    }
  }

  private next(): void {
    let turn: Turn | undefined;
    while ((turn = this.waiting[0]) && this.isFree(turn.shared)) {
      this.waiting.shift();
      turn.begin();
    }
  }

  private isFree(shared: boolean): boolean {
    return !this.changing && (shared || this.running === 0);
  }
}
