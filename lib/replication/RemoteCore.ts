import { type Synchronize, synchronize } from '../messages/synchronize.js';

/** The state of the log here that is told to remotes. @internal */
export interface LocalCore {
  readonly fork: number;
  readonly length: number;
  readonly hasManifest: boolean;
  /** Whether blocks that were not asked for are welcome here. */
  readonly allowPush: boolean;
}

/**
 * What one remote said of its core, and what it is to be told of ours: the rules by which hypercores acknowledge each
 * other's length (hypercore `lib/replicator.js`, `onsync` and `sendSync`).
 *
 * In: the remote's {@link Synchronize}, changes of the log. Out: whether it must be told something, and what.
 *
 * @internal
 */
export class RemoteCore {
  fork = 0;
  length = 0;
  canUpgrade = false;
  uploading = false;
  downloading = true;
  hasManifest = false;
  allowPush = false;
  /** Our length as the remote last heard of it; 0 if it speaks of another fork. */
  lengthAcked = 0;
  /** Whether it said anything yet. */
  synchronized = false;
  /** Whether we can prove the way from its length to ours. */
  provable = true;

  /**
   * Takes what the remote says. A remote of our fork that is shorter must hear its own length from us, or it never asks for
   * an upgrade; one that is as long or longer must not be answered, or the two would answer each other without end.
   *
   * @returns whether to answer
   */
  receive(message: Synchronize, local: LocalCore): boolean {
    this.fork = message.fork;
    this.length = message.length;
    this.canUpgrade = message.canUpgrade;
    this.uploading = message.uploading;
    this.downloading = message.downloading;
    this.hasManifest = message.hasManifest;
    this.allowPush = message.allowPush;
    this.lengthAcked = message.fork === local.fork ? message.remoteLength : 0;
    this.synchronized = true;
    return message.fork === local.fork && message.length < local.length;
  }

  /** What to tell the remote. */
  announcement(local: LocalCore): Synchronize {
    const sameFork = this.fork === local.fork;
    return synchronize({
      fork: local.fork,
      length: local.length,
      remoteLength: sameFork ? this.length : 0,
      canUpgrade: this.synchronized ? sameFork && this.provable : true,
      hasManifest: local.hasManifest,
      allowPush: local.allowPush,
    });
  }

  /** Whether it can be asked for a longer tree: it knows how long ours is, and can prove the way from there. */
  offersUpgrade(local: LocalCore): boolean {
    return (
      this.synchronized &&
      this.uploading &&
      this.canUpgrade &&
      this.fork === local.fork &&
      this.length > local.length &&
      this.lengthAcked === local.length
    );
  }
}
