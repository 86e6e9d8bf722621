import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import type { RandomAccess, Storage } from '../../lib/storage/RandomAccess.js';

/** A call that changes a file, or makes it safe, and how to make it. */
export interface StorageCall {
  readonly file: string;
  readonly operation: 'write' | 'punch' | 'truncate' | 'flush';
  /** Where it writes or punches; the new length where it truncates. */
  readonly offset: number;
  readonly run: () => Promise<void>;
}

/**
 * A storage in memory whose changes go through a function, which may fail them or answer them late. The function must call
 * `run` before it waits for anything: a file acts in the order of the calls.
 */
export function hookedStorage(
  hook: (call: StorageCall) => Promise<void>,
  inner: Storage = memoryStorage(),
): Storage {
  return {
    lock: folder => inner.lock(folder),
    remove: folder => inner.remove(folder),
    async open(name) {
      const file = await inner.open(name);
      const hooked: RandomAccess = {
        length: () => file.length(),
        read: (offset, length) => file.read(offset, length),
        write: (offset, bytes) =>
          hook({ file: name, operation: 'write', offset, run: () => file.write(offset, bytes) }),
        punch: (offset, length) =>
          hook({ file: name, operation: 'punch', offset, run: () => file.punch(offset, length) }),
        truncate: length =>
          hook({ file: name, operation: 'truncate', offset: length, run: () => file.truncate(length) }),
        flush: () => hook({ file: name, operation: 'flush', offset: 0, run: () => file.flush() }),
        close: () => file.close(),
      };
      return hooked;
    },
  };
}

/** A promise that resolves once it is opened. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => {};
  const passed = new Promise<void>(resolve => (open = resolve));
  return { passed, open: () => open() };
}
