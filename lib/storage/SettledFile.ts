/* eslint-disable @typescript-eslint/require-await -- `async` turns what is thrown into a rejection */
import { LogClosedError } from '../logErrors.js';
import type { RandomAccess } from './RandomAccess.js';
import { storageError } from './storageError.js';
import { verifyRange } from './verifyRange.js';

/** A file whose every call is done when it returns; what it throws is the platform's own. @internal */
export interface SyncFile {
  readonly length: number;
  read(offset: number, length: number): Uint8Array | null;
  write(offset: number, bytes: Uint8Array): void;
  /** Within the file. */
  punch(offset: number, length: number): void;
  truncate(length: number): void;
  flush(): void;
  close(): void;
}

/**
 * A {@link SyncFile} as every storage gives it out: arguments checked, typed errors, and an end after which nothing works.
 *
 * @internal
 */
export class SettledFile implements RandomAccess {
  private open = true;

  constructor(
    private readonly name: string,
    private readonly file: SyncFile,
    /** Called once it is closed. */
    private readonly closed: () => void = () => {},
  ) {}

  async length(): Promise<number> {
    this.verifyOpen();
    try {
      return this.file.length;
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    return this.readNow(offset, length);
  }

  readNow(offset: number, length: number): Uint8Array | null {
    this.verifyOpen();
    verifyRange(offset, length);
    try {
      return this.file.read(offset, length);
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, bytes.length);
    try {
      if (bytes.length > 0) this.file.write(offset, bytes);
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async punch(offset: number, length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, length);
    try {
      const size = Math.min(length, this.file.length - offset);
      if (size > 0) this.file.punch(offset, size);
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async truncate(length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(length, 0);
    try {
      this.file.truncate(length);
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async flush(): Promise<void> {
    this.verifyOpen();
    try {
      this.file.flush();
    } catch (error) {
      throw storageError(this.name, error);
    }
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    try {
      this.file.close();
    } catch (error) {
      throw storageError(this.name, error);
    } finally {
      this.closed();
    }
  }

  private verifyOpen(): void {
    if (!this.open) throw new LogClosedError();
  }
}
