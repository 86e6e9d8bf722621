import type { ChannelKey } from './ChannelKeys.js';
import type { MuxChannel } from './MuxChannel.js';

/**
 * The own channels by id. Ids are used again last freed first (Protomux), and only when the remote has answered: until
 * then a closed channel's id stays taken.
 *
 * @internal
 */
export class LocalTable {
  /** Open or opening channels. */
  size = 0;
  private readonly channels: (MuxChannel<unknown> | null)[] = [];
  /** Where an id waits for its answer. */
  private readonly waiting: (ChannelKey | null)[] = [];
  private readonly free: number[] = [];
  private listeners = 0;

  get idsInUse(): number {
    return this.channels.length - this.free.length;
  }

  get nextId(): number {
    return this.free.length > 0 ? this.free[this.free.length - 1] : this.channels.length + 1;
  }

  /** Takes the next id; `key` is null if the remote opened it first. */
  add(channel: MuxChannel<unknown>, key: ChannelKey | null): void {
    const id = this.nextId;
    if (this.free.length > 0) this.free.pop();
    this.channels[id - 1] = channel;
    this.waiting[id - 1] = key;
    this.size++;
    if (channel.handlers.ondrain !== undefined) this.listeners++;
  }

  /** Where the open of that id waits for an answer; null if it does not. */
  awaiting(id: number): ChannelKey | null {
    return this.waiting[id - 1] ?? null;
  }

  /** The remote answered; returns the channel, or null if it is closed. Then its id is free. */
  answered(id: number): MuxChannel<unknown> | null {
    this.waiting[id - 1] = null;
    const channel = this.channels[id - 1];
    if (channel === null) this.free.push(id);
    return channel;
  }

  remove(id: number): void {
    const channel = this.channels[id - 1]!;
    this.channels[id - 1] = null;
    if (this.waiting[id - 1] === null) this.free.push(id);
    this.size--;
    if (channel.handlers.ondrain !== undefined) this.listeners--;
  }

  /** The channels, lowest id first. */
  list(): MuxChannel<unknown>[] {
    return this.channels.filter(channel => channel !== null);
  }

  drain(): void {
    if (this.listeners === 0) return;
    for (const channel of this.list()) if (!channel.closed) channel.handlers.ondrain?.();
  }
}
