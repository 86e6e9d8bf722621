import type { OpfsAnswer, OpfsCall, OpfsFailure, OpfsRequest } from './OpfsCall.js';
import type { OpfsFile } from './OpfsFile.js';
import { OpfsFolder } from './OpfsFolder.js';

/** What of a dedicated worker is needed. @public */
export interface OpfsWorkerScope {
  readonly navigator: { readonly storage: StorageManager; readonly locks?: LockManager };
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * Makes a dedicated worker serve files to the page that started it, for `browserStorage(name, { worker })`. Only a
 * page whose content security policy forbids workers from a `blob:` needs this: else the worker is made by itself.
 *
 * @param scope - the worker; `self` unless told
 *
 * @example
 * ```ts
 * // storage.worker.ts
 * serveOpfs();
 * ```
 * @public
 */
export function serveOpfs(scope: OpfsWorkerScope = globalThis as unknown as OpfsWorkerScope): void {
  const server = new OpfsServer(scope.navigator);
  scope.addEventListener('message', ({ data }) => {
    const answers: OpfsAnswer[] = [];
    const transfer: Transferable[] = [];
    for (const [id, call] of data as readonly OpfsRequest[]) {
      try {
        const value = server.call(call);
        if (value instanceof Promise) {
          value.then(
            (result: unknown) => scope.postMessage([[id, result, null]], []),
            (error: unknown) => scope.postMessage([[id, null, failureOf(error)]], []),
          );
          continue;
        }
        if (value instanceof Uint8Array) transfer.push(value.buffer);
        answers.push([id, value, null]);
      } catch (error) {
        answers.push([id, null, failureOf(error)]);
      }
    }
    if (answers.length > 0) scope.postMessage(answers, transfer);
  });
}

class OpfsServer {
  private folder: OpfsFolder | null = null;
  private readonly files = new Map<number, OpfsFile>();
  private readonly locks = new Map<number, () => void>();
  private last = 0;

  constructor(private readonly navigator: OpfsWorkerScope['navigator']) {}

  /** What can be answered at once is, so that calls on one file stay in order. */
  call(call: OpfsCall): unknown {
    switch (call[0]) {
      case 'length':
        return this.file(call[1]).length;
      case 'read':
        return this.file(call[1]).read(call[2], call[3]);
      case 'write':
        return this.file(call[1]).write(call[2], call[3]);
      case 'punch':
        return this.punch(this.file(call[1]), call[2], call[3]);
      case 'truncate':
        return this.file(call[1]).truncate(call[2]);
      case 'flush':
        return this.file(call[1]).flush();
      case 'close':
        return this.close(call[1]);
      case 'unlock':
        this.locks.get(call[1])?.();
        return this.locks.delete(call[1]);
      default:
        return this.callLater(call);
    }
  }

  private async callLater(call: OpfsCall): Promise<unknown> {
    if (call[0] === 'start') {
      this.folder = await OpfsFolder.open(this.navigator.storage, call[1]);
      if (call[2] !== null) await this.live(call[2]);
      return null;
    }
    const folder = this.folder!;
    if (call[0] === 'end') return folder.close();
    if (call[0] === 'remove') return folder.remove(call[1]);
    const id = ++this.last;
    if (call[0] === 'open') this.files.set(id, await folder.file(call[1]));
    else if (call[0] === 'lock') this.locks.set(id, await folder.lock(call[1]));
    return id;
  }

  /** Holds a lock from here on until this worker has ended. */
  private live(lock: string): Promise<void> {
    const { locks } = this.navigator;
    return new Promise((resolve, reject) => {
      const forEver = (): Promise<never> => {
        resolve();
        return new Promise(() => {});
      };
      if (locks) locks.request(lock, forEver).catch(reject);
      else reject(new Error('a page with Web Locks has a worker without'));
    });
  }

  private file(id: number): OpfsFile {
    const file = this.files.get(id);
    if (!file) throw new Error('not open');
    return file;
  }

  private punch(file: OpfsFile, offset: number, length: number): void {
    const size = Math.min(length, file.length - offset);
    if (size > 0) file.punch(offset, size);
  }

  private close(id: number): void {
    const file = this.file(id);
    this.files.delete(id);
    file.close();
  }
}

function failureOf(error: unknown): OpfsFailure {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { name, message };
}
