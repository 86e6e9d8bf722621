import type { SyncFile } from '../../SettledFile.js';

/** What the File System API gives a dedicated worker for one file (TypeScript knows it in workers only). @internal */
export interface SyncAccessHandle {
  getSize(): number;
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(length: number): void;
  flush(): void;
  close(): void;
}

/** Bytes looked at, or zeroed, at a time. */
const STEP = 0x10000;

/**
 * A file of the origin private file system by its synchronous handle.
 *
 * @internal
 */
export class OpfsFile implements SyncFile {
  constructor(
    private readonly handle: SyncAccessHandle,
    private readonly closed: () => void,
  ) {}

  get length(): number {
    return this.handle.getSize();
  }

  read(offset: number, length: number): Uint8Array | null {
    if (offset + length > this.handle.getSize()) return null;
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const read = this.handle.read(bytes.subarray(at), { at: offset + at });
      if (read === 0) return null;
      at += read;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const written = this.handle.write(at === 0 ? bytes : bytes.subarray(at), { at: offset + at });
      if (written === 0) throw new DOMException('nothing more is taken', 'QuotaExceededError');
      at += written;
    }
  }

  /**
   * The API knows no holes but those behind the end. So a range that reaches the end is cut off and comes back as one; of any
   * other, what is not zero is zeroed, which gives nothing back.
   */
  punch(offset: number, length: number): void {
    const end = this.handle.getSize();
    if (offset + length >= end) {
      this.handle.truncate(offset);
      this.handle.truncate(end);
      return;
    }
    const zeros = new Uint8Array(Math.min(length, STEP));
    for (let at = 0; at < length; at += STEP) {
      const size = Math.min(STEP, length - at);
      if (this.read(offset + at, size)?.some(byte => byte !== 0)) {
        this.write(offset + at, zeros.subarray(0, size));
      }
    }
  }

  truncate(length: number): void {
    this.handle.truncate(length);
  }

  flush(): void {
    this.handle.flush();
  }

  close(): void {
    try {
      this.handle.close();
    } finally {
      this.closed();
    }
  }
}
