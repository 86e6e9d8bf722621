import type { BoundedState } from '../encoding/verifyCount.js';
import { LimitExceededError, MuxOpenError, MuxRejectError } from '../errors.js';
import type { Limits } from '../limits.js';
import { type ChannelKey, ChannelKeys, keyName } from './ChannelKeys.js';
import { copyOf, EarlyMessages } from './EarlyMessages.js';
import { LocalTable } from './LocalTable.js';
import type { CloseReason, MuxChannel, MuxChannelHost } from './MuxChannel.js';
import { ParkedOpens } from './ParkedOpens.js';
import type { PacketSink } from './PayloadReader.js';
import type { PayloadWriter } from './PayloadWriter.js';
import { RemoteChannel, RemoteTable } from './RemoteTable.js';

/** Who is told what happens on a switchboard. @internal */
export interface SwitchboardHost {
  /** An open of the remote for which no local channel was waiting. */
  onParked(
    protocol: string,
    id: Uint8Array | null,
    name: string,
    key: ChannelKey,
    remote: RemoteChannel,
  ): void;
  /** Early messages are too many, or no longer. */
  onPressure(paused: boolean): void;
  /** A batch of several packets is being read. */
  several(): void;
  /** An open of the remote was refused. */
  onRefused(): void;
}

/**
 * Connects channels of both sides: ids, matching, early messages, closing (Protomux). What is public about it is
 * `MuxState`.
 *
 * Every method first brings the tables in order and only then lets packets leave or calls a handler, since both may
 * call back.
 *
 * @internal
 */
export class Switchboard implements MuxChannelHost, PacketSink {
  drained = true;
  /** Whether opens nobody takes are rejected. */
  rejects = true;
  destroyed = false;
  readonly cursor: BoundedState;
  readonly keys = new ChannelKeys();
  readonly locals = new LocalTable();
  private readonly remotes = new RemoteTable();
  private readonly early: EarlyMessages;
  private readonly parked: ParkedOpens;
  private adopted: MuxChannel<unknown>[] = [];
  private delivering = false;

  constructor(
    readonly writer: PayloadWriter,
    private readonly limits: Limits,
    private readonly host: SwitchboardHost,
  ) {
    this.cursor = { start: 0, end: 0, buffer: null, limits };
    this.early = new EarlyMessages(limits, host);
    this.parked = new ParkedOpens(limits, this.early);
  }

  several(): void {
    this.host.several();
  }

  message(id: number, type: number, buffer: Uint8Array, start: number, end: number): void {
    const remote = this.remotes.get(id);
    // Unknown or closed: it was on its way when this side closed the channel.
    if (remote === undefined) return;
    if (remote.early === null) remote.channel!.deliver(type, buffer, start, end);
    else this.messageEarly(remote, type, buffer, start, end);
  }

  open(
    id: number,
    protocol: string,
    channelId: Uint8Array | null,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.destroyed) return;
    if (!this.remotes.allows(id)) throw new MuxOpenError(id);
    const name = keyName(protocol, channelId);
    // An id that was owed a reject is used again: the remote (a Rust peer) did not wait for it.
    this.forgive(id);
    const key = this.keys.awaiting(name);
    if (key === undefined) return this.park(id, protocol, channelId, name, copyOf(buffer, start, end));
    const channel = this.locals.answered(key.outgoing.shift()!);
    if (channel === null) {
      // We opened and closed it in the meantime; the remote learns that from our close, and the id is free now.
      this.remotes.use(id, null);
      this.keys.collect(key);
      return;
    }
    const remote = new RemoteChannel(id);
    this.remotes.use(id, remote);
    remote.channel = channel;
    channel.remote = remote;
    channel.greet(buffer, start, end);
  }

  reject(localId: number): void {
    if (this.destroyed) return;
    const key = this.locals.awaiting(localId);
    if (key === null) throw new MuxRejectError(localId);
    key.outgoing.splice(key.outgoing.indexOf(localId), 1);
    const channel = this.locals.answered(localId);
    if (channel === null) this.keys.collect(key);
    else this.finish(channel, true, 'rejected');
  }

  close(id: number): void {
    const remote = this.remotes.get(id);
    if (remote === undefined) return;
    const { channel, key } = remote;
    if (channel !== null) {
      const unopened = channel.localId === 0;
      this.detach(channel);
      if (unopened) this.answerNo(id);
      channel.end(true, 'remote');
    } else if (key !== null) {
      // Protomux forgets this close and later takes the dead open for a living one.
      this.parked.unpark(remote, key);
      this.drop(remote);
      if (this.rejects) this.parked.owe(id, key);
      else this.keys.collect(key);
    }
  }

  /** The pair request for an open of this key is settled. */
  settle(key: ChannelKey): void {
    if (--key.pairing > 0 || this.destroyed || !this.rejects) return;
    this.payOwed(key);
    for (let remote; (remote = this.parked.take(key)) !== null;) {
      this.drop(remote);
      this.answerNo(remote.id);
    }
    this.keys.collect(key);
  }

  /** Gives the channel the oldest open that waits under one of its names. */
  adopt(channel: MuxChannel<unknown>): void {
    for (const name of namesOf(channel)) {
      const key = this.keys.get(name);
      const remote = key === undefined ? null : this.parked.take(key);
      if (key === undefined || remote === null) continue;
      remote.channel = channel;
      channel.remote = remote;
      channel.key = key;
      this.adopted.push(channel);
      this.writer.announce();
      return;
    }
  }

  openChannel<H>(channel: MuxChannel<H>, handshake: H): void {
    if (channel.closed) return;
    if (channel.localId !== 0) throw new Error('the channel is open already');
    if (this.destroyed) return this.finish(channel, true, 'destroyed');
    const { locals, keys, writer } = this;
    const { maxChannels } = this.limits;
    if (locals.idsInUse >= maxChannels) {
      throw new LimitExceededError('maxChannels', maxChannels, locals.idsInUse + 1, 'channel');
    }
    if (channel.remote === null) this.adopt(channel);
    const names = namesOf(channel);
    if (channel.remote === null) {
      // A remote that still waits for an answer under this key would take our open for it.
      for (const name of names) {
        const key = keys.get(name);
        if (key !== undefined) this.payOwed(key);
      }
      if (this.destroyed) return this.finish(channel, true, 'destroyed');
    }
    const localId = locals.nextId;
    writer.open(localId, channel.protocol, channel.id, channel.handshakeCodec, handshake);
    const { key: parkedUnder } = channel;
    const key = keys.obtain(names[0]);
    for (let i = 1; i < names.length; i++) keys.addAlias(key, names[i]);
    key.opened++;
    channel.key = key;
    channel.localId = localId;
    const waits = channel.remote === null;
    if (waits) key.outgoing.push(localId);
    locals.add(channel, waits ? key : null);
    if (parkedUnder !== null) keys.collect(parkedUnder);
    writer.release();
  }

  closeChannel(channel: MuxChannel<unknown>): void {
    if (channel.closed) return;
    const { localId, remote } = channel;
    // The close leaves before the handler runs: it may open the channel anew.
    if (localId !== 0) this.writer.close(localId);
    this.detach(channel);
    if (localId === 0 && remote !== null) this.answerNo(remote.id);
    else if (localId !== 0) this.writer.release();
    channel.end(false, 'local');
  }

  /** Hands remote opens to the channels that took them, with the messages that came meanwhile. */
  deliverAdopted(): void {
    if (this.delivering) return;
    this.delivering = true;
    try {
      while (this.adopted.length > 0) {
        this.deliverOpen(this.adopted[0]);
        this.adopted.shift();
      }
    } finally {
      this.delivering = false;
    }
  }

  destroy(): void {
    this.destroyed = true;
    this.writer.discard();
    const channels = this.locals.list();
    for (const { channel } of this.remotes)
      if (channel !== null && channel.localId === 0) channels.push(channel);
    this.adopted = [];
    this.parked.clear();
    let failed = false;
    let failure: unknown;
    for (const channel of channels) {
      if (channel.closed) continue;
      try {
        this.finish(channel, true, 'destroyed');
      } catch (error) {
        failure = failed ? failure : error;
        failed = true;
      }
    }
    this.remotes.clear();
    this.keys.clear();
    if (failed) throw failure;
  }

  private park(
    id: number,
    protocol: string,
    channelId: Uint8Array | null,
    name: string,
    handshake: Uint8Array,
  ): void {
    const nameBytes = protocol.length + (channelId?.length ?? 0);
    const remote = this.parked.park(id, nameBytes, handshake, () => this.keys.obtain(name));
    const key = remote.key!;
    key.pairing++;
    this.remotes.use(id, remote);
    this.host.onParked(protocol, channelId === null ? null : channelId.slice(), name, key, remote);
  }

  /** What was kept for an open that nobody takes. */
  private drop(remote: RemoteChannel): void {
    this.remotes.free(remote.id);
    this.early.drop(remote);
  }

  private forgive(id: number): void {
    const key = this.parked.forgive(id);
    if (key !== undefined) this.keys.collect(key);
  }

  private payOwed(key: ChannelKey): void {
    for (let id; this.rejects && (id = this.parked.creditor(key)) !== undefined;) {
      this.forgive(id);
      this.answerNo(id);
    }
  }

  private answerNo(remoteId: number): void {
    this.host.onRefused();
    if (!this.rejects) return;
    this.writer.reject(remoteId);
    this.writer.release();
  }

  private messageEarly(
    remote: RemoteChannel,
    type: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const refusal = this.early.refusal(remote, end - start);
    if (refusal === null) return this.early.keep(remote, type, buffer, start, end);
    // A channel that is only waiting for its turn takes what is there, rather than cost the connection.
    if (remote.channel === null || this.delivering) throw refusal;
    this.deliverAdopted();
    this.message(remote.id, type, buffer, start, end);
  }

  private deliverOpen(channel: MuxChannel<unknown>): void {
    const { remote } = channel;
    if (remote === null) return; // closed meanwhile
    const { handshake } = remote;
    if (handshake !== null) {
      remote.handshake = null;
      channel.greet(handshake, 0, handshake.length);
    }
    const early = remote.early!;
    while (channel.remote === remote && remote.delivered < early.length) {
      const message = early[remote.delivered++];
      this.early.leave(message);
      channel.deliver(message.type, message.body, 0, message.body.length);
    }
    if (channel.remote !== remote) return;
    remote.early = null;
    this.early.relieve();
  }

  private finish(channel: MuxChannel<unknown>, isRemote: boolean, reason: CloseReason): void {
    this.detach(channel);
    channel.end(isRemote, reason);
  }

  /** Takes the channel out of every table. Its id is free unless the remote still owes an answer. */
  private detach(channel: MuxChannel<unknown>): void {
    const { remote, localId, key } = channel;
    channel.markEnded();
    channel.remote = channel.key = null;
    channel.localId = 0;
    if (remote !== null) {
      this.remotes.free(remote.id);
      this.early.drop(remote, remote.delivered);
    }
    if (key === null) return;
    if (localId !== 0) {
      this.locals.remove(localId);
      key.opened--;
    }
    this.keys.collect(key);
  }
}

/** The key names of a channel, the one that is sent first. */
function namesOf(channel: MuxChannel<unknown>): string[] {
  const names = [keyName(channel.protocol, channel.id)];
  for (const alias of channel.aliases) names.push(keyName(alias, channel.id));
  return names;
}
