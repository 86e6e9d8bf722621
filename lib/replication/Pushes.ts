import { filter, firstValueFrom } from 'rxjs';
import { TaskQueue } from '../log/TaskQueue.js';
import type { ReplicableLog } from '../log/ReplicableLog.js';
import type { Data } from '../messages/data.js';
import { request, type Request } from '../messages/request.js';
import { blocksUnder, endOf, rootIndexes } from '../tree/flatTree.js';
import { isProofError } from './faults.js';
import type { RemotePeer } from './RemotePeer.js';
import type { ReplicationLimits } from './ReplicationLimits.js';

/** What {@link Pushes} tells. @internal */
export interface PushesOutput {
  /** A block left for a remote. */
  uploaded(bytes: number): void;
  /** What a remote pushed was refused by the log. */
  refused(peer: RemotePeer, error: unknown): void;
  /** There may be room for requests again. */
  schedule(): void;
}

/**
 * Blocks that nobody asked for, which go to remotes that allow it, and are taken if this side does (hypercore 11
 * `lib/replicator.js`, `push`).
 *
 * @internal
 */
export class Pushes {
  private readonly queues = new WeakMap<RemotePeer, TaskQueue>();

  constructor(
    private readonly log: ReplicableLog,
    private readonly limits: ReplicationLimits,
    private readonly output: PushesOutput,
  ) {}

  /** Sends a block to those that allow it and have it not; resolves with how many that are, once their links took it. */
  async send(peers: readonly RemotePeer[], index: number): Promise<number> {
    const sent = await Promise.all(peers.map(peer => this.queueOf(peer).run(() => this.sendTo(peer, index))));
    return sent.filter(Boolean).length;
  }

  /**
   * Takes what a remote pushed. It is left where it is if too much is on its way to the storage already, or if it does not fit to the
   * tree here, which other remotes may have let grow: it can be asked for.
   */
  take(peer: RemotePeer, message: Data): void {
    const { maxInFlightPerPeer, maxHeldBytes } = this.limits;
    const bytes = message.block?.value.length ?? 0;
    if (peer.pushing >= maxInFlightPerPeer || peer.heldBytes + bytes > maxHeldBytes) return;
    peer.pushing++;
    peer.heldBytes += bytes;
    const done = (): void => {
      peer.pushing--;
      peer.heldBytes -= bytes;
      this.output.schedule();
    };
    this.log.receive(message).then(done, (error: unknown) => {
      done();
      if (!isProofError(error)) this.output.refused(peer, error);
    });
  }

  /** One at a time for each remote: an upgrade begins where the one before ended. */
  private queueOf(peer: RemotePeer): TaskQueue {
    const existing = this.queues.get(peer);
    if (existing !== undefined) return existing;
    const queue = new TaskQueue();
    this.queues.set(peer, queue);
    return queue;
  }

  private async sendTo(peer: RemotePeer, index: number): Promise<boolean> {
    const drained = peer.channel.drained.pipe(filter(Boolean));
    if (!(await firstValueFrom(drained, { defaultValue: false }).catch(() => false))) return false;
    const asked = this.requestOf(peer, index);
    const proof = asked === null ? null : await this.prove(asked);
    if (proof === null || proof.block === null || !this.mayPush(peer, index)) return false;
    if (!peer.sends(proof)) return false;
    this.output.uploaded(proof.block.value.length);
    return true;
  }

  /** What the remote would ask for; `null` if it is not to be sent. */
  private requestOf(peer: RemotePeer, index: number): Request | null {
    const { fork, length } = this.log;
    if (index >= length || !this.mayPush(peer, index)) return null;
    const start = Math.max(peer.core.length, peer.provenLength);
    if (start > length) return null;
    return request({
      id: 0,
      fork,
      block: { index, nodes: levelsUnderRoot(index, start) },
      ...(index >= start && { upgrade: { start, length: length - start } }),
      manifest: peer.core.length === 0,
    });
  }

  private mayPush(peer: RemotePeer, index: number): boolean {
    const { core } = peer;
    const allows = peer.isOpen && core.allowPush && core.downloading && core.fork === this.log.fork;
    return allows && !peer.blocks.has(index);
  }

  private async prove(asked: Request): Promise<Data | null> {
    try {
      return await this.log.prove(asked);
    } catch (error) {
      // Not all of the way there is known here.
      if (isProofError(error)) return null;
      throw error;
    }
  }
}

/** How far a block is from the root above it in a tree of that length; 0 if it is not in there. */
function levelsUnderRoot(block: number, length: number): number {
  const root = rootIndexes(length).find(index => 2 * block < endOf(index));
  return root === undefined ? 0 : Math.log2(blocksUnder(root));
}
