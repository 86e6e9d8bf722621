import { inject, Injectable, signal } from '@angular/core';
import { ThroughputMeter } from '../throughput/ThroughputMeter.js';
import { RecordedConnection } from './RecordedConnection.js';
import type { WireEntry } from './WireEntry.js';

/** Entries that are kept; older ones are forgotten. */
export const MAX_ENTRIES = 2_000;
/** The list is shown anew no more often than this. */
const SHOW_EVERY_MS = 100;

/** The last things that crossed the wire, over all connections. */
@Injectable({ providedIn: 'root' })
export class WireRecorder {
  private readonly meter = inject(ThroughputMeter);
  private readonly kept: WireEntry[] = [];
  private lastId = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** Newest first. */
  readonly entries = signal<readonly WireEntry[]>([]);
  /** How many there were in all. */
  readonly total = signal(0);

  /** What watches one connection. */
  connection(): RecordedConnection {
    return new RecordedConnection(
      entry => this.add(entry),
      (direction, bytes) => this.meter.add(direction, bytes),
    );
  }

  clear(): void {
    this.kept.length = 0;
    this.entries.set([]);
  }

  private add(entry: Omit<WireEntry, 'id' | 'at'>): void {
    this.kept.push({ ...entry, id: ++this.lastId, at: performance.now() });
    if (this.kept.length >= 2 * MAX_ENTRIES) this.kept.splice(0, this.kept.length - MAX_ENTRIES);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.entries.set(this.kept.slice(-MAX_ENTRIES).reverse());
      this.total.set(this.lastId);
    }, SHOW_EVERY_MS);
  }
}
