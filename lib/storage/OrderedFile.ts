import { LogClosedError } from '../logErrors.js';
import { FileTurns } from './FileTurns.js';
import type { RandomAccess } from './RandomAccess.js';
import { storageError } from './storageError.js';
import { verifyRange } from './verifyRange.js';

/** What a platform does with one file, one call at a time but for reads and flushes. @internal */
export interface PlainFile {
  length(): Promise<number>;
  read(offset: number, length: number): Promise<Uint8Array | null>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  punch(offset: number, length: number): Promise<void>;
  truncate(length: number): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file of a platform, with what every storage owes its callers around it: arguments checked, calls in order, typed errors, and
 * an end after which nothing works.
 *
 * @internal
 */
export class OrderedFile implements RandomAccess {
  private readonly turns = new FileTurns();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly name: string,
    private readonly file: PlainFile,
  ) {}

  async length(): Promise<number> {
    return this.shared(() => this.file.length());
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    verifyRange(offset, length);
    if (length > 0) return this.shared(() => this.file.read(offset, length));
    return this.shared(async () => (offset <= (await this.file.length()) ? new Uint8Array(0) : null));
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    verifyRange(offset, bytes.length);
    if (bytes.length === 0) return this.shared(async () => {});
    return this.alone(() => this.file.write(offset, bytes));
  }

  async punch(offset: number, length: number): Promise<void> {
    verifyRange(offset, length);
    return this.alone(async () => {
      const size = Math.min(length, (await this.file.length()) - offset);
      if (size > 0) await this.file.punch(offset, size);
    });
  }

  async truncate(length: number): Promise<void> {
    verifyRange(length, 0);
    return this.alone(() => this.file.truncate(length));
  }

  async flush(): Promise<void> {
    return this.shared(() => this.file.flush());
  }

  async close(): Promise<void> {
    this.closing ??= this.turns.alone(() => this.file.close()).catch((error: unknown) => this.fail(error));
    return this.closing;
  }

  private async shared<T>(job: () => Promise<T>): Promise<T> {
    if (this.closing) throw new LogClosedError();
    return this.turns.shared(job).catch((error: unknown) => this.fail(error));
  }

  private async alone<T>(job: () => Promise<T>): Promise<T> {
    if (this.closing) throw new LogClosedError();
    return this.turns.alone(job).catch((error: unknown) => this.fail(error));
  }

  private fail(error: unknown): never {
    throw storageError(this.name, error);
  }
}
