import { Observable, type SchedulerLike, type Subscription } from 'rxjs';
import type { CoreReplication } from './CoreReplication.js';

/** How far the replication of a core is. Bytes are those of blocks as they cross the wire. @public */
export interface CoreProgress {
  /** Blocks in the tree that is proved here. */
  readonly localLength: number;
  /** Blocks in the longest tree of this fork that a remote speaks of, be it true or not. */
  readonly remoteLength: number;
  /** Blocks that are here. */
  readonly have: number;
  /** Blocks that somebody here waits for, within the tree that is proved. */
  readonly wanted: number;
  /** Of these, how many are asked for. */
  readonly inFlight: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Bytes per second, averaged over the last few intervals. */
  readonly rateDown: number;
  readonly rateUp: number;
  /** Remotes that replicate the core. */
  readonly peers: number;
}

/** How much of the rate an interval makes up. */
const WEIGHT = 0.4;

/**
 * The progress of a replication: at once, and then whenever it has changed, at most once an interval.
 *
 * @internal
 */
export function coreProgress(
  replication: CoreReplication,
  intervalMs: number,
  scheduler: SchedulerLike,
): Observable<CoreProgress> {
  return new Observable(subscriber => {
    const { log } = replication;
    let have = countHere(replication);
    let last: CoreProgress | null = null;
    let lastAt = scheduler.now();
    let timer: Subscription | null = null;
    subscriber.add(() => timer?.unsubscribe());

    const emit = (): void => {
      const now = scheduler.now();
      const { bytesDown, bytesUp } = replication;
      const seconds = (now - lastAt) / 1000;
      lastAt = now;
      const rate = (before: number | undefined, bytes: number): number =>
        last === null || seconds <= 0
          ? (before ?? 0)
          : (before ?? 0) * (1 - WEIGHT) + (bytes / seconds) * WEIGHT;
      const progress: CoreProgress = {
        localLength: log.length,
        remoteLength: replication.remoteLength,
        have,
        wanted: replication.wanted,
        inFlight: replication.inFlight,
        bytesDown,
        bytesUp,
        rateDown: Math.floor(rate(last?.rateDown, bytesDown - (last?.bytesDown ?? 0))),
        rateUp: Math.floor(rate(last?.rateUp, bytesUp - (last?.bytesUp ?? 0))),
        peers: replication.peers.filter(peer => peer.isOpen).length,
      };
      const isNew = last === null || differs(last, progress);
      last = progress;
      if (isNew) subscriber.next(progress);
      // A rate falls to zero by itself, with nothing else happening.
      if (progress.rateDown > 0 || progress.rateUp > 0) later();
    };
    const later = (): void => {
      timer ??= scheduler.schedule(() => {
        timer = null;
        emit();
      }, intervalMs);
    };

    subscriber.add(
      log.changes.subscribe(change => {
        if (change.type === 'have') have += change.length;
        else if (change.type === 'drop') have -= change.length;
        else if (change.type === 'fork') have = countHere(replication);
      }),
    );
    subscriber.add(
      replication.changed.subscribe({
        next: later,
        complete: () => subscriber.complete(),
      }),
    );
    emit();
  });
}

function differs(a: CoreProgress, b: CoreProgress): boolean {
  return (Object.keys(a) as (keyof CoreProgress)[]).some(key => a[key] !== b[key]);
}

/** Blocks that are looked at in one piece. */
const PIECE = 0x100000;

function countHere({ log }: CoreReplication): number {
  let count = log.contiguousLength;
  if (count === log.length) return count;
  count -= count % 32;
  for (let start = count; start < log.length; start += PIECE) {
    for (const word of log.words(start, Math.min(PIECE, log.length - start))) count += bitsIn(word);
  }
  return count;
}

function bitsIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
