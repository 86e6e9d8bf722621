import type { SchedulerLike, Subscription } from 'rxjs';
import { TimeoutExceededError } from '../errors.js';
import type { ReplicableLog } from '../log/ReplicableLog.js';
import type { Data } from '../messages/data.js';
import type { RequestFields } from '../messages/request.js';
import { Backoff } from './Backoff.js';
import { Downloads } from './Downloads.js';
import type { LocalCore } from './RemoteCore.js';
import type { RemotePeer } from './RemotePeer.js';
import { isProofError, isRemotesFault } from './faults.js';
import type { ReplicationLimits } from './ReplicationLimits.js';
import { type Asked, type RequestPurpose, verifyAnswer } from './RequestTable.js';

/** Proofs in a row that may begin elsewhere than was asked. */
const MOST_REBASED = 3;

/** What a request asks for. @internal */
export type RequestParts = Omit<RequestFields, 'id' | 'fork'>;

/** What {@link Fetcher} stands on. @internal */
export interface FetcherHost {
  readonly log: ReplicableLog;
  readonly peers: readonly RemotePeer[];
  readonly limits: ReplicationLimits;
  readonly scheduler: SchedulerLike;
  local(): LocalCore;
  /** There may be work at the end of the turn. */
  schedule(): void;
  /** An answer was refused by the log. */
  refused(peer: RemotePeer, error: unknown): void;
  drop(peer: RemotePeer, error: unknown): void;
}

/**
 * Asks remotes for what is wanted, and gives their answers to the log: blocks by the window, a longer tree from one remote at a
 * time. What is not answered in time is asked again.
 *
 * @internal
 */
export class Fetcher {
  readonly downloads: Downloads<RemotePeer>;
  /** Bytes of blocks that came. */
  bytes = 0;
  private upgrading: RemotePeer | null = null;
  /** The storage here, which may be full. */
  private readonly storage = new Backoff();
  /** How often it failed. */
  storageFailures = 0;
  /** It is to be tried although it failed a moment ago. */
  private retrying = false;
  private timer: Subscription | null = null;
  private waking: { readonly at: number; readonly timer: Subscription } | null = null;

  constructor(private readonly host: FetcherHost) {
    this.downloads = new Downloads<RemotePeer>(
      host.log,
      {
        ask: (peer, index, priority) => void this.askBlock(peer, index, priority),
        askAbout: (peer, segment) => peer.inquire(segment),
        cancel: (peer, index) => {
          const asked = peer.cancelBlock(index);
          if (asked !== null) this.abandon(peer, asked);
        },
      },
      host.limits,
    );
  }

  /** Whether a longer tree is being asked for. */
  get isUpgrading(): boolean {
    return this.upgrading !== null;
  }

  /** Asks for all that the windows allow. */
  work(): void {
    const { peers } = this.host;
    if (this.isWaiting) return this.watch();
    this.upgrade();
    // Timers and what comes in are not to wait for a long search.
    if (this.downloads.assign(peers, this.now())) this.wake(this.now());
    this.watch();
  }

  /** Whether nothing is asked for that would have to be stored, because that failed just now. */
  get isWaiting(): boolean {
    const { until } = this.storage;
    if (this.retrying || until <= this.now()) return false;
    this.wake(until);
    return true;
  }

  /** What came could not be stored, or what it takes to ask could not be read. */
  storageFailed(): void {
    this.retrying = false;
    this.storageFailures++;
    this.storage.fail(this.now());
  }

  /** Somebody wants something anew: the storage may have room again. */
  retryStorage(): void {
    this.retrying = this.storage.failures > 0;
  }

  /**
   * Whom to ask for a tree that it spoke of. One that did not prove the last comes after all others; while it has to wait it is
   * passed over, and looked at again then.
   */
  choose(
    offers: (peer: RemotePeer) => boolean,
    isBetter: (one: RemotePeer, other: RemotePeer) => boolean,
  ): RemotePeer | null {
    let best: RemotePeer | null = null;
    let later = Infinity;
    for (const peer of this.host.peers) {
      const { unproven } = peer;
      if (!peer.isUsable || !offers(peer)) continue;
      const failures = unproven.failures - (best?.unproven.failures ?? Infinity);
      if (unproven.until > this.now()) later = Math.min(later, unproven.until);
      else if (best === null || failures < 0 || (failures === 0 && isBetter(peer, best))) best = peer;
    }
    if (best === null && later !== Infinity) this.wake(later);
    return best;
  }

  /** Looks for work at a time, but not in this turn. */
  private wake(at: number): void {
    if (this.waking !== null) {
      if (this.waking.at <= at) return;
      this.waking.timer.unsubscribe();
    }
    const woken = (): void => {
      this.waking = null;
      this.host.schedule();
    };
    this.waking = { at, timer: this.host.scheduler.schedule(woken, Math.max(0, at - this.now())) };
  }

  /** Asks one remote for something other than a block; `null` if it does not answer. */
  ask(
    peer: RemotePeer,
    purpose: RequestPurpose,
    parts: RequestParts,
    fork = this.host.log.fork,
  ): Promise<Data | null> {
    if (!peer.isOpen) return Promise.resolve(null);
    return new Promise(resolve => {
      const asked = this.add(peer, purpose, -1, fork, resolve);
      const message = peer.requests.prepare(asked, parts);
      if (message !== null) peer.send(message);
      this.watch();
    });
  }

  /**
   * Takes an answer; false if nobody waits for it.
   *
   * @throws ProofError for what was not asked for.
   */
  answer(peer: RemotePeer, message: Data): boolean {
    const asked = peer.requests.answer(message.request, this.now());
    if (message.block !== null) this.bytes += message.block.value.length;
    if (asked === null) return false;
    peer.forget(asked);
    try {
      verifyAnswer(asked.message, message);
    } catch (error) {
      this.unanswered(peer, asked);
      throw error;
    }
    if (asked.settle !== null) asked.settle(message);
    else this.give(peer, asked, message);
    return true;
  }

  /** The remote has not got what it was asked for. */
  refuse(peer: RemotePeer, id: number): void {
    const asked = peer.requests.answer(id, this.now());
    if (asked === null) return;
    peer.forget(asked);
    this.missing(peer, asked);
    this.unanswered(peer, asked);
  }

  /** Takes back all that a remote was asked for and `fits`. */
  cancel(peer: RemotePeer, fits: (asked: Asked) => boolean = () => true): void {
    for (const asked of [...peer.requests.values()]) {
      if (!fits(asked)) continue;
      peer.cancel(asked);
      this.unanswered(peer, asked);
    }
  }

  /** The log goes on under another fork: what was asked of the one before is of no use. */
  leaveFork(fork: number): void {
    this.downloads.abandon();
    this.upgrading = null;
    for (const peer of this.host.peers)
      this.cancel(peer, asked => asked.fork < fork && asked.purpose !== 'fork');
  }

  /** A remote is gone, and was asked for all this. */
  lose(peer: RemotePeer, asked: readonly Asked[]): void {
    if (this.upgrading === peer) this.upgrading = null;
    this.downloads.dropSource(peer);
    for (const { settle } of asked) settle?.(null);
  }

  end(): void {
    this.timer?.unsubscribe();
    this.waking?.timer.unsubscribe();
  }

  private now(): number {
    return this.host.scheduler.now();
  }

  private add(
    peer: RemotePeer,
    purpose: RequestPurpose,
    block: number,
    fork: number,
    settle: Asked['settle'] = null,
  ): Asked {
    const { storageFailures } = this;
    return peer.requests.add({ purpose, block, fork, at: this.now(), storageFailures, settle });
  }

  /** Gives an answer to the log, or lets it wait until the one it leans on is given. */
  private give(peer: RemotePeer, asked: Asked, message: Data): void {
    const { leansOn } = asked;
    const bytes = message.block?.value.length ?? 0;
    if (leansOn?.outcome === 'open') {
      if (this.mayHold(peer, bytes)) {
        this.hold(peer, leansOn, bytes, () => this.give(peer, asked, message));
        return;
      }
      leansOn.outcome = 'late';
      peer.coming.forget(leansOn);
      this.follow(leansOn);
    }
    if (asked.fork !== this.host.log.fork) return this.unanswered(peer, asked);
    void this.store(peer, asked, message);
    this.follow(asked);
  }

  /** One answer that does not come must not take the whole window. */
  private mayHold(peer: RemotePeer, bytes: number): boolean {
    const { maxHeldBytes, maxInFlightPerPeer } = this.host.limits;
    return 2 * (peer.held + 1) <= maxInFlightPerPeer && peer.heldBytes + bytes <= maxHeldBytes;
  }

  private hold(peer: RemotePeer, leansOn: Asked, bytes: number, give: () => void): void {
    peer.held++;
    peer.heldBytes += bytes;
    peer.storing++;
    (leansOn.followers ??= []).push(() => {
      peer.held--;
      peer.heldBytes -= bytes;
      peer.storing--;
      give();
    });
  }

  /** What leans on an answer goes where it went. */
  private follow(asked: Asked): void {
    const { followers } = asked;
    asked.followers = null;
    if (followers !== null) for (const next of followers) next();
  }

  /** It brings nothing. */
  private abandon(peer: RemotePeer, asked: Asked): void {
    asked.outcome = 'none';
    asked.leansOn = null;
    peer.coming.forget(asked);
    this.follow(asked);
  }

  private unanswered(peer: RemotePeer, asked: Asked): void {
    this.abandon(peer, asked);
    if (asked.block !== -1) this.downloads.failed(peer, asked.block);
    if (asked.purpose === 'upgrade' && this.upgrading === peer) this.upgrading = null;
    asked.settle?.(null);
  }

  /** It spoke of a longer tree, and did not prove it. */
  private unproven(peer: RemotePeer): void {
    peer.unproven.fail(this.now());
  }

  /** It is not asked for the same again until it says something new. */
  private missing(peer: RemotePeer, asked: Asked): void {
    if (asked.block !== -1) peer.blocks.setRange(asked.block, 1, false);
    else if (asked.purpose === 'upgrade') peer.unprovenLength = peer.core.length;
    if (asked.purpose === 'upgrade') this.unproven(peer);
  }

  private async store(peer: RemotePeer, asked: Asked, message: Data): Promise<void> {
    const { log } = this.host;
    const { fork } = log;
    asked.outcome = 'given';
    if (asked.block !== -1) this.downloads.given(peer, asked.block);
    const bytes = message.block?.value.length ?? 0;
    peer.storing++;
    peer.storingBytes += bytes;
    const done = (): void => {
      peer.storing--;
      peer.storingBytes -= bytes;
    };
    try {
      const { upgraded } = await log.receive(message);
      done();
      this.storage.succeed();
      asked.outcome = 'proved';
      asked.leansOn = null;
      peer.coming.forget(asked);
      this.stored(peer, asked, message, upgraded);
    } catch (error) {
      done();
      const leant = leansInVain(asked, error) || this.isUnfounded(asked, error);
      this.unanswered(peer, asked);
      if (leant) peer.unleaning = this.host.limits.maxInFlightPerPeer;
      else if (isRemotesFault(error) && this.isRebased(peer, asked, message)) peer.rebased++;
      // A proof that was overtaken by another fork is nobody's fault.
      else if (fork === log.fork || !isRemotesFault(error)) this.host.refused(peer, error);
    }
    this.host.schedule();
  }

  /** Whether an answer could not be proved because nodes on which it was to end were known then, and could not be stored since. */
  private isUnfounded({ storageFailures }: Asked, error: unknown): boolean {
    return storageFailures < this.storageFailures && isProofError(error);
  }

  /**
   * Hypercore 11 lets the proof of a longer tree begin where it believes to have pushed to, which need not be here. Asked again it
   * takes that for done.
   */
  private isRebased(peer: RemotePeer, asked: Asked, { upgrade }: Data): boolean {
    const elsewhere = upgrade !== null && upgrade.start !== asked.message?.upgrade?.start;
    return elsewhere && this.host.local().allowPush && peer.rebased < MOST_REBASED;
  }

  private stored(peer: RemotePeer, asked: Asked, message: Data, upgraded: boolean): void {
    if (asked.purpose === 'upgrade') {
      if (!upgraded) peer.unprovenLength = peer.core.length;
      else peer.rebased = 0;
      if (this.isAsAsked(asked)) peer.unproven.succeed();
      else this.unproven(peer);
      if (this.upgrading === peer) this.upgrading = null;
    }
    if (asked.block === -1) return;
    if (message.block !== null) return this.downloads.arrived(asked.block);
    peer.blocks.setRange(asked.block, 1, false);
    this.downloads.failed(peer, asked.block);
  }

  /** Whether the tree is as long as it was asked for. A remote that proves less each time than it says is no help. */
  private isAsAsked({ message, fork }: Asked): boolean {
    const { log } = this.host;
    if (fork !== log.fork) return true;
    const { start = 0, length = 0 } = message?.upgrade ?? {};
    return log.length >= start + length;
  }

  private upgrade(): void {
    if (this.upgrading !== null) return;
    const { log } = this.host;
    const local = this.host.local();
    const best = this.choose(peer => offersLonger(peer, local), isLonger);
    if (best === null) return;
    this.upgrading = best;
    const block = this.downloads.wantedBehind(best);
    const { requests, core } = best;
    const asked = this.add(best, 'upgrade', block, local.fork);
    if (block !== -1) {
      best.markBlock(asked);
      this.downloads.asked(best, block, asked.at);
    }
    const message = requests.prepare(asked, {
      upgrade: { start: local.length, length: core.length - local.length },
      ...(block !== -1 && { block: { index: block, nodes: 0 } }),
      manifest: log.manifest === null && core.hasManifest,
    });
    if (message !== null) best.send(message);
  }

  private askBlock(peer: RemotePeer, index: number, priority: number): void | Promise<void> {
    const { log } = this.host;
    const asked = this.add(peer, 'block', index, log.fork);
    peer.markBlock(asked);
    const send = (missing: number): void => {
      if (asked.outcome !== 'open') return; // taken back meanwhile
      const alone = peer.unleaning > 0;
      if (alone) peer.unleaning--;
      const nodes = peer.coming.plan(asked, missing, alone);
      const message = peer.requests.prepare(asked, { block: { index, nodes }, priority });
      if (message !== null) peer.send(message);
    };
    const nodes = log.missingNodes(2 * index);
    if (typeof nodes === 'number') return send(nodes);
    return nodes.then(send, (error: unknown) => {
      if (peer.requests.remove(asked.id) === null) return;
      peer.forget(asked);
      this.unanswered(peer, asked);
      this.host.refused(peer, error);
    });
  }

  /** Watches for what is overdue, as long as anything is asked. */
  private watch(): void {
    if (this.timer !== null || !this.host.peers.some(peer => peer.requests.size > 0)) return;
    const { requestTimeoutMs, overtakeAfterMs } = this.host.limits;
    const waits = [requestTimeoutMs / 4, overtakeAfterMs / 2].filter(wait => wait > 0);
    if (waits.length === 0) return;
    this.timer = this.host.scheduler.schedule(
      () => {
        this.timer = null;
        this.giveUpOverdue();
        this.host.schedule();
      },
      Math.max(1, Math.min(...waits)),
    );
  }

  private giveUpOverdue(): void {
    const { requestTimeoutMs, maxTimeouts, maxInFlightPerPeer } = this.host.limits;
    if (requestTimeoutMs === 0) return;
    this.giveUpLateUpgrade(requestTimeoutMs);
    for (const peer of [...this.host.peers]) {
      const overdue = new Set(peer.requests.overdue(this.now(), requestTimeoutMs, 4 * maxInFlightPerPeer));
      if (overdue.size === 0) continue;
      if ([...overdue].some(({ purpose }) => purpose === 'upgrade')) this.unproven(peer);
      this.cancel(peer, asked => overdue.has(asked));
      if (++peer.requests.timeouts < maxTimeouts) continue;
      this.host.drop(peer, new TimeoutExceededError('request', requestTimeoutMs, 'channel'));
    }
  }

  /** A longer tree is asked of one remote at a time. One that answers other things meanwhile must not keep it from another. */
  private giveUpLateUpgrade(afterMs: number): void {
    const peer = this.upgrading;
    if (peer === null) return;
    for (const asked of peer.requests.values()) {
      if (asked.purpose !== 'upgrade' || this.now() - asked.at < afterMs) continue;
      const local = this.host.local();
      if (this.choose(other => other !== peer && offersLonger(other, local), isLonger) === null) return;
      this.unproven(peer);
      peer.cancel(asked);
      this.unanswered(peer, asked);
      return;
    }
  }
}

/** Whether an answer could not be proved because another, on whose nodes it was to end, did not come or was not proved. */
function leansInVain({ leansOn }: Asked, error: unknown): boolean {
  return leansOn !== null && leansOn.outcome !== 'proved' && isProofError(error);
}

/** Whether it can be asked for a longer tree. */
function offersLonger(peer: RemotePeer, local: LocalCore): boolean {
  return peer.hasRoom && peer.unprovenLength !== peer.core.length && peer.core.offersUpgrade(local);
}

/** The longest is asked first, but one that was late comes after all others. */
function isLonger(one: RemotePeer, other: RemotePeer): boolean {
  if (one.timeouts !== other.timeouts) return one.timeouts < other.timeouts;
  return one.core.length > other.core.length;
}
