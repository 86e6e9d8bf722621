import type { LogChange, ReplicableLog } from '../log/ReplicableLog.js';
import { range } from '../messages/range.js';
import { announceDrop, NewBlocks } from './Announcements.js';
import type { LocalCore } from './RemoteCore.js';
import type { RemotePeer } from './RemotePeer.js';

/**
 * Tells remotes of the log: how long it is, which blocks came and went. What one turn brings is told at its end, all of it
 * at once, and nobody is told of blocks that he has.
 *
 * @internal
 */
export class LogAnnouncer {
  private readonly fresh = new NewBlocks();
  private lastLength: number;

  constructor(
    private readonly log: ReplicableLog,
    private readonly peers: readonly RemotePeer[],
    private readonly maxAnnouncements: number,
    private readonly allowPush: boolean,
    /** Something is to be told at the end of the turn. */
    private readonly schedule: () => void,
  ) {
    this.lastLength = log.length;
  }

  get local(): LocalCore {
    const { allowPush } = this;
    const { fork, length, manifest, compat } = this.log;
    return { fork, length, hasManifest: manifest !== null && !compat, allowPush };
  }

  /** The first words on a channel. */
  greet(peer: RemotePeer): void {
    const { contiguousLength } = this.log;
    this.synchronize(peer);
    if (contiguousLength > 0) peer.send(range({ start: 0, length: contiguousLength }));
    peer.announced = contiguousLength;
  }

  /** Notes what happened to the log. */
  note(change: LogChange): void {
    switch (change.type) {
      case 'have':
        return this.fresh.add(change.start, change.length);
      case 'length':
        this.lastLength = change.length;
        return this.resynchronize();
      case 'manifest':
        return this.resynchronize();
      case 'drop':
        return this.tellDrop(change.start, change.length);
      case 'fork':
        return this.tellFork(change.ancestors, change.length);
      default:
    }
  }

  /** Tells what is to be told. */
  tell(): void {
    for (const peer of this.peers) if (!peer.isCompared && !peer.isComparing) this.updateProvable(peer);
    for (const peer of this.peers) if (peer.needsSync && peer.isOpen) this.synchronize(peer);
    this.tellFresh();
  }

  /** One of the two trees changed, so that we may be able to prove what we were not, or the reverse. */
  compare(peer: RemotePeer): void {
    peer.isCompared = false;
    this.schedule();
  }

  /** Finds out whether we can prove the way from the remote's length to ours; it is told when it is to ask for it. */
  private updateProvable(peer: RemotePeer): void {
    const { log } = this;
    const { core } = peer;
    const { fork, length } = core;
    peer.isCompared = true;
    const settle = (provable: boolean): void => {
      if (core.fork !== fork || core.length !== length || provable === core.provable) return;
      core.provable = provable;
      if (length < log.length) peer.needsSync = true;
    };
    if (fork !== log.fork || length >= log.length) return settle(fork === log.fork && length === 0);
    if (length === 0 || log.contiguousLength === log.length) return settle(true);
    const provable = log.canUpgradeFrom(length);
    if (typeof provable === 'boolean') return settle(provable);
    core.provable = false;
    peer.isComparing = true; // one at a time, however often the remote changes its mind
    const done = (result: boolean): void => {
      peer.isComparing = false;
      settle(result);
      this.schedule();
    };
    provable.then(done, () => done(false));
  }

  private resynchronize(): void {
    for (const peer of this.peers) {
      peer.needsSync = true;
      peer.isCompared = false;
    }
  }

  private synchronize(peer: RemotePeer): void {
    peer.needsSync = false;
    peer.send(peer.core.announcement(this.local));
  }

  private tellFresh(): void {
    const { log, peers } = this;
    for (const { start, end } of this.fresh.take()) {
      for (const peer of peers) {
        if (!peer.isOpen) continue;
        if (!hasAll(peer, start, end)) peer.send(range({ start, length: end - start }));
        if (start <= peer.announced) peer.announced = Math.max(peer.announced, end);
      }
    }
    if (log.contiguousLength < log.length) return;
    for (const peer of peers) {
      if (!peer.isOpen || peer.announced >= log.length) continue;
      if (!hasAll(peer, 0, log.length)) peer.send(range({ start: 0, length: log.length }));
      peer.announced = log.length;
    }
  }

  private tellDrop(start: number, length: number): void {
    this.tellFresh(); // in the order in which it happened
    for (const peer of this.peers) {
      if (!peer.isOpen) continue;
      const { announced } = peer;
      for (const message of announceDrop(this.log, { start, length }, announced, this.maxAnnouncements)) {
        peer.send(message);
      }
      peer.announced = Math.min(announced, start);
    }
  }

  private tellFork(ancestors: number, length: number): void {
    const cut = this.lastLength - ancestors;
    this.lastLength = length;
    this.fresh.take(); // what is left of it is told anew
    for (const peer of this.peers) {
      peer.core.lengthAcked = 0;
      peer.provenLength = 0;
      peer.announced = Math.min(peer.announced, ancestors);
      if (cut > 0 && peer.isOpen) peer.send(range({ drop: true, start: ancestors, length: cut }));
    }
    this.resynchronize();
  }
}

/** Blocks that are looked at one by one. */
const FEW = 1024;

/** Whether the remote has every block of a row, as far as that is told cheaply. */
function hasAll(peer: RemotePeer, start: number, end: number): boolean {
  const { blocks } = peer;
  if (blocks.contiguous >= end) return true;
  if (end - start > FEW) return false;
  for (let index = start; index < end; index++) if (!blocks.has(index)) return false;
  return true;
}
