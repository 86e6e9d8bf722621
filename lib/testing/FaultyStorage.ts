/* eslint-disable @typescript-eslint/require-await -- `async` turns what is thrown into a rejection */
import { LogClosedError, StorageFailedError, StorageQuotaError } from '../logErrors.js';
import { PagedFile } from '../storage/memory/PagedFile.js';
import { OpenFiles } from '../storage/OpenFiles.js';
import type { RandomAccess, Storage } from '../storage/RandomAccess.js';
import { liesIn, verifyFolder, verifyName } from '../storage/verifyName.js';
import { verifyRange } from '../storage/verifyRange.js';
import { seeded } from './seeded.js';

/**
 * What becomes of the changes that were not flushed when a machine stops: all are kept (as when only the process dies), all
 * are lost, the last one is kept in part, or each part of each change is kept or lost for itself, in any order.
 *
 * @public
 */
export type CrashOutcome = 'kept' | 'dropped' | 'torn' | 'scattered';

/** Every {@link CrashOutcome}. @public */
export const crashOutcomes: readonly CrashOutcome[] = ['kept', 'dropped', 'torn', 'scattered'];

/** How a {@link FaultyStorage} fails. @public */
export interface FaultyStorageOptions {
  /** The operation that does not come to its end any more, counted from 1; everything after it fails. Never unless told. */
  readonly crashAt?: number;
  /** The operation that fails as a bad disk does, having changed nothing. */
  readonly failAt?: number;
  /** The operation that fails for want of room, having changed nothing. */
  readonly quotaAt?: number;
  /** What reaches a disk whole or not at all; 512 bytes unless told. */
  readonly sectorBytes?: number;
}

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'punch'; readonly offset: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly length: number };

interface FaultyFile {
  /** What is safe. */
  readonly safe: PagedFile;
  /** What is read. */
  readonly seen: PagedFile;
  /** What lies between the two. */
  changes: Change[];
}

/**
 * A storage in memory that fails on demand, to show that nothing is lost: it counts the operations that change something
 * (write, punch, truncate, flush), stops at a given one, and {@link FaultyStorage.afterCrash} gives what a disk may hold then,
 * as often as asked, in every way a disk may behave.
 *
 * @example
 * ```ts
 * const storage = new FaultyStorage({ crashAt: 3 });
 * const file = await storage.open('a/data');
 * await file.write(0, new Uint8Array(5000));
 * await file.flush();
 * await file.write(5000, new Uint8Array(5000)).catch(() => {}); // the power goes off
 * const left = storage.afterCrash('torn', 7);                   // some of the last 5000 bytes may be there
 * ```
 * @public
 */
export class FaultyStorage implements Storage {
  /** Operations so far, those that failed included. */
  operations = 0;
  /** Whether the crash has happened. */
  crashed = false;
  private readonly files = new Map<string, FaultyFile>();
  private readonly held = new OpenFiles();
  private readonly sectorBytes: number;

  constructor(private readonly options: FaultyStorageOptions = {}) {
    this.sectorBytes = options.sectorBytes ?? 512;
  }

  async open(name: string): Promise<RandomAccess> {
    verifyName(name);
    this.verifyRunning(name);
    this.held.open(name);
    let file = this.files.get(name);
    if (!file) {
      file = { safe: new PagedFile(), seen: new PagedFile(), changes: [] };
      this.files.set(name, file);
    }
    return new FaultyAccess(this, name, file, () => this.held.close(name));
  }

  async lock(folder: string): Promise<() => Promise<void>> {
    verifyFolder(folder);
    this.verifyRunning(folder);
    this.held.lock(folder);
    let locked = true;
    return async () => {
      if (locked) this.held.unlock(folder);
      locked = false;
    };
  }

  async remove(folder: string): Promise<void> {
    verifyName(folder);
    this.verifyRunning(folder);
    this.held.verifyUnused(folder);
    for (const name of this.files.keys()) if (liesIn(folder, name)) this.files.delete(name);
  }

  /**
   * What is left if the machine stops now, as a storage of its own: nothing is open or locked in it, all that it holds is safe,
   * and it counts anew. This one stays as it is, so that other outcomes can be asked for.
   *
   * @param seed - decides what is torn and scattered
   * @param options - how the new storage fails in its turn
   */
  afterCrash(outcome: CrashOutcome, seed = 1, options: FaultyStorageOptions = {}): FaultyStorage {
    const left = new FaultyStorage({ sectorBytes: this.sectorBytes, ...options });
    const draw = seeded(seed);
    for (const [name, { safe, changes }] of this.files) {
      const file = safe.copy();
      for (const change of survivors(changes, outcome, draw, this.sectorBytes)) apply(file, change);
      left.files.set(name, { safe: file, seen: file.copy(), changes: [] });
    }
    return left;
  }

  /** Names of the files that have bytes. */
  names(): string[] {
    return [...this.files.keys()].filter(name => this.lengthOf(name) > 0);
  }

  /** Bytes in a file. */
  lengthOf(name: string): number {
    return this.files.get(name)?.seen.length ?? 0;
  }

  /** All bytes of a file, as a copy. */
  bytesOf(name: string): Uint8Array {
    return this.files.get(name)?.seen.read(0, this.lengthOf(name)) ?? new Uint8Array(0);
  }

  /** Turns one bit over, as a disk does that grows old. Bit 0 is the lowest of byte 0. */
  flipBit(name: string, bit: number): void {
    const file = this.files.get(name);
    const offset = Math.floor(bit / 8);
    for (const pages of file ? [file.seen, file.safe] : []) {
      const byte = pages.read(offset, 1);
      if (byte) pages.write(offset, Uint8Array.of(byte[0] ^ (1 << (bit % 8))));
    }
  }

  /** Counts an operation, and fails it if it is its turn. @internal */
  operate(name: string, file: FaultyFile, change: Change | null): void {
    this.verifyRunning(name);
    this.operations++;
    const { crashAt, failAt, quotaAt } = this.options;
    if (this.operations === failAt) throw new StorageFailedError(name, new Error('the disk failed, as told'));
    if (this.operations === quotaAt)
      throw new StorageQuotaError(name, new Error('the disk is full, as told'));
    if (change) file.changes.push(change);
    if (this.operations === crashAt) {
      this.crashed = true;
      this.verifyRunning(name);
    }
    if (change) {
      apply(file.seen, change);
    } else {
      for (const done of file.changes) apply(file.safe, done);
      file.changes = [];
    }
  }

  /** @internal */
  verifyRunning(name: string): void {
    if (this.crashed) throw new StorageFailedError(name, new Error('the machine stopped, as told'));
  }
}

class FaultyAccess implements RandomAccess {
  private open = true;

  constructor(
    private readonly storage: FaultyStorage,
    private readonly name: string,
    private readonly file: FaultyFile,
    private readonly closed: () => void,
  ) {}

  async length(): Promise<number> {
    this.verifyOpen();
    this.storage.verifyRunning(this.name);
    return this.file.seen.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    this.verifyOpen();
    verifyRange(offset, length);
    this.storage.verifyRunning(this.name);
    return this.file.seen.read(offset, length);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    verifyRange(offset, bytes.length);
    this.change({ kind: 'write', offset, bytes: bytes.slice() });
  }

  async punch(offset: number, length: number): Promise<void> {
    verifyRange(offset, length);
    this.change({ kind: 'punch', offset, length });
  }

  async truncate(length: number): Promise<void> {
    verifyRange(length, 0);
    this.change({ kind: 'truncate', length });
  }

  async flush(): Promise<void> {
    this.change(null);
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.closed();
  }

  private change(change: Change | null): void {
    this.verifyOpen();
    this.storage.operate(this.name, this.file, change);
  }

  private verifyOpen(): void {
    if (!this.open) throw new LogClosedError();
  }
}

function apply(file: PagedFile, change: Change): void {
  if (change.kind === 'write') file.write(change.offset, change.bytes);
  else if (change.kind === 'punch') file.punch(change.offset, change.length);
  else file.truncate(change.length);
}

function survivors(
  changes: readonly Change[],
  outcome: CrashOutcome,
  draw: (below: number) => number,
  sectorBytes: number,
): readonly Change[] {
  if (outcome === 'kept') return changes;
  if (outcome === 'dropped') return [];
  if (outcome === 'torn') {
    const last = changes.at(-1);
    if (last?.kind !== 'write') return changes.slice(0, -1);
    const part = { ...last, bytes: last.bytes.subarray(0, draw(last.bytes.length + 1)) };
    return [...changes.slice(0, -1), part];
  }
  const parts = changes.flatMap(change => sectorsOf(change, sectorBytes)).filter(() => draw(2) === 0);
  for (let i = parts.length - 1; i > 0; i--) {
    const other = draw(i + 1);
    [parts[i], parts[other]] = [parts[other], parts[i]];
  }
  return parts;
}

/** What a disk writes for itself: the sectors of a write. */
function sectorsOf(change: Change, sectorBytes: number): Change[] {
  if (change.kind !== 'write') return [change];
  const sectors: Change[] = [];
  for (let at = 0; at < change.bytes.length;) {
    const size = sectorBytes - ((change.offset + at) % sectorBytes);
    sectors.push({ kind: 'write', offset: change.offset + at, bytes: change.bytes.subarray(at, at + size) });
    at += size;
  }
  return sectors;
}
