import type { Reorg, ReplicableLog } from '../log/ReplicableLog.js';
import type { Data } from '../messages/data.js';
import type { RequestFields } from '../messages/request.js';

/** Asks the remote that has the fork; `null` if it does not answer. @internal */
export type AskFork = (fork: number, parts: Omit<RequestFields, 'id' | 'fork'>) => Promise<Data | null>;

/**
 * Follows a remote to a higher fork: its whole tree is proved first, then what both trees share is narrowed down by hashes,
 * then the log is cut to that and goes on under the new fork (hypercore `lib/replicator.js`, `_onreorgdata`).
 *
 * Resolves to whether the log changed. Rejects with what was wrong with the proof.
 *
 * @internal
 */
export async function followFork(
  log: ReplicableLog,
  remote: { readonly fork: number; readonly length: number },
  ask: AskFork,
): Promise<boolean> {
  const { fork, length } = remote;
  const first = await ask(fork, {
    upgrade: { start: 0, length },
    manifest: log.manifest === null && !log.compat,
  });
  if (first === null || first.upgrade === null) return false;
  const reorg: Reorg = await log.reorg(first);
  for (let { wanted } = reorg; wanted !== null; wanted = reorg.wanted) {
    const hash = await ask(fork, { hash: { index: wanted.index, nodes: wanted.nodes } });
    if (hash === null || hash.hash === null) return false;
    await reorg.add(hash);
  }
  if (fork <= log.fork) return false; // another remote was faster
  await reorg.commit();
  return true;
}
