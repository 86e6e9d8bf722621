import { connect, type Socket } from 'node:net';
import { firstValueFrom, Observable, type Observer, ReplaySubject, type Subscriber, timeout } from 'rxjs';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { discoveryKey } from '../../../lib/keys/discoveryKey.js';
import { replicationCapability } from '../../../lib/keys/capability.js';
import { SecureLink } from '../../../lib/secret/SecureLink.js';
import type { Session } from '../../../lib/secret/Session.js';
import { ascii, concat, unhex } from '../../helpers/bytes.js';
import { patienceMs } from '../../support/patience.js';

/** A socket whose writes happen when and as the spec says; each is a segment of its own on its way. */
class HeldSocket extends Observable<Uint8Array> implements Observer<Uint8Array> {
  /** Frames gather here while it holds. */
  held: Uint8Array[] | null = null;

  constructor(readonly socket: Socket) {
    super((subscriber: Subscriber<Uint8Array>) => {
      socket.on('data', chunk => subscriber.next(chunk));
      socket.on('end', () => subscriber.complete());
      socket.on('error', error => subscriber.error(error));
    });
  }

  next(chunk: Uint8Array): void {
    if (this.held !== null) this.held.push(chunk);
    else this.socket.write(chunk);
  }

  complete(): void {
    this.socket.end();
  }

  error(): void {
    this.socket.destroy();
  }
}

/**
 * A connection on which every payload is written by hand and every write is under control: what it takes to show what
 * breaks a peer. We dial.
 */
export class RawSide {
  private static readonly open = new Set<RawSide>();

  static dropAll(): void {
    for (const side of RawSide.open) side.socket.destroy();
    RawSide.open.clear();
  }

  /** Connects; with `holdHandshake` the last handshake message, the header and what follows wait for {@link flush}. */
  static async connect(port: number, holdFrom: 'never' | 'handshake' = 'never'): Promise<RawSide> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => undefined);
    const held = new HeldSocket(socket);
    const link = new SecureLink(held, {
      crypto: portableCrypto,
      initiator: true,
      limits: { keepAliveMs: 0, idleTimeoutMs: 0 },
    });
    const side = new RawSide(socket, held, link);
    // How the connection ends is for the peer to say.
    link.subscribe({ next: payload => side.payloads.next(payload), error: () => undefined });
    if (holdFrom === 'handshake') held.held = [];
    side.session = await firstValueFrom(link.opened.pipe(timeout(patienceMs)));
    // Else the peer might read the header and what we send next at once.
    if (holdFrom === 'never') await pause(50);
    return side;
  }

  readonly payloads = new ReplaySubject<Uint8Array>();
  private session: Session | null = null;

  private constructor(
    readonly socket: Socket,
    private readonly held: HeldSocket,
    private readonly link: SecureLink,
  ) {
    RawSide.open.add(this);
  }

  /** Sends payloads, each in a frame and a write of its own. */
  send(...payloads: readonly Uint8Array[]): void {
    for (const payload of payloads) this.link.next(payload);
  }

  /** Lets payloads gather until {@link flush}. */
  hold(): void {
    this.held.held ??= [];
  }

  /** Writes what gathered, in one write or cut at the given places with a pause at each cut. */
  async flush(...cuts: readonly number[]): Promise<void> {
    const bytes = concat(...(this.held.held ?? []));
    this.held.held = null;
    let from = 0;
    for (const cut of [...cuts, bytes.length]) {
      this.socket.write(bytes.slice(from, cut));
      from = cut;
      await pause(100);
    }
  }

  /** The open of a core under our number for it. */
  openPayload(id: number, key: string): Uint8Array {
    if (this.session === null) throw new Error('not connected');
    const { handshakeHash } = this.session;
    const bytes = unhex(key);
    const capability = replicationCapability(portableCrypto, {
      isInitiator: true,
      handshakeHash,
      key: bytes,
    });
    return openOf(id, discoveryKey(portableCrypto, bytes), concat(unhex('00'), capability));
  }

  /** Opens a core and waits until the peer has answered with its own open. */
  async open(id: number, key: string): Promise<void> {
    const answered = this.payload(payload => payload[0] === 0 && payload[1] === 1);
    this.send(this.openPayload(id, key));
    await answered;
  }

  /** The first payload that fits, past or to come. */
  payload(fits: (payload: Uint8Array) => boolean, deadlineMs = patienceMs): Promise<Uint8Array> {
    return firstValueFrom(
      new Observable<Uint8Array>(subscriber =>
        this.payloads.subscribe({ next: payload => fits(payload) && subscriber.next(payload) }),
      ).pipe(timeout({ first: deadlineMs })),
    );
  }
}

/** An open: `00 01 id protocol id handshake`. */
export function openOf(
  id: number,
  channelId: Uint8Array,
  handshake: Uint8Array,
  protocol = 'hypercore/alpha',
): Uint8Array {
  return concat(
    Uint8Array.of(0, 1, id, protocol.length),
    ascii(protocol),
    Uint8Array.of(channelId.length),
    channelId,
    handshake,
  );
}

/** A message: `channel type payload`. */
export function messageOf(channel: number, type: number, payload: string | Uint8Array): Uint8Array {
  return concat(Uint8Array.of(channel, type), typeof payload === 'string' ? unhex(payload) : payload);
}

/** An extension message of exactly that many bytes, channel and type included, as crate 0.6 has them. */
export function extensionOfLength(channel: number, bytes: number): Uint8Array {
  return concat(Uint8Array.of(channel, 9, 1, 0x61), new Uint8Array(bytes - 4).fill(0x62));
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
