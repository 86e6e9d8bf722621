import {
  asyncScheduler,
  concatMap,
  from,
  ignoreElements,
  map,
  Observable,
  range,
  type SchedulerLike,
  type Subscriber,
  Subscription,
  timer,
} from 'rxjs';
import { portableCrypto } from '../../crypto/portable/portable.js';
import type { CryptoBackend, KeyPair } from '../../crypto/CryptoBackend.js';
import { encode } from '../../encoding/encode.js';
import { encodeFrame } from '../../framing/encodeFrame.js';
import { replicationCapability } from '../../keys/capability.js';
import { openCodec } from '../../messages/open.js';
import type { Session, SessionKeys } from '../../secret/Session.js';
import type { Transport } from '../../transports/Transport.js';
import { HonestState } from './HonestState.js';
import type { HostileAct, Misbehaviour } from './Misbehaviour.js';

/** Who a {@link HostilePeer} claims to be. @public */
export interface HostilePeerOptions {
  /** Whether it speaks first: the one that dialled. */
  readonly initiator: boolean;
  /** How it misbehaves; without it, it is honest and mute. */
  readonly misbehaviour?: Misbehaviour;
  /** The primitives; tweetnacl and StableLib by default. */
  readonly crypto?: CryptoBackend;
  /** Its identity; generated if absent. */
  readonly keyPair?: KeyPair;
  /** `XX` by default. */
  readonly pattern?: 'XX' | 'IK';
  /** The remote's public key (32 bytes), for an initiator of `IK`. */
  readonly remotePublicKey?: Uint8Array;
  readonly prologue?: Uint8Array;
  /** The result of a handshake that was run elsewhere: it starts with the stream header. Spares a spec the handshake. */
  readonly session?: SessionKeys;
  /** Runs its timers; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** What a {@link HostilePeer} tells of its victim. @public */
export type HostileEvent =
  /** The handshake is done. */
  | { readonly type: 'handshake'; readonly session: Session }
  /** The remote's stream header has come. */
  | { readonly type: 'open' }
  /** What the remote says, decrypted. */
  | { readonly type: 'payload'; readonly payload: Uint8Array }
  /** The remote ended the connection; `failed` if it cut it off. */
  | { readonly type: 'end'; readonly failed: boolean };

/**
 * A peer that completes a correct handshake and then misbehaves, or misbehaves before: for specs of servers and clients
 * that must survive it.
 *
 * Cold: subscribing starts it, on any transport; unsubscribing cuts the transport. It tells what its victim does, and
 * completes when the victim ended the connection, however it did. It never fails over what the victim sends: what it cannot
 * read, it ignores. One subscriber at a time.
 *
 * The methods are for the hooks of a {@link Misbehaviour}. They send without looking: below the frames, below the
 * encryption, below the multiplexer. After the end they do nothing.
 *
 * @example
 * ```ts
 * for (const misbehaviour of misbehaviours({ key })) {
 *   it(`survives a peer that ${misbehaviour.does}`, async () => {
 *     await lastValueFrom(
 *       tcpConnect({ port }).pipe(
 *         switchMap(transport => new HostilePeer(transport, { initiator: true, misbehaviour })),
 *         takeUntil(timer(1000)),
 *         defaultIfEmpty(null),
 *       ),
 *     );
 *     expect(server.connections).toBe(0);
 *   });
 * }
 * ```
 *
 * @see {@link misbehaviours}
 * @public
 */
export class HostilePeer extends Observable<HostileEvent> {
  readonly crypto: CryptoBackend;
  readonly initiator: boolean;
  readonly scheduler: SchedulerLike;
  private readonly misbehaviour: Misbehaviour;
  private subscriber: Subscriber<HostileEvent> | null = null;
  private acts = new Subscription();
  private state: HonestState | null = null;

  constructor(
    /** What it sends on. */
    readonly transport: Transport,
    private readonly options: HostilePeerOptions,
  ) {
    super(subscriber => this.begin(subscriber));
    this.crypto = options.crypto ?? portableCrypto;
    this.initiator = options.initiator;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.misbehaviour = options.misbehaviour ?? honest;
  }

  /**
   * Who is at the other end, and the secrets of the session.
   *
   * @throws TypeError before the handshake is done.
   */
  get session(): SessionKeys {
    const keys = this.state?.keys ?? null;
    if (keys === null) throw new TypeError('there is no session yet');
    return keys;
  }

  /** Sends bytes as they are. */
  bytes(bytes: Uint8Array): void {
    if (this.subscriber !== null) this.transport.next(bytes);
  }

  /** Sends bytes as the body of one frame. */
  frame(body: Uint8Array): void {
    this.bytes(encodeFrame(body));
  }

  /** Sends the three bytes that announce a frame of that length, and not the frame. */
  announce(length: number): void {
    this.bytes(Uint8Array.of(length, length >>> 8, length >>> 16));
  }

  /**
   * Encrypts a payload and does not send it: the body of a frame, as the remote expects it next.
   *
   * @throws TypeError before the session is open.
   */
  seal(payload: Uint8Array): Uint8Array {
    if (this.state === null) throw new TypeError('there is no stream yet');
    return this.state.seal(payload);
  }

  /** Encrypts payloads and sends them, each in a frame of its own. */
  payload(...payloads: readonly Uint8Array[]): void {
    for (const payload of payloads) if (this.state !== null) this.frame(this.seal(payload));
  }

  /**
   * What an honest peer puts behind the id of an open, to prove that it knows the key (32 bytes) of the core: flags and
   * capability; that of the other side if `initiator` is not what this peer is.
   *
   * @throws TypeError before the session is open.
   */
  greeting(key: Uint8Array, initiator: boolean = this.initiator): Uint8Array {
    const { handshakeHash } = this.session;
    const capability = replicationCapability(this.crypto, { isInitiator: initiator, handshakeHash, key });
    return encode(openCodec, { seeks: true, capability });
  }

  /** Sends bytes a few at a time. Emits nothing, completes after the last. */
  drip(
    bytes: Uint8Array,
    pace: { readonly everyMs: number; readonly bytesEach?: number },
  ): Observable<never> {
    const { everyMs, bytesEach = 1 } = pace;
    return range(0, Math.ceil(bytes.length / bytesEach)).pipe(
      concatMap(i => timer(everyMs, this.scheduler).pipe(map(() => i * bytesEach))),
      map(at => this.bytes(bytes.slice(at, at + bytesEach))),
      ignoreElements(),
    );
  }

  /** Stops reading, so that what the remote sends piles up at its end. */
  stopReading(): void {
    this.transport.pause?.();
  }

  /** Ends its side in order. */
  end(): void {
    if (this.subscriber !== null) this.transport.complete();
  }

  /** Cuts the connection off, and completes. */
  cut(): void {
    this.subscriber?.complete();
  }

  private begin(subscriber: Subscriber<HostileEvent>): void {
    if (this.subscriber !== null) throw new TypeError('a hostile peer has one subscriber at a time');
    const { misbehaviour, crypto } = this;
    const state = new HonestState(
      { ...this.options, crypto },
      {
        handshake: (message, step) => {
          if (misbehaviour.handshake === undefined) this.frame(message);
          this.perform(misbehaviour.handshake?.(this, message, step), () => state.follow());
        },
        header: (header, session) => {
          subscriber.next({ type: 'handshake', session });
          if (misbehaviour.header === undefined) this.frame(header);
          this.perform(misbehaviour.header?.(this, header));
        },
        opened: () => {
          subscriber.next({ type: 'open' });
          this.perform(misbehaviour.opened?.(this));
        },
        payload: payload => {
          if (payload.length > 0) subscriber.next({ type: 'payload', payload });
          if (!subscriber.closed) misbehaviour.payload?.(this, payload);
        },
      },
    );
    this.subscriber = subscriber;
    this.acts = new Subscription();
    this.state = state;
    subscriber.add(() => this.leave());
    subscriber.add(
      this.transport.subscribe({
        next: chunk => state.receive(chunk),
        error: () => this.onEnd(true),
        complete: () => this.onEnd(false),
      }),
    );
    this.perform(misbehaviour.connected?.(this), () => state.start());
  }

  /** Goes on when an act is over; until then it does not listen. */
  private perform(act: HostileAct, next: () => void = () => undefined): void {
    const { state, subscriber } = this;
    if (state === null || subscriber === null) return;
    if (act === undefined) return next();
    state.hold();
    this.acts.add(
      from(act).subscribe({
        error: error => subscriber.error(error),
        complete: () => {
          next();
          state.proceed();
        },
      }),
    );
  }

  private onEnd(failed: boolean): void {
    this.subscriber?.next({ type: 'end', failed });
    this.subscriber?.complete();
  }

  private leave(): void {
    this.subscriber = null;
    this.acts.unsubscribe();
    this.state?.wipe();
    this.state = null;
    this.transport.error(new Error('the hostile peer left'));
  }
}

const honest: Misbehaviour = {
  name: 'honest',
  does: 'is honest and says nothing',
  phase: 'open',
  expected: { ends: 'nothing', code: null },
};
