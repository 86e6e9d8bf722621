import { of, type Subscription, VirtualTimeScheduler } from 'rxjs';
import type { Channel } from '../../lib/connection/Channel.js';
import { hypercoreProtocol, type ProtocolOptions } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import type { Limits } from '../../lib/limits.js';
import type { Message } from '../../lib/messages/Message.js';
import type { SessionKeys } from '../../lib/secret/Session.js';
import { type HostileEvent, HostilePeer } from '../../lib/testing/hostile/HostilePeer.js';
import type { Misbehaviour } from '../../lib/testing/hostile/Misbehaviour.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { remembering } from '../secret/wire.js';

export const key = fill(32, 7);

/** Small, so that floods are short. */
export const small: Partial<Limits> = {
  maxBatchItems: 100,
  maxUnansweredOpens: 50,
  maxFailedOpens: 70,
  maxNameBytes: 40,
  maxEarlyMessages: 20,
  maxTotalEarlyMessages: 30,
  maxChannelEarlyBytes: 0x8000,
  maxEarlyBytes: 0x10000,
  maxFrameBytes: 0x100000,
  maxPayloadBytes: 0x80000,
  maxNodes: 50,
  maxBitfieldWords: 64,
  maxManifestEntries: 10,
  maxExtensionNameBytes: 30,
  openTimeoutMs: 0,
};

export interface BattleOptions {
  readonly misbehaviour?: Misbehaviour;
  /** Whether the victim is the one that dialled. */
  readonly victimDials?: boolean;
  readonly limits?: Partial<Limits>;
  /** Spares the handshake. True by default. */
  readonly session?: boolean;
  readonly victim?: Partial<ProtocolOptions>;
  /** Runs before the first byte. */
  readonly prepare?: (protocol: Protocol) => void;
}

/** A victim and a hostile peer, joined in memory, in virtual time. */
export class Battle {
  /** What the victim's subscribers are told, in order. */
  readonly log: string[] = [];
  readonly messages: Message[] = [];
  /** What the hostile peer sees of it. */
  readonly seen: HostileEvent[] = [];
  readonly peer: HostilePeer;
  readonly transport: Transport;
  protocol!: Protocol;
  channel!: Channel;
  failure: unknown = null;
  channelFailure: unknown = null;
  private readonly attack: Subscription;
  private readonly scheduler = new VirtualTimeScheduler();
  private readonly peerScheduler = new VirtualTimeScheduler();

  constructor(options: BattleOptions = {}) {
    const { misbehaviour, victimDials = false, limits = small, session = true, victim, prepare } = options;
    const { scheduler } = this;
    const [here, there] = memoryPair({ scheduler });
    this.transport = here;
    const crypto = repeating(victimDials ? 'a' : 'b');
    of(here)
      .pipe(
        hypercoreProtocol({
          crypto,
          initiator: victimDials,
          limits,
          scheduler,
          flushScheduler: scheduler,
          ...(session && { session: keysOf(victimDials) }),
          ...victim,
        }),
      )
      .subscribe(protocol => {
        this.protocol = protocol;
        this.watch(protocol);
        prepare?.(protocol);
      });
    this.peer = new HostilePeer(there, {
      crypto: repeating(victimDials ? 'b' : 'a'),
      initiator: !victimDials,
      scheduler: this.peerScheduler,
      ...(misbehaviour !== undefined && { misbehaviour }),
      ...(session && { session: keysOf(!victimDials) }),
    });
    this.attack = this.peer.subscribe(event => this.seen.push(event));
  }

  /** The hostile peer goes, with what it never read. */
  leave(): void {
    this.attack.unsubscribe();
  }

  /** Lets time pass, for both. */
  pass(ms: number): void {
    const end = this.scheduler.frame + ms;
    const schedulers = [this.peerScheduler, this.scheduler];
    for (let next = 0; next < end;) {
      // Whatever is due next on either side, so that drips do not lose or win a race by the way this is done.
      next = Math.min(end, ...schedulers.map(nextOf));
      for (const scheduler of schedulers) scheduler.frame = scheduler.maxFrames = next;
      for (const scheduler of schedulers) scheduler.flush();
      if (Math.min(...schedulers.map(nextOf)) <= next) next = 0;
    }
  }

  /** Timers of the victim that still run. */
  get timers(): number {
    return this.scheduler.actions.filter(action => !action.closed).length;
  }

  get ended(): boolean {
    return this.log.includes('closed') || this.failure !== null;
  }

  private watch(protocol: Protocol): void {
    protocol.events.subscribe({
      next: event => this.log.push(event.type),
      error: () => this.log.push('events failed'),
      complete: () => this.log.push('events complete'),
    });
    protocol.closed.subscribe({
      error: (error: unknown) => (this.failure = error),
      complete: () => this.log.push('closed'),
    });
    this.channel = protocol.open(key);
    this.channel.subscribe({
      next: message => this.messages.push(message),
      error: error => {
        this.channelFailure = error;
        this.log.push('channel failed');
      },
      complete: () => this.log.push('channel complete'),
    });
  }
}

function nextOf(scheduler: VirtualTimeScheduler): number {
  let next = Infinity;
  for (const action of scheduler.actions)
    if (!action.closed) next = Math.min(next, (action as { delay: number }).delay);
  return next;
}

const sessionHash = fill(64, 3);

/** The two ends of a session that never was. */
export function keysOf(initiator: boolean): SessionKeys {
  const [mine, other] = initiator ? [1, 2] : [2, 1];
  return {
    initiator,
    publicKey: fill(32, mine),
    remotePublicKey: fill(32, other),
    handshakeHash: sessionHash,
    tx: fill(32, 10 + mine),
    rx: fill(32, 10 + other),
  };
}

/** The same randomness each time, so that a handshake is computed once and then remembered. */
export function repeating(name: string): CryptoBackend {
  let count = 0;
  const crypto = remembering(portableCrypto);
  const randomBytes = (length: number): Uint8Array =>
    portableCrypto.hash(Math.min(64, length), [fill(1, count++)], fill(1, name.charCodeAt(0)));
  return { ...crypto, randomBytes };
}

/** What of an error a spec compares. */
export const told = (error: unknown): string => {
  const { code, limit, scope } = error as { code?: string; limit?: unknown; scope?: string };
  const named = typeof limit === 'string' ? ` ${limit}` : '';
  return code === undefined ? String(error) : `${scope} ${code}${named}`;
};
