/** What of a page or worker the storage stands on; each part may be missing. Specs hand in their own. @public */
export interface BrowserEnvironment {
  /** `navigator.storage`: the origin private file system, and persistence. */
  readonly storage: StorageManager | null;
  /** `navigator.locks`. */
  readonly locks: LockManager | null;
  /** `indexedDB`. */
  readonly indexedDB: IDBFactory | null;
  /** Whether files have synchronous handles here, as in a dedicated worker. */
  readonly syncHandles: boolean;
  /** Starts a dedicated worker from its source; null where there are no workers. */
  readonly startWorker: ((source: string) => Worker) | null;
}

/** What is here, looked up when it is called. @internal */
export function browserEnvironment(): BrowserEnvironment {
  const scope = globalThis as {
    readonly navigator?: { readonly storage?: StorageManager; readonly locks?: LockManager };
    readonly indexedDB?: IDBFactory;
    readonly FileSystemFileHandle?: { readonly prototype: object };
    readonly Worker?: typeof Worker;
  };
  const storage = scope.navigator?.storage ?? null;
  const { FileSystemFileHandle: fileHandle, Worker: worker } = scope;
  return {
    storage: storage && 'getDirectory' in storage ? storage : null,
    locks: scope.navigator?.locks ?? null,
    indexedDB: scope.indexedDB ?? null,
    syncHandles: fileHandle !== undefined && 'createSyncAccessHandle' in fileHandle.prototype,
    startWorker: worker ? source => startFrom(worker, source) : null,
  };
}

/** From its text, so that no bundler has to find it. */
function startFrom(worker: typeof Worker, source: string): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return new worker(url, { name: 'rx-hypercore storage' });
  } finally {
    // Long after the worker has fetched it; at once would be too early in some browsers.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}
