import { LogClosedError, StorageFailedError } from '../../../logErrors.js';
import { storageError } from '../../storageError.js';
import type { OpfsAnswer, OpfsCall, OpfsRequest } from './OpfsCall.js';

interface Pending {
  readonly file: string;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Bytes from which on a write is handed over instead of copied by the message. */
const LARGE = 0x4000;

/**
 * The page's end of a storage worker. Calls of one turn travel in one message; a call answers when the worker did it.
 *
 * @internal
 */
export class OpfsWorker {
  private readonly pending = new Map<number, Pending>();
  private queued: OpfsRequest[] = [];
  private transfer: Transferable[] = [];
  private last = 0;
  private ended: Error | null = null;
  private readonly watching = new AbortController();

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent) => this.answered(data as readonly OpfsAnswer[]);
    worker.onerror = event => {
      event.preventDefault();
      this.end(
        new StorageFailedError('', new WorkerError(event.message || 'the worker could not be started')),
      );
    };
    worker.onmessageerror = () => this.end(new StorageFailedError('', new Error('a message was lost')));
  }

  /** @param file - what an error names */
  call<T>(file: string, call: OpfsCall): Promise<T> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise<T>((resolve, reject) => {
      const id = ++this.last;
      this.pending.set(id, { file, resolve, reject });
      if (this.queued.length === 0) queueMicrotask(() => this.send());
      this.queued.push([id, call]);
    });
  }

  /** A write; large ones are copied once here rather than twice on the way. */
  write(file: string, id: number, offset: number, bytes: Uint8Array): Promise<void> {
    // A view drags its whole buffer into the message, so a part of one is copied, too.
    const own = bytes.length === bytes.buffer.byteLength && bytes.length < LARGE ? bytes : bytes.slice();
    if (own !== bytes) this.transfer.push(own.buffer as ArrayBuffer);
    return this.call(file, ['write', id, offset, own]);
  }

  /** Ends this when the worker does, which holds a lock until then. */
  watch(locks: LockManager, life: string): void {
    const { signal } = this.watching;
    const over = () => this.end(new StorageFailedError('', new WorkerError('the worker was ended')));
    locks.request(life, { signal }, over).catch(() => undefined);
  }

  /** Fails whatever is still asked, and ends the worker. */
  end(error: Error = new LogClosedError()): void {
    if (this.ended) return;
    this.ended = error;
    this.watching.abort();
    this.queued = [];
    this.transfer = [];
    this.worker.terminate();
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }

  private send(): void {
    const { queued, transfer } = this;
    this.queued = [];
    this.transfer = [];
    if (queued.length > 0) this.worker.postMessage(queued, transfer);
  }

  private answered(answers: readonly OpfsAnswer[]): void {
    for (const [id, value, failure] of answers) {
      const call = this.pending.get(id);
      this.pending.delete(id);
      if (!failure) call?.resolve(value as never);
      else call?.reject(storageError(call.file, new DOMException(failure.message, failure.name)));
    }
  }
}

/** The browser could not start, or stopped, the worker. */
class WorkerError extends Error {
  override readonly name = 'WorkerError';
}
