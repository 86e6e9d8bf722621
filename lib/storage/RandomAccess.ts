/**
 * Where a log keeps its bytes: files that are read and written anywhere, and a place that has such files by name.
 * What comes in: bytes at an offset. What goes out: the same bytes, after a crash too if they were flushed.
 */

/**
 * One file. Calls may overlap: each acts on the file as the calls made before it leave it, and reads see earlier writes.
 * Every call rejects with a `HypercoreError` of scope `log` (`ERR_STORAGE_FAILED`, `ERR_STORAGE_QUOTA`), after
 * {@link RandomAccess.close} with `ERR_LOG_CLOSED`.
 *
 * @public
 */
export interface RandomAccess {
  /** Bytes in the file, holes included. */
  length(): Promise<number>;
  /**
   * Reads exactly `length` bytes at `offset`; a hole reads as zeros. The bytes belong to the caller. `null` if the file ends
   * before `offset + length`.
   */
  read(offset: number, length: number): Promise<Uint8Array | null>;
  /** The same without a promise: only files have it that never wait. Throws what `read` rejects with. */
  readNow?(offset: number, length: number): Uint8Array | null;
  /**
   * Writes at `offset`; what lies between the end of the file and `offset` becomes a hole. The bytes may be changed by the
   * caller once the promise settled, not before.
   */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Gives `length` bytes at `offset` back, where the platform can: they read as zeros, and the file keeps its length. */
  punch(offset: number, length: number): Promise<void>;
  /** Cuts the file off at, or extends it by a hole to, `length` bytes. */
  truncate(length: number): Promise<void>;
  /** Resolves once all that was written before is safe from a crash of the process and, where the platform can, of the machine. */
  flush(): Promise<void>;
  /** Frees what the file holds. Idempotent. Does not flush. */
  close(): Promise<void>;
}

/**
 * A place that has files by name. Names are relative, with `/` between folders; each part is of lower case letters, digits,
 * `-` and `_` only, and every method throws RangeError for others. A folder is named likewise.
 *
 * @public
 */
export interface Storage {
  /** Opens a file, which is made when it is first written. One name is open at most once at a time. */
  open(name: string): Promise<RandomAccess>;
  /**
   * Takes the sole right to write under a folder, `''` for the whole place, until the returned function is called; rejects with `ERR_STORAGE_LOCKED` if
   * another process, tab or worker has it.
   */
  lock(folder: string): Promise<() => Promise<void>>;
  /** Deletes every file under a folder. None of them may be open; that there is nothing is no error. */
  remove(folder: string): Promise<void>;
}
