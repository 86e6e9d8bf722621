import { LimitExceededError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ChannelKey } from './ChannelKeys.js';
import type { EarlyMessages } from './EarlyMessages.js';
import { RemoteChannel } from './RemoteTable.js';

/**
 * The opens of the remote that have no answer yet: those that wait for a local channel, and those that the remote closed
 * meanwhile. The latter are owed a reject: a Protomux peer reserves their ids, and would take the next open
 * under the same key for the answer, until it gets one.
 *
 * @internal
 */
export class ParkedOpens {
  private owed: Map<number, ChannelKey> | null = null;
  private unanswered = 0;

  constructor(
    private readonly limits: Pick<Limits, 'maxUnansweredOpens'>,
    private readonly early: EarlyMessages,
  ) {}

  /** @throws LimitExceededError (`maxUnansweredOpens`, `maxEarlyBytes`); then nothing was parked. */
  park(id: number, nameBytes: number, handshake: Uint8Array, keyOf: () => ChannelKey): RemoteChannel {
    const { maxUnansweredOpens } = this.limits;
    if (this.unanswered >= maxUnansweredOpens) {
      throw new LimitExceededError('maxUnansweredOpens', maxUnansweredOpens, this.unanswered + 1);
    }
    const remote = new RemoteChannel(id);
    remote.counted = this.early.park(nameBytes + handshake.length);
    remote.handshake = handshake;
    remote.early = [];
    const key = keyOf();
    remote.key = key;
    (key.parked ??= new Set()).add(remote);
    this.unanswered++;
    return remote;
  }

  /** Takes the oldest open that waits under the key, with the messages kept for it. */
  take(key: ChannelKey): RemoteChannel | null {
    if (key.parked === null || key.parked.size === 0) return null;
    const [remote] = key.parked;
    this.unpark(remote, key);
    return remote;
  }

  /** The open no longer waits. */
  unpark(remote: RemoteChannel, key: ChannelKey): void {
    key.parked!.delete(remote);
    remote.key = null;
    this.unanswered--;
    this.early.unpark(remote.counted);
  }

  /** An open that waited was closed. */
  owe(id: number, key: ChannelKey): void {
    (key.owed ??= new Set()).add(id);
    (this.owed ??= new Map()).set(id, key);
    this.unanswered++;
  }

  /** The key under which a reject is owed to that id; it is no longer, whether because it is paid or not wanted. */
  forgive(id: number): ChannelKey | undefined {
    const key = this.owed?.get(id);
    if (key === undefined) return undefined;
    this.owed!.delete(id);
    key.owed?.delete(id);
    this.unanswered--;
    return key;
  }

  /** An id that is owed a reject under the key. */
  creditor(key: ChannelKey): number | undefined {
    if (key.owed === null || key.owed.size === 0) return undefined;
    const [id] = key.owed;
    return id;
  }

  clear(): void {
    this.owed = null;
  }
}
