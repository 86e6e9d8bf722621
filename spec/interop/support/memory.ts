/** What a process holds after a full collection, in bytes. */
export interface Held {
  /** Objects. */
  readonly heap: number;
  /** What lies outside of the heap, array buffers among it. */
  readonly external: number;
  /** Pages of the process that are in memory, those that are free for reuse among them. */
  readonly rss: number;
}

/** Collects garbage and measures; needs `--expose-gc`, which `npm run spec` gives. */
export function held(): Held {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('run with --expose-gc');
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, rss };
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** How far the largest is above the smallest, as a part of the smallest. */
export const spread = (samples: readonly number[]): number => Math.max(...samples) / Math.min(...samples) - 1;

/** `heap 9.1 to 9.2 MiB (1.2 %), ...` */
export function described(samples: readonly Held[]): string {
  return (['heap', 'external', 'rss'] as const)
    .map(name => {
      const values = samples.map(sample => sample[name]);
      const [low, high] = [Math.min(...values), Math.max(...values)].map(mebibytes);
      return `${name} ${low} to ${high} (${(spread(values) * 100).toFixed(1)} %)`;
    })
    .join(', ');
}
