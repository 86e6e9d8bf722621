import { type SchedulerLike, Subject, type Subscription } from 'rxjs';
import type { Channel } from '../connection/Channel.js';
import { type HypercoreError, isHypercoreError } from '../errors.js';
import type { LogChange, ReplicableLog } from '../log/ReplicableLog.js';
import type { ConflictError } from '../logErrors.js';
import { data, type Data } from '../messages/data.js';
import type { Message } from '../messages/Message.js';
import { request } from '../messages/request.js';
import type { Synchronize } from '../messages/synchronize.js';
import { Turn } from '../transports/Turn.js';
import { Answers } from './Answers.js';
import type { CoreEvent } from './CoreEvent.js';
import { Fetcher, type RequestParts } from './Fetcher.js';
import { followFork } from './followFork.js';
import { isProofError, isRemotesFault } from './faults.js';
import { Pushes } from './Pushes.js';
import { LogAnnouncer } from './LogAnnouncer.js';
import { type PeerConnection, RemotePeer } from './RemotePeer.js';
import type { ReplicationLimits } from './ReplicationLimits.js';
import type { RequestPurpose } from './RequestTable.js';
import type { Wish } from './Wish.js';

/** What a replication runs on. @internal */
export interface CoreReplicationOptions {
  readonly limits: ReplicationLimits;
  readonly scheduler: SchedulerLike;
  /** Ends the turn in which what happened is gathered; a microtask by default. */
  readonly flushScheduler?: SchedulerLike;
  /** Whether blocks that were not asked for are taken. No, unless told. */
  readonly allowPush?: boolean;
}

/**
 * One log and all remotes that replicate it: what comes on their channels changes the log and is answered, what changes in
 * the log is told to them, and what is wished for is asked of them.
 *
 * Everything that happens in one turn is taken together, once, at its end.
 *
 * @internal
 */
export class CoreReplication {
  readonly peers: RemotePeer[] = [];
  readonly events = new Subject<CoreEvent>();
  /** Something changed that {@link CoreReplication.isSettled} or the progress depends on. */
  readonly changed = new Subject<void>();
  /** Bytes of blocks that left. */
  bytesUp = 0;
  private readonly fetcher: Fetcher;
  private readonly answers: Answers;
  private readonly announcer: LogAnnouncer;
  private readonly pushes: Pushes;
  private readonly allowPush: boolean;
  private readonly turn: Turn;
  private readonly logSubscription: Subscription;
  private turning = false;
  private following = false;
  private ended = false;

  constructor(
    readonly log: ReplicableLog,
    private readonly options: CoreReplicationOptions,
  ) {
    const { limits, scheduler, allowPush = false } = options;
    const { peers } = this;
    this.allowPush = allowPush;
    const schedule = (): void => this.schedule();
    const drop = (peer: RemotePeer, error: unknown): void => this.drop(peer, error);
    this.turn = new Turn(options.flushScheduler, () => this.endTurn());
    this.announcer = new LogAnnouncer(log, peers, limits.maxAnnouncements, allowPush, schedule);
    const uploaded = (bytes: number): void => {
      this.bytesUp += bytes;
      this.changed.next();
    };
    this.answers = new Answers(log, limits, { uploaded, fail: drop });
    const local = () => this.announcer.local;
    const refused = (peer: RemotePeer, error: unknown): void => this.onRefused(peer, error);
    this.pushes = new Pushes(log, limits, { uploaded, refused, schedule });
    this.fetcher = new Fetcher({ log, peers, limits, scheduler, local, schedule, refused, drop });
    this.logSubscription = log.changes.subscribe({
      next: change => this.onChange(change),
      error: () => this.end(),
      complete: () => this.end(),
    });
  }

  /** Bytes of blocks that came. */
  get bytesDown(): number {
    return this.fetcher.bytes;
  }

  get inFlight(): number {
    return this.fetcher.downloads.inFlight;
  }

  get wanted(): number {
    return this.fetcher.downloads.wanted;
  }

  /** The greatest length of our fork that a remote speaks of. */
  get remoteLength(): number {
    let longest = 0;
    for (const { core } of this.peers)
      if (core.fork === this.log.fork) longest = Math.max(longest, core.length);
    return longest;
  }

  /** Whether every remote said how long it is, and no longer tree is to be had of them. */
  get isSettled(): boolean {
    return (
      !this.fetcher.isUpgrading && !this.following && this.peers.every(peer => peer.isSettledWith(this.log))
    );
  }

  /** Replicates over a channel until that ends or the result is unsubscribed, which closes it. */
  add(channel: Channel, connection: PeerConnection): Subscription {
    const peer = new RemotePeer(channel, connection, this.log, this.options.limits);
    this.peers.push(peer);
    const subscription = channel.subscribe({
      next: message => this.receive(peer, message),
      error: () => this.remove(peer),
      complete: () => this.remove(peer),
    });
    peer.subscription = subscription;
    subscription.add(() => {
      this.remove(peer);
      channel.complete();
    });
    if (subscription.closed) return subscription;
    const error = (): void => undefined; // that they fail with the channel was said above
    const next = (drained: boolean): void => {
      peer.drained = drained;
      if (drained) this.answers.serve(peer);
    };
    subscription.add(channel.drained.subscribe({ next, error }));
    subscription.add(channel.opened.subscribe({ next: () => this.open(peer), error }));
    return subscription;
  }

  wish(wish: Wish): void {
    this.fetcher.downloads.add(wish);
    this.fetcher.retryStorage();
    this.schedule();
  }

  /** Takes a wish back; what nobody else wants is cancelled on the wire. */
  unwish(wish: Wish): void {
    this.fetcher.downloads.remove(wish);
    this.schedule();
  }

  /** Looks for work at the end of the turn. */
  schedule(): void {
    if (this.turning || this.ended) return;
    this.turning = true;
    this.turn.schedule();
  }

  /** Asks one remote for something other than a block; `null` if it does not answer. */
  ask(peer: RemotePeer, purpose: RequestPurpose, parts: RequestParts, fork?: number): Promise<Data | null> {
    return this.fetcher.ask(peer, purpose, parts, fork);
  }

  /** How often the storage here has failed. */
  get storageFailures(): number {
    return this.fetcher.storageFailures;
  }

  /**
   * Verifies and stores an answer to {@link CoreReplication.ask}; a remote whose proof is wrong is dropped.
   *
   * @param failures - {@link CoreReplication.storageFailures} when it was asked: what was known then may have found no room since
   */
  async take(peer: RemotePeer, answer: Data, failures: number): Promise<void> {
    try {
      await this.log.receive(answer);
    } catch (error) {
      if (!isRemotesFault(error)) throw error;
      if (failures < this.storageFailures && isProofError(error)) return;
      this.onRefused(peer, error);
    }
  }

  /** Sends a block to the remotes that allow it and have it not; resolves with how many that are. */
  push(index: number): Promise<number> {
    return this.pushes.send(this.peers, index);
  }

  /** Stops replicating, with every remote. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.logSubscription.unsubscribe();
    this.fetcher.end();
    for (const peer of [...this.peers]) peer.subscription?.unsubscribe();
    this.events.complete();
    this.changed.complete();
  }

  private open(peer: RemotePeer): void {
    peer.isOpen = true;
    this.announcer.greet(peer);
    this.events.next({ type: 'peer-open', remotePublicKey: peer.remotePublicKey });
  }

  /** The remote did what no honest one does: its channel fails with the error. */
  private drop(peer: RemotePeer, error: unknown): void {
    if (!this.remove(peer)) return;
    const { channel, connection, remotePublicKey } = peer;
    connection.dropped();
    if (isHypercoreError(error)) this.events.next({ type: 'peer-dropped', remotePublicKey, error });
    channel.error(error);
  }

  private remove(peer: RemotePeer): boolean {
    const index = this.peers.indexOf(peer);
    if (index === -1) return false;
    const { isOpen, remotePublicKey } = peer;
    this.peers.splice(index, 1);
    this.fetcher.lose(peer, peer.clear());
    if (isOpen) this.events.next({ type: 'peer-close', remotePublicKey });
    this.schedule();
    return true;
  }

  private receive(peer: RemotePeer, message: Message): void {
    try {
      this.dispatch(peer, message);
    } catch (error) {
      this.drop(peer, error);
    }
    this.schedule();
  }

  private dispatch(peer: RemotePeer, message: Message): void {
    switch (message.type) {
      case 'synchronize':
        return this.onSynchronize(peer, message);
      case 'request':
        return this.answers.request(peer, message);
      case 'cancel':
        return peer.uploads.cancel(message.request);
      case 'data':
        if (!this.fetcher.answer(peer, message)) this.onUnasked(peer, message);
        return;
      case 'noData':
        return this.fetcher.refuse(peer, message.request);
      case 'want':
        return this.answers.want(peer, message);
      case 'bitfield':
        peer.blocks.setWords(message.start, message.bitfield);
        return this.fetcher.downloads.heard(peer, message.start);
      case 'range':
        peer.blocks.setRange(message.start, message.length, !message.drop);
        if (!message.drop) this.fetcher.downloads.heard(peer, message.start);
        return;
      default: // wants are answered and forgotten, so an unwant says nothing; extensions are the application's
    }
  }

  private onSynchronize(peer: RemotePeer, message: Synchronize): void {
    peer.unprovenLength = -1;
    if (peer.core.receive(message, this.announcer.local)) peer.needsSync = true;
    this.announcer.compare(peer);
  }

  /** Nobody asked for it: it is late, the evidence of a conflict, or pushed. */
  private onUnasked(peer: RemotePeer, message: Data): void {
    const { log } = this;
    const { upgrade, fork, manifest } = message;
    if (message.request !== 0 || fork !== log.fork) return;
    if (upgrade?.start === 0 && upgrade.length <= log.length) {
      this.onEvidence(peer, data({ request: 0, fork, upgrade, manifest }));
    } else if (this.allowPush) this.pushes.take(peer, message);
  }

  private onEvidence(peer: RemotePeer, message: Data): void {
    if (peer.comparing) return; // one at a time: each costs a signature
    peer.uploads.countInvalid();
    peer.comparing = true;
    const done = (): void => {
      peer.comparing = false;
    };
    this.log.receive(message).then(done, (error: unknown) => {
      done();
      if (isRemotesFault(error)) this.drop(peer, error);
    });
  }

  private onRefused(peer: RemotePeer, error: unknown): void {
    if (!isRemotesFault(error)) this.fetcher.storageFailed();
    if (!isHypercoreError(error) || error.code === 'ERR_LOG_CLOSED' || error.code === 'ERR_CONFLICT') return;
    if (!isRemotesFault(error)) {
      this.events.next({ type: 'storage-failed', error });
      return;
    }
    const length = Math.min(this.log.length, peer.core.length);
    if (error.code === 'ERR_PROOF' || length === 0 || peer.suspected) this.drop(peer, error);
    else void this.suspect(peer, error, length);
  }

  /** The proof may be wrong because the writer signed two trees: what the remote has signed tells. */
  private async suspect(peer: RemotePeer, error: HypercoreError, length: number): Promise<void> {
    peer.suspected = true;
    this.fetcher.cancel(peer);
    const evidence = await this.ask(peer, 'conflict', { upgrade: { start: 0, length } });
    if (evidence !== null) await this.log.receive(evidence).catch(() => undefined); // a conflict is told by the log
    this.drop(peer, error);
  }

  private onChange(change: LogChange): void {
    const { downloads } = this.fetcher;
    this.announcer.note(change);
    if (change.type === 'have') {
      const end = change.start + change.length;
      for (let index = change.start; index < end && downloads.inFlight > 0; index++) downloads.arrived(index);
    } else if (change.type === 'drop') {
      downloads.dropped(change.start, change.length);
    } else if (change.type === 'fork') {
      this.fetcher.leaveFork(change.fork);
      this.events.next(change);
    } else if (change.type === 'conflict') this.onConflict(change.error);
    this.schedule();
    this.changed.next();
  }

  /** Everybody who may have the other tree gets ours, signed; then the channels are closed. */
  private onConflict(error: ConflictError): void {
    const { log } = this;
    this.events.next({ type: 'conflict', error });
    for (const peer of [...this.peers]) {
      const length = Math.min(log.length, peer.core.length);
      const leave = (): void => {
        if (this.remove(peer)) peer.channel.complete();
      };
      peer.connection.dropped();
      if (!peer.isOpen || length === 0 || peer.core.fork !== log.fork) {
        leave();
        continue;
      }
      const send = (proof: Data | null): void => {
        if (proof !== null && peer.isOpen) peer.send(data({ ...proof, request: 0 }));
      };
      Promise.resolve(request({ id: 0, fork: log.fork, upgrade: { start: 0, length } }))
        .then(asked => log.prove(asked))
        .then(send)
        .then(leave, leave);
    }
  }

  private endTurn(): void {
    this.turning = false;
    if (this.ended) return;
    this.announcer.tell();
    this.follow();
    this.fetcher.work();
    this.changed.next();
  }

  /** Goes where the highest fork is, one at a time. */
  private follow(): void {
    if (this.following || this.fetcher.isWaiting) return;
    const isAhead = ({ core: { fork, length }, unprovenFork }: RemotePeer): boolean =>
      fork > this.log.fork && length > 0 && unprovenFork !== fork;
    const best = this.fetcher.choose(isAhead, (one, other) => one.core.fork > other.core.fork);
    if (best !== null) void this.followTo(best);
  }

  private async followTo(peer: RemotePeer): Promise<void> {
    const { fork, length } = peer.core;
    this.following = true;
    try {
      const asks = (of: number, parts: RequestParts) => this.ask(peer, 'fork', parts, of);
      if (await followFork(this.log, { fork, length }, asks)) peer.unproven.succeed();
      else this.forkUnproven(peer, fork);
    } catch (error) {
      if (isRemotesFault(error)) {
        this.forkUnproven(peer, fork);
        this.drop(peer, error);
      } else this.onRefused(peer, error);
    }
    this.following = false;
    this.schedule();
  }

  private forkUnproven(peer: RemotePeer, fork: number): void {
    peer.unprovenFork = fork;
    if (fork > this.log.fork) peer.unproven.fail(this.options.scheduler.now()); // else another was faster
  }
}
