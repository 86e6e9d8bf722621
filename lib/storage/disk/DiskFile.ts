import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';
import type { PlainFile } from '../OrderedFile.js';
import type { RandomAccessFile } from './RandomAccessFile.js';
import { syncFolders } from './syncFolders.js';

/** Bytes written at a time where holes cannot be made. */
const ZEROS = 0x10000;

/** Bytes from which on a read is worth a look at the length of the file. */
const LARGE = 0x100000;

/** What the files of one storage know of their platform together. @internal */
export interface DiskTraits {
  /** Whether holes can be made; null until it was tried. */
  trims: boolean | null;
}

/**
 * A file on disk by `random-access-file`. It comes to be when it is first written.
 *
 * @internal
 */
export class DiskFile implements PlainFile {
  /** Whether the file is there, as far as known. */
  private there = false;
  /** Whether its name is safe in its folder. */
  private named = false;

  constructor(
    private readonly path: string,
    private readonly root: string,
    private readonly file: RandomAccessFile,
    private readonly traits: DiskTraits,
    /** Closes the descriptor, unless somebody else needs it. */
    private readonly release: () => Promise<void>,
  ) {}

  async length(): Promise<number> {
    if (!(await this.find())) return 0;
    return new Promise((resolve, reject) => {
      this.file.stat((error, { size } = { size: 0 }) => (error ? reject(error) : resolve(size)));
    });
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    if (!this.there && !(await this.find())) return null;
    // The package takes the memory before it looks.
    if (length > LARGE && offset + length > (await this.length())) return null;
    return new Promise((resolve, reject) => {
      this.file.read(offset, length, (error, bytes) => {
        if (!error) resolve(bytes);
        else if (error.code === 'EPARTIALREAD') resolve(null);
        else reject(error);
      });
    });
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    this.there = true;
    return new Promise((resolve, reject) => {
      this.file.write(offset, bytes, error => (error ? reject(error) : resolve()));
    });
  }

  async punch(offset: number, length: number): Promise<void> {
    // Where holes cannot be made, the package says nothing; so the first one is looked at.
    this.traits.trims ??= await this.tryToTrim(offset);
    if (this.traits.trims) {
      try {
        return await this.trim(offset, length);
      } catch {
        // Another file system than the first one, or borders it does not like: zeros always do.
      }
    }
    const zeros = new Uint8Array(Math.min(length, ZEROS));
    for (let at = 0; at < length; at += zeros.length) {
      await this.write(offset + at, zeros.subarray(0, length - at));
    }
  }

  async truncate(length: number): Promise<void> {
    if (length === 0 && !(await this.find())) return;
    this.there = true;
    await new Promise<void>((resolve, reject) => {
      this.file.truncate(length, error => (error ? reject(error) : resolve()));
    });
  }

  async flush(): Promise<void> {
    if (!this.file.fd || !this.there) return;
    await promisify(fdatasync)(this.file.fd);
    if (!this.named) await syncFolders(this.path, this.root);
    this.named = true;
  }

  close(): Promise<void> {
    return this.release();
  }

  private find(): Promise<boolean> {
    if (this.there) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      this.file.open(error => {
        if (error && error.code !== 'ENOENT') return reject(error);
        this.there = !error;
        resolve(this.there);
      });
    });
  }

  private trim(offset: number, length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.file.del(offset, length, error => (error ? reject(error) : resolve()));
    });
  }

  /** On a byte that is to be nothing in any case. */
  private async tryToTrim(offset: number): Promise<boolean> {
    try {
      await this.write(offset, Uint8Array.of(1));
      await this.trim(offset, 1);
      return (await this.read(offset, 1))?.[0] === 0;
    } catch {
      return false;
    }
  }
}
