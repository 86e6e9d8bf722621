/** What a process holds after a full collection, in bytes. */
export interface Held {
  /** Objects. */
  readonly heap: number;
  /** What lies outside of the heap: array buffers. */
  readonly buffers: number;
}

/** Collects garbage and measures; needs `--expose-gc`, which `npm run spec` gives. */
export function held(): Held {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('run with --expose-gc');
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
