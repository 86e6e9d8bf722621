import type { SchedulerLike } from 'rxjs';
import { Subscription } from 'rxjs';
import { TimeoutExceededError } from '../errors.js';
import { BlockNotAvailableError, LogClosedError } from '../logErrors.js';
import type { BytePlace } from '../log/Log.js';
import type { CoreReplication } from './CoreReplication.js';
import type { RemotePeer } from './RemotePeer.js';
import { Wish } from './Wish.js';

/** After as many a remote is asked no more. */
const MOST_REFUSALS = 3;

/**
 * Finds a byte by what the tree here tells, and by hashes of remotes where it does not: each answer narrows down the blocks
 * in which it can be (hypercore `lib/replicator.js`, `_requestSeek`). A remote that knows no seeks is asked for the hash of one
 * block alone, which with those beside it halves the blocks at least.
 *
 * Of the last two blocks a hash proves the size of both together alone; so one of them is downloaded, which tells.
 *
 * @internal
 */
export async function seekInCore(
  replication: CoreReplication,
  byte: number,
  options: { readonly timeoutMs?: number; readonly wait?: boolean },
  scheduler: SchedulerLike,
): Promise<BytePlace> {
  const { timeoutMs = 0, wait = true } = options;
  const deadline = timeoutMs > 0 ? scheduler.now() + timeoutMs : Infinity;
  const refusals = new Map<RemotePeer, number>();
  let narrowest = Infinity;
  for (;;) {
    const located = await replication.log.locate(byte);
    if (located.found) return { index: located.index, offset: located.offset };
    if (!wait) throw new BlockNotAvailableError(located.start);
    const { log } = replication;
    if (log.conflict !== null) throw log.conflict;
    const source = located.start < log.length ? sourceOf(replication, located, refusals) : null;
    if (source === null) {
      await nextChange(replication, deadline, timeoutMs, scheduler);
      continue;
    }
    const { peer, index } = source;
    const { fork } = log;
    const { storageFailures } = replication;
    const nodes = await log.missingNodes(2 * index);
    const width = located.end - located.start;
    if (nodes === 0 || width >= narrowest) {
      narrowest = Infinity;
      await download(replication, index, () => nextChange(replication, deadline, timeoutMs, scheduler));
      continue;
    }
    narrowest = width;
    // Nodes of which only the sum of the sizes is proved are known too, but the byte is below the root of all these blocks.
    const answer = await replication.ask(peer, 'seek', {
      hash: { index: 2 * index, nodes: Math.max(nodes, Math.log2(width)) },
      ...(peer.channel.remoteSeeks && { seek: { bytes: byte, padding: log.padding } }),
      priority: 1,
    });
    if (answer === null || answer.hash === null) {
      refusals.set(peer, (refusals.get(peer) ?? 0) + 1);
      narrowest = 0; // a block tells as well
      continue;
    }
    if (fork !== log.fork) continue;
    await replication.take(peer, answer, storageFailures);
  }
}

/** Waits until a block is here. */
async function download(
  replication: CoreReplication,
  index: number,
  changed: () => Promise<void>,
): Promise<void> {
  const wish = new Wish(index, index + 1, 1);
  replication.wish(wish);
  try {
    while (index < replication.log.length && !replication.log.has(index)) await changed();
  } finally {
    replication.unwish(wish);
  }
}

/** A remote that has one of the blocks that are missing here, and so the hashes around it. */
function sourceOf(
  { peers, log }: CoreReplication,
  { start, end }: { readonly start: number; readonly end: number },
  refusals: ReadonlyMap<RemotePeer, number>,
): { readonly peer: RemotePeer; readonly index: number } | null {
  for (const peer of peers) {
    if ((refusals.get(peer) ?? 0) >= MOST_REFUSALS || !peer.hasRoom) continue;
    const upTo = Math.min(end, peer.servedLength);
    for (let index = start; index < upTo; index++) {
      const missing = log.firstMissing(index, upTo);
      if (missing === -1) break;
      index = peer.blocks.next(missing, upTo);
      if (index === -1) break;
      if (!log.has(index)) return { peer, index };
    }
  }
  return null;
}

/** Waits until something changed with the log or the remotes. */
function nextChange(
  replication: CoreReplication,
  deadline: number,
  timeoutMs: number,
  scheduler: SchedulerLike,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = new Subscription();
    const late = (): void => {
      subscription.unsubscribe();
      reject(new TimeoutExceededError('request', timeoutMs, 'log'));
    };
    if (deadline !== Infinity) {
      subscription.add(scheduler.schedule(late, Math.max(0, deadline - scheduler.now())));
    }
    subscription.add(
      replication.changed.subscribe({
        next: () => {
          subscription.unsubscribe();
          resolve();
        },
        complete: () => {
          subscription.unsubscribe();
          reject(new LogClosedError());
        },
      }),
    );
  });
}
