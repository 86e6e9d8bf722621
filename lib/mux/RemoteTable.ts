import type { ChannelKey } from './ChannelKeys.js';
import type { EarlyMessage } from './EarlyMessages.js';
import type { MuxChannel } from './MuxChannel.js';

/** A channel as the remote numbers it, from its open to its close. @internal */
export class RemoteChannel {
  /** The local channel it is connected to; null while it is parked. */
  channel: MuxChannel<unknown> | null = null;
  /** Where it is parked; null once a local channel took it. */
  key: ChannelKey | null = null;
  /** What came with the open, until it is delivered. */
  handshake: Uint8Array | null = null;
  /** Messages that came before they could be delivered; null once later ones need not wait. */
  early: EarlyMessage[] | null = null;
  /** What they count for, delivered ones included. */
  earlyBytes = 0;
  /** How many of those were delivered. */
  delivered = 0;
  /** Bytes its open counts for while it is parked. */
  counted = 0;

  constructor(readonly id: number) {}
}

/** Ids up to this one are looked up in an array. */
const DENSE = 0x10000;

/**
 * The remote's channels by its ids. The ids it may use grow by one, without end; the memory here does not: ids that are
 * free take no room beyond the first 65,536.
 *
 * @internal
 */
export class RemoteTable {
  /** The highest id ever used. */
  highest = 0;
  private dense: (RemoteChannel | undefined)[] = [];
  private sparse: Map<number, RemoteChannel> | null = null;

  get(id: number): RemoteChannel | undefined {
    if (id <= this.dense.length) return this.dense[id - 1];
    return id > DENSE ? this.sparse?.get(id) : undefined;
  }

  /** Whether Protomux lets the remote use the id for an open: free, and at most one above those it ever used. */
  allows(id: number): boolean {
    return id > 0 && id <= this.highest + 1 && this.get(id) === undefined;
  }

  /** `id` was allowed. It stays free if the remote's channel is null. */
  use(id: number, remote: RemoteChannel | null): void {
    if (id > this.highest) {
      this.highest = id;
      if (id <= DENSE) this.dense.push(undefined);
    }
    if (remote === null) return;
    if (id <= DENSE) this.dense[id - 1] = remote;
    else (this.sparse ??= new Map()).set(id, remote);
  }

  free(id: number): void {
    if (id <= this.dense.length) this.dense[id - 1] = undefined;
    else this.sparse?.delete(id);
  }

  clear(): void {
    this.dense = [];
    this.sparse = null;
  }

  *[Symbol.iterator](): Generator<RemoteChannel> {
    for (const remote of this.dense) if (remote !== undefined) yield remote;
    yield* this.sparse?.values() ?? [];
  }
}
