import type { Observable, SchedulerLike, Subject, Subscription } from 'rxjs';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import type { Codec } from '../encoding/Codec.js';
import { encode } from '../encoding/encode.js';
import { rest } from '../encoding/rest.js';
import {
  CapabilityMismatchError,
  ChannelClosedError,
  ChannelRejectedError,
  TimeoutExceededError,
} from '../errors.js';
import { replicationCapability } from '../keys/capability.js';
import { discoveryKey as discoveryKeyOf, keyString } from '../keys/discoveryKey.js';
import type { Limits } from '../limits.js';
import type { Message } from '../messages/Message.js';
import { decodeOpen, type Open, openCodec } from '../messages/open.js';
import { HYPERCORE_ALIAS, HYPERCORE_PROTOCOL } from '../messages/protocolName.js';
import { messageCodecs } from '../messages/wireTypes.js';
import type { CloseReason, MuxState, PairRequest } from '../mux/MuxState.js';
import type { Session } from '../secret/Session.js';
import { Channel, type ChannelHost } from './Channel.js';
import { Deadlines } from './Deadlines.js';
import type { LocalSignal } from './LocalSignal.js';
import type { PeerProfile } from './PeerProfile.js';
import type { ProtocolEvent } from './ProtocolEvent.js';
import { UnansweredOpens } from './UnansweredOpens.js';

/** What the channels of one connection stand on. @internal */
export interface HypercoreChannelsHost {
  readonly mux: MuxState;
  readonly crypto: CryptoBackend;
  readonly initiator: boolean;
  readonly limits: Limits;
  readonly scheduler: SchedulerLike;
  readonly eventSubject: Subject<ProtocolEvent>;
  readonly drained: Observable<boolean>;
  /** Stops reading from the link until the result is unsubscribed. */
  pause(): Subscription;
  /** The remote opened a channel without proving that it knows the key. */
  onRefused(): void;
  /** A remote that does not speak as Hypercore's own peers do. */
  readonly peer: PeerProfile | undefined;
}

/**
 * The Hypercore channels of one connection by discovery key: opens them, checks what the remote proves, tells of those
 * that the remote opened alone.
 *
 * In: what the application opens, what the multiplexer pairs. Out: {@link Channel}s and their events.
 *
 * @internal
 */
export class HypercoreChannels implements ChannelHost {
  readonly maxPendingMessages: number;
  readonly namesExtensions: boolean;
  private readonly codecs: readonly Codec<Message>[];
  // Made when they are needed: many a connection waits for its first channel.
  private byDiscoveryKey: Map<string, Channel> | null = null;
  private opening: Deadlines<Channel> | null = null;
  private unanswered: UnansweredOpens | null = null;
  /** Undefined until the handshake is done; null where there is none. */
  private session: Session | null | undefined = undefined;
  private ended = false;

  constructor(private readonly host: HypercoreChannelsHost) {
    const { limits, peer } = host;
    this.maxPendingMessages = limits.maxPendingMessages;
    this.namesExtensions = peer !== undefined;
    this.codecs = peer === undefined ? messageCodecs : peer.codecs(peer);
  }

  get drained(): Observable<boolean> {
    return this.host.drained;
  }

  list(): readonly Channel[] {
    return [...(this.byDiscoveryKey?.values() ?? [])];
  }

  open(key: Uint8Array): Channel {
    const discoveryKey = discoveryKeyOf(this.host.crypto, key);
    const name = keyString(discoveryKey);
    const existing = this.byDiscoveryKey?.get(name);
    if (existing !== undefined) return existing;
    const channel = new Channel(new Uint8Array(key), discoveryKey, this);
    if (this.ended) {
      channel.end(new ChannelClosedError());
      return channel;
    }
    this.byDiscoveryKey ??= new Map();
    this.byDiscoveryKey.set(name, channel);
    if (this.session !== undefined) this.openOnWire(channel, this.session);
    return channel;
  }

  /** The handshake is done: what was opened before it opens on the wire, in that order. */
  sessionOpened(session: Session | null): void {
    this.session = session;
    for (const channel of this.list()) {
      const known = this.byDiscoveryKey?.get(keyString(channel.discoveryKey)) === channel;
      if (known) this.openOnWire(channel, session); // else it ended while others opened
    }
  }

  reject(discoveryKey: Uint8Array): void {
    this.unanswered?.reject(discoveryKey);
  }

  signal(signal: LocalSignal): void {
    for (const channel of this.list()) channel.receiveSignal(signal);
  }

  pause(): Subscription {
    return this.host.pause();
  }

  channelSignal(channel: Channel, signal: LocalSignal): void {
    this.host.eventSubject.next({ type: 'local-signal', discoveryKey: channel.discoveryKey, ...signal });
  }

  channelEnded(channel: Channel): void {
    if (this.byDiscoveryKey?.delete(keyString(channel.discoveryKey)) !== true) return;
    this.opening?.delete(channel);
    this.host.eventSubject.next({ type: 'close', discoveryKey: channel.discoveryKey });
  }

  /** The connection is ending: nothing opens any more. */
  clear(): void {
    this.ended = true;
    this.opening?.clear();
    this.unanswered?.clear();
  }

  /** A channel that cannot be opened fails alone. */
  private openOnWire(channel: Channel, session: Session | null): void {
    try {
      this.connect(channel, session);
    } catch (error) {
      channel.error(error);
    }
  }

  private connect(channel: Channel, session: Session | null): void {
    const wire = this.host.mux.createChannel<Uint8Array>({
      protocol: HYPERCORE_PROTOCOL,
      aliases: [HYPERCORE_ALIAS],
      id: channel.discoveryKey,
      handshake: rest,
      messages: this.codecs,
      handlers: {
        onopen: greeting => this.onOpen(channel, session, greeting),
        onmessage: (_type, message) => channel.receive(message as Message),
        onclose: (_isRemote, reason) => onClose(channel, reason),
      },
    });
    if (wire === null) throw new TypeError('a channel of another kind is open for this discovery key');
    channel.attach(wire);
    this.opening ??= this.deadlines();
    this.opening.add(channel);
    wire.open(this.greeting(channel, session));
  }

  /** What this side proves: flags and capability; nothing without a session. */
  private greeting(channel: Channel, session: Session | null): Uint8Array {
    if (session === null) return new Uint8Array(0);
    const { crypto, initiator } = this.host;
    const { handshakeHash } = session;
    const capability = replicationCapability(crypto, {
      isInitiator: initiator,
      handshakeHash,
      key: channel.key,
    });
    return encode(openCodec, { seeks: true, capability });
  }

  private onOpen(channel: Channel, session: Session | null, greeting: Uint8Array): void {
    this.opening?.delete(channel);
    const open = session === null ? null : decodeOpen(greeting);
    if (session !== null && !this.proves(channel, session, open)) {
      this.host.onRefused();
      return channel.error(new CapabilityMismatchError());
    }
    // What the crate says of itself is left to chance in 0.6, which does not write its flags.
    channel.remoteOpened(this.host.peer === undefined && open?.seeks !== false);
    if (channel.isOpen) this.host.eventSubject.next({ type: 'channel', channel });
  }

  private proves(channel: Channel, session: Session, open: Open | null): boolean {
    if (open === null) return false;
    const { crypto, initiator } = this.host;
    const { handshakeHash } = session;
    const expected = replicationCapability(crypto, {
      isInitiator: !initiator,
      handshakeHash,
      key: channel.key,
    });
    return crypto.equal(open.capability, expected);
  }

  /** The remote opened what no channel here was waiting for. */
  onRemoteOpen(request: PairRequest): void {
    const { id, protocol } = request;
    const isCore = protocol === HYPERCORE_PROTOCOL || protocol === HYPERCORE_ALIAS;
    if (!isCore || id === null || id.length !== 32) return request.settle();
    const { limits, scheduler, eventSubject } = this.host;
    this.unanswered ??= new UnansweredOpens(limits.answerTimeoutMs, scheduler);
    this.unanswered.add(request);
    eventSubject.next({ type: 'discovery-key', discoveryKey: id });
  }

  private deadlines(): Deadlines<Channel> {
    const { openTimeoutMs } = this.host.limits;
    return new Deadlines(openTimeoutMs, this.host.scheduler, channel =>
      channel.error(new TimeoutExceededError('open', openTimeoutMs, 'channel')),
    );
  }
}

function onClose(channel: Channel, reason: CloseReason): void {
  if (reason === 'remote') channel.end();
  else if (reason === 'rejected') channel.end(new ChannelRejectedError());
  // 'local' is our own doing, and 'destroyed' is told by the protocol, which knows the cause.
}
