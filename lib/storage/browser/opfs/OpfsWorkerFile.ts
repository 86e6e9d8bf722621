import { LogClosedError } from '../../../logErrors.js';
import type { RandomAccess } from '../../RandomAccess.js';
import { verifyRange } from '../../verifyRange.js';
import type { OpfsWorker } from './OpfsWorker.js';

/**
 * A file that a storage worker has open. The worker does one call after the other, so that calls need not wait here.
 *
 * @internal
 */
export class OpfsWorkerFile implements RandomAccess {
  private closing: Promise<void> | null = null;

  constructor(
    private readonly name: string,
    private readonly worker: OpfsWorker,
    private readonly id: number,
    private readonly closed: () => void,
  ) {}

  async length(): Promise<number> {
    this.verifyOpen();
    return this.worker.call(this.name, ['length', this.id]);
  }

  async read(offset: number, length: number): Promise<Uint8Array | null> {
    this.verifyOpen();
    verifyRange(offset, length);
    return this.worker.call(this.name, ['read', this.id, offset, length]);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, bytes.length);
    if (bytes.length > 0) return this.worker.write(this.name, this.id, offset, bytes);
  }

  async punch(offset: number, length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(offset, length);
    return this.worker.call(this.name, ['punch', this.id, offset, length]);
  }

  async truncate(length: number): Promise<void> {
    this.verifyOpen();
    verifyRange(length, 0);
    return this.worker.call(this.name, ['truncate', this.id, length]);
  }

  async flush(): Promise<void> {
    this.verifyOpen();
    return this.worker.call(this.name, ['flush', this.id]);
  }

  async close(): Promise<void> {
    this.closing ??= this.worker
      .call<void>(this.name, ['close', this.id])
      .catch((error: unknown) => {
        // With the storage, its files are closed.
        if (!(error instanceof LogClosedError)) throw error;
      })
      .finally(this.closed);
    return this.closing;
  }

  private verifyOpen(): void {
    if (this.closing) throw new LogClosedError();
  }
}
