import type { Hypercore } from 'rx-hypercore/bridge';

/** As much of a core of hypercore 11 as the server uses. */
export interface WrittenCore extends Hypercore {
  readonly key: Uint8Array;
  readonly discoveryKey: Uint8Array;
  readonly length: number;
}

export interface Hypercores {
  /** What the plotter draws. */
  readonly plot: WrittenCore;
  /** Where pages chat. */
  readonly room: WrittenCore;
  /** Stops writing, and removes what was stored. */
  close(): Promise<void>;
}

export function openHypercores(options: {
  readonly backlog: number;
  readonly appendEveryMs: number;
}): Promise<Hypercores>;
