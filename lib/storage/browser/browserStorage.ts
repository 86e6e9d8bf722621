import { isHypercoreError } from '../../errors.js';
import { LogClosedError, StorageFailedError } from '../../logErrors.js';
import { memoryStorage } from '../memory/memoryStorage.js';
import { OpenFiles } from '../OpenFiles.js';
import type { RandomAccess, Storage } from '../RandomAccess.js';
import { verifyFolder, verifyName } from '../verifyName.js';
import { browserEnvironment, type BrowserEnvironment } from './BrowserEnvironment.js';
import type { BrowserFiles } from './BrowserFiles.js';
import { indexedDbStorage } from './indexedDb/indexedDbStorage.js';
import { opfsStorage, opfsStorageIn } from './opfs/opfsStorage.js';
import { opfsWorkerSource } from './opfs/opfsWorkerSource.js';
import { webLock } from './webLock.js';

/** Where a browser can keep files: its private file system, a database, or only until the page goes. @public */
export type BrowserStorageKind = 'opfs' | 'indexeddb' | 'memory';

/** What {@link browserStorage} found. @public */
export interface BrowserStorageChoice {
  readonly kind: BrowserStorageKind;
  /** How other tabs and workers are kept from writing: Web Locks, the locks of files, or not at all. */
  readonly lockedBy: 'web-locks' | 'files' | 'nothing';
  /** The kinds that come before it in `use` and why they are not it. */
  readonly passedOver: readonly { readonly kind: BrowserStorageKind; readonly reason: string }[];
}

/** A storage in a browser. @public */
export interface BrowserStorage extends Storage {
  /** What was chosen; asking makes it choose. Rejects with `ERR_STORAGE_FAILED` if nothing in `use` works. */
  readonly choice: Promise<BrowserStorageChoice>;
  /**
   * Whether the browser promised not to clear the storage under pressure. In some browsers it waits for the user; in a
   * worker it is false, since only a page may ask.
   */
  readonly persisted: Promise<boolean>;
  /** Closes all files and ends the worker. What was written and not flushed may be lost. */
  close(): Promise<void>;
}

/** How {@link browserStorage} chooses. @public */
export interface BrowserStorageOptions {
  /** The kinds that may be used, best first; `['opfs', 'indexeddb']` unless told, and never memory unless told. */
  readonly use?: readonly BrowserStorageKind[];
  /** Whether to ask the browser to keep the storage under pressure; true unless told. */
  readonly persist?: boolean;
  /** Makes the worker that has the private file system, one that calls `serveOpfs`; by itself unless told. */
  readonly worker?: () => Worker;
  /** How long that worker may take to start; 20,000 unless told. */
  readonly workerTimeoutMs?: number;
  /**
   * How long {@link Storage.lock} waits for another page to go, before it is `ERR_STORAGE_LOCKED`; 3,000 unless told. The page
   * before a reload has its locks for some moments more, and so has a worker that was terminated, some two seconds where it is busy.
   */
  readonly lockTimeoutMs?: number;
  /** What of the browser there is; looked up unless told. */
  readonly environment?: BrowserEnvironment;
}

/**
 * A storage that the browser keeps for this origin: in its private file system where it can, else in IndexedDB.
 *
 * The private file system is used through synchronous handles: directly where this runs in a dedicated worker, else by a
 * worker that is started for it. Nothing is touched before the first file is opened or {@link BrowserStorage.choice} is
 * asked for. {@link Storage.lock} keeps other tabs and workers out by Web Locks; the loser gets `ERR_STORAGE_LOCKED`. More than
 * the browser allows is `ERR_STORAGE_QUOTA`.
 *
 * A kind is passed over only if the browser does not have it or forbids it. One that is there and fails is an error
 * rather than a reason to go on with another that has none of the data.
 *
 * @param name - of the storage within this origin: lower case letters, digits, `-` and `_`
 * @throws RangeError if the name or an option is none
 *
 * @example
 * ```ts
 * const storage = browserStorage('notes');
 * const { kind } = await storage.choice;    // 'opfs' or 'indexeddb'
 * ```
 * @public
 */
export function browserStorage(name: string, options: BrowserStorageOptions = {}): BrowserStorage {
  if (verifyName(name).includes('/')) throw new RangeError('the name of a storage has no slashes');
  if (options.use?.length === 0) throw new RangeError('use: one kind at least');
  return new ChosenStorage(name, options);
}

interface Chosen {
  readonly choice: BrowserStorageChoice;
  readonly files: BrowserFiles;
}

class ChosenStorage implements BrowserStorage {
  private readonly environment: BrowserEnvironment;
  private chosen: Promise<Chosen> | null = null;
  private asked: Promise<boolean> | null = null;
  private closing: Promise<void> | null = null;
  private readonly held = new OpenFiles();

  constructor(
    private readonly name: string,
    private readonly options: BrowserStorageOptions,
  ) {
    this.environment = options.environment ?? browserEnvironment();
  }

  get choice(): Promise<BrowserStorageChoice> {
    return this.choose().then(({ choice }) => choice);
  }

  get persisted(): Promise<boolean> {
    return (this.asked ??= this.ask());
  }

  async open(name: string): Promise<RandomAccess> {
    verifyName(name);
    return (await this.choose()).files.open(name);
  }

  async remove(folder: string): Promise<void> {
    verifyName(folder);
    await (await this.choose()).files.remove(folder);
  }

  async lock(folder: string): Promise<() => Promise<void>> {
    verifyFolder(folder);
    const { files } = await this.choose();
    this.held.lock(folder);
    try {
      const { locks } = this.environment;
      const { lockTimeoutMs = 3_000 } = this.options;
      const give = locks
        ? await webLock(locks, this.name, folder, lockTimeoutMs)
        : await files.lock?.(folder);
      let giving: Promise<void> | null = null;
      return () => {
        giving ??= (give ?? (() => Promise.resolve()))().finally(() => this.held.unlock(folder));
        return giving;
      };
    } catch (error) {
      this.held.unlock(folder);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closing ??= this.chosen?.then(({ files }) => files.close()) ?? Promise.resolve();
    return this.closing;
  }

  private choose(): Promise<Chosen> {
    if (this.closing) return Promise.reject(new LogClosedError());
    if (!this.chosen) {
      this.chosen = this.firstThatWorks();
      // Not waited for: it may be the user who answers.
      if (this.options.persist !== false) void this.persisted;
    }
    return this.chosen;
  }

  private async firstThatWorks(): Promise<Chosen> {
    const passedOver: { kind: BrowserStorageKind; reason: string }[] = [];
    for (const kind of this.options.use ?? ['opfs', 'indexeddb']) {
      try {
        const files = await this.make(kind);
        const lockedBy = this.environment.locks ? 'web-locks' : files.lock ? 'files' : 'nothing';
        return { choice: { kind, lockedBy, passedOver }, files };
      } catch (error) {
        const missing = reasonToPass(error);
        if (missing === null)
          throw isHypercoreError(error) ? error : new StorageFailedError(this.name, error);
        passedOver.push({ kind, reason: missing });
      }
    }
    const reasons = passedOver.map(({ kind, reason }) => `${kind}: ${reason}`);
    throw new StorageFailedError(this.name, new Error(reasons.join('; ')));
  }

  private async make(kind: BrowserStorageKind): Promise<BrowserFiles> {
    const { storage, locks, indexedDB, syncHandles, startWorker } = this.environment;
    if (kind === 'memory') return { ...memoryStorage(), lock: null, close: () => Promise.resolve() };
    if (kind === 'indexeddb') {
      if (!indexedDB) throw new Missing('there is no IndexedDB');
      return indexedDbStorage(this.name);
    }
    if (!storage) throw new Missing('there is no private file system');
    if (syncHandles) return opfsStorage(storage, this.name);
    const { worker, workerTimeoutMs = 20_000 } = this.options;
    if (!worker && !startWorker) throw new Missing('there are no workers');
    const started = worker ? worker() : startWorker!(opfsWorkerSource);
    return opfsStorageIn(started, this.name, locks, workerTimeoutMs);
  }

  private async ask(): Promise<boolean> {
    const { storage } = this.environment;
    try {
      if (this.options.persist === false) return (await storage?.persisted()) ?? false;
      return storage && 'persist' in storage ? await storage.persist() : false;
    } catch {
      return false;
    }
  }
}

class Missing extends Error {}

/** Why a kind cannot be had in this browser at all, or null if it merely failed. */
function reasonToPass(error: unknown): string | null {
  if (error instanceof Missing) return error.message;
  const cause = isHypercoreError(error) ? error.cause : error;
  // Forbidden by the browser's settings, by the frame it is in, or by the page's content security policy.
  const forbidden = ['SecurityError', 'NotAllowedError', 'NotSupportedError', 'WorkerError'];
  if (!(cause instanceof Error) || !forbidden.includes(cause.name)) return null;
  return cause.message;
}
