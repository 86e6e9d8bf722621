// @ts-expect-error -- the package carries no types
import RandomAccessFileModule from 'random-access-file';

/** How a file is opened by `random-access-file`. @internal */
export interface RandomAccessFileOptions {
  readonly directory?: string;
  /** Locks the whole file for this process, where `fs-native-extensions` is there. */
  readonly lock?: boolean;
  /** Marks the file sparse, which only Windows needs. */
  readonly sparse?: boolean;
  readonly alloc?: (size: number) => Uint8Array;
}

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** The part of `random-access-file` (4.x) that is used here; it carries no types of its own. @internal */
export interface RandomAccessFile {
  /** Descriptor while it is open, else 0. */
  readonly fd: number;
  open(done: Done<void>): void;
  read(offset: number, size: number, done: Done<Uint8Array>): void;
  write(offset: number, bytes: Uint8Array, done: Done<void>): void;
  del(offset: number, size: number, done: Done<void>): void;
  truncate(length: number, done: Done<void>): void;
  stat(done: Done<{ readonly size: number }>): void;
  close(done: Done<void>): void;
}

/** @internal */
export const RandomAccessFile = RandomAccessFileModule as unknown as new (
  name: string,
  options: RandomAccessFileOptions,
) => RandomAccessFile;
