import type { Subscription } from 'rxjs';
import type { Channel } from '../connection/Channel.js';
import { isHypercoreError } from '../errors.js';
import type { ReplicableLog } from '../log/ReplicableLog.js';
import { cancel } from '../messages/cancel.js';
import type { Data } from '../messages/data.js';
import type { Message } from '../messages/Message.js';
import type { DataUpgrade } from '../messages/proof.js';
import { unwant } from '../messages/unwant.js';
import { want, type Want } from '../messages/want.js';
import type { Answer } from './Answers.js';
import { SEGMENT_BLOCKS } from './Announcements.js';
import { Backoff } from './Backoff.js';
import { ComingNodes } from './ComingNodes.js';
import type { DownloadSource } from './Downloads.js';
import { RemoteBlocks } from './RemoteBlocks.js';
import { RemoteCore } from './RemoteCore.js';
import type { ReplicationLimits } from './ReplicationLimits.js';
import { type Asked, RequestTable } from './RequestTable.js';
import { Uploads } from './Uploads.js';

/** Trees in a row that a remote may fail to prove before others are given time. */
const MOST_UNPROVEN = 3;

/** The connection that the channel of a remote belongs to. @internal */
export interface PeerConnection {
  /** Who the remote is, once that is known. */
  identity(): Uint8Array | null;
  /** The channel is not to be opened again. */
  dropped(): void;
}

/** One remote of one core: its channel, and all that is known of it. @internal */
export class RemotePeer implements DownloadSource {
  readonly core = new RemoteCore();
  readonly blocks: RemoteBlocks;
  readonly requests = new RequestTable();
  readonly coming = new ComingNodes();
  readonly uploads: Uploads;
  /** Answers that are made, oldest first. */
  readonly answers: Answer[] = [];
  /** Wants that are not answered yet, because the link is full. */
  readonly wants: Want[] = [];
  /** Segments it was asked about. */
  private readonly inquiries = new Set<number>();
  private readonly byBlock = new Map<number, Asked>();
  /** Both sides opened the channel. */
  isOpen = false;
  drained = true;
  /** Something about us changed that it must hear of. */
  needsSync = false;
  /** Whether it is known if we can prove the way from its length to ours, */
  isCompared = true;
  /** and whether that is being found out. */
  isComparing = false;
  /** How far it was told that all blocks are here. */
  announced = 0;
  /** How far we sent it the proof of our tree. */
  provenLength = 0;
  /** Answers that are being verified and stored, or wait for another one, */
  storing = 0;
  /** and the bytes of the blocks in those that do not wait. */
  storingBytes = 0;
  /** What it sent as the evidence of a conflict is being compared. */
  comparing = false;
  /** Blocks that it pushed and that are being stored. */
  pushing = 0;
  /** Answers that wait for another one, */
  held = 0;
  /** and the bytes of their blocks, or of blocks that it pushed and that are being stored. */
  heldBytes = 0;
  /** So many requests more lean on no other: one did in vain. */
  unleaning = 0;
  /** A proof of it was wrong: nothing is asked of it any more, but whether the core is in conflict. */
  suspected = false;
  /** Longer trees in a row whose proof began elsewhere than was asked. */
  rebased = 0;
  /** Longer trees and higher forks in a row that it spoke of and did not prove. */
  readonly unproven = new Backoff(MOST_UNPROVEN - 1);
  /** A length to which it could not prove the way. */
  unprovenLength = -1;
  /** A fork that it could not prove. */
  unprovenFork = -1;
  subscription: Subscription | null = null;

  constructor(
    readonly channel: Channel,
    readonly connection: PeerConnection,
    private readonly log: Pick<ReplicableLog, 'fork' | 'length'>,
    private readonly limits: ReplicationLimits,
  ) {
    this.blocks = new RemoteBlocks({ maxPages: limits.maxRemotePages, maxRows: limits.maxRemoteRows });
    this.uploads = new Uploads(limits);
  }

  /** Who it is on its connection, 32 bytes; null where there was no handshake. */
  get remotePublicKey(): Uint8Array | null {
    return this.connection.identity();
  }

  get inFlight(): number {
    return this.requests.size + this.storing;
  }

  get timeouts(): number {
    return this.requests.timeouts;
  }

  /**
   * A remote that is shorter can prove its blocks only up to its own roots; unless they are here, a request would ask for
   * nodes that it cannot have, and hypercore 10 ends the connection over that.
   */
  get servedLength(): number {
    const { core, log } = this;
    if (!this.isUsable || core.fork !== log.fork) return 0;
    return core.length >= log.length || (this.isCompared && core.provable) ? core.length : 0;
  }

  /** Whether nothing longer is to be had of it, as far as it said. */
  isSettledWith(log: Pick<ReplicableLog, 'fork' | 'length'>): boolean {
    const { core } = this;
    if (!this.isOpen || !core.synchronized) return false;
    if (this.suspected || !core.uploading || this.unproven.failures >= MOST_UNPROVEN) return true;
    if (core.fork > log.fork) return core.length === 0 || this.unprovenFork === core.fork;
    const longer = core.fork === log.fork && core.canUpgrade && core.length > log.length;
    return !longer || this.unprovenLength === core.length;
  }

  /** Whether it can be asked for anything. */
  get isUsable(): boolean {
    return this.isOpen && this.core.synchronized && this.core.uploading && !this.suspected;
  }

  /** Whether more may be asked of it. What only waits for the storage takes no room but that of its bytes. */
  get hasRoom(): boolean {
    const { maxInFlightPerPeer, maxStoringBytes } = this.limits;
    return this.requests.size + this.held < maxInFlightPerPeer && this.storingBytes < maxStoringBytes;
  }

  send(message: Message): void {
    this.channel.send(message);
  }

  /** Sends a proof; false if the remote cannot receive anything as large, as the Rust crate cannot every block. */
  sends(proof: Data): boolean {
    try {
      this.send(proof);
      if (proof.upgrade !== null) this.noteProven(proof.upgrade);
      return true;
    } catch (error) {
      if (isHypercoreError(error) && error.code === 'ERR_FRAME_TOO_LARGE') return false;
      throw error;
    }
  }

  private noteProven({ start, length, additionalNodes }: DataUpgrade): void {
    const end = additionalNodes.length > 0 ? this.log.length : start + length;
    this.provenLength = Math.max(this.provenLength, end);
  }

  /** Remembers which request is for which block. */
  markBlock(asked: Asked): void {
    this.byBlock.set(asked.block, asked);
  }

  /** A request is over. */
  forget(asked: Asked): void {
    if (asked.block !== -1 && this.byBlock.get(asked.block) === asked) this.byBlock.delete(asked.block);
  }

  /** Takes a request back, on the wire too if it was sent. */
  cancel(asked: Asked): void {
    this.requests.remove(asked.id);
    this.forget(asked);
    if (asked.message !== null) this.send(cancel({ request: asked.id }));
  }

  /** Takes the request for a block back, if there is one for nothing else, and returns it. */
  cancelBlock(index: number): Asked | null {
    const asked = this.byBlock.get(index);
    if (asked?.purpose !== 'block') return null;
    this.cancel(asked);
    return asked;
  }

  /** Asks what it has of a segment, once. */
  inquire(segment: number): void {
    const { inquiries } = this;
    if (inquiries.has(segment)) return;
    if (inquiries.size >= this.limits.maxWants) {
      for (const oldest of inquiries) {
        inquiries.delete(oldest);
        this.send(unwant({ start: oldest * SEGMENT_BLOCKS, length: SEGMENT_BLOCKS }));
        break;
      }
    }
    inquiries.add(segment);
    this.send(want({ start: segment * SEGMENT_BLOCKS, length: SEGMENT_BLOCKS }));
  }

  /** Lets go of everything. */
  clear(): Asked[] {
    this.isOpen = false;
    this.uploads.clear();
    this.answers.length = 0;
    this.wants.length = 0;
    this.byBlock.clear();
    this.coming.clear();
    this.blocks.clear();
    return this.requests.clear();
  }
}
