import {
  type Channel,
  type CryptoBackend,
  hypercoreProtocol,
  isHypercoreError,
  type Limits,
  ofType,
  type Protocol,
  request,
} from 'rx-hypercore';
import { tcpConnect, tcpListen } from 'rx-hypercore/node';
import { type Observable, Subscription, tap } from 'rxjs';
import { type HypercoreVersion, Peer } from './Peer.js';

/** What befalls the peer. */
export type Blow = 'SIGKILL' | 'SIGSTOP' | 'SIGSTOP for a moment';

export interface Round {
  readonly version: HypercoreVersion;
  readonly weDial: boolean;
  readonly blow: Blow;
  /** How long after the beginning of the connection, in milliseconds. */
  readonly afterMs: number;
}

/** What our side made of it. */
export interface Outcome {
  readonly round: Round;
  /** The code and phase of the error that ended the connection; null if there was none in time, or no connection. */
  readonly error: string | null;
  readonly connected: boolean;
  /** From the blow to the error. */
  readonly elapsedMs: number;
  /** Data that came before the blow, and after it. */
  readonly before: number;
  readonly after: number;
  /** What each subscriber was told as its end. */
  readonly told: readonly string[];
}

/** Short, so that a round takes no longer than it must. */
export const limits: Partial<Limits> = {
  handshakeTimeoutMs: 1500,
  openTimeoutMs: 1500,
  idleTimeoutMs: 1500,
  keepAliveMs: 300,
  closeTimeoutMs: 500,
};

/** Blocks of the core, and requests under way at a time. */
const blocks = 16;
const window = 24;
const size = 16_384;

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** A connection that reads from a hypercore in its own process without an end, until something befalls that. */
export class Casualty {
  static async meet(peer: Peer, { weDial }: Round, crypto: CryptoBackend): Promise<Casualty> {
    const { key } = await peer.command('create', { core: 'theirs', seed: '07'.repeat(32), manifest: true });
    await peer.command('append', { core: 'theirs', count: blocks, size });
    const casualty = new Casualty(Buffer.from(key, 'hex'));
    const port = weDial ? (await peer.command('listen', {})).port : 0;
    const listening = ({ port: ours }: { port: number }): void =>
      void peer.command('dial', { port: ours }).catch(() => undefined); // it may not live that long
    casualty.subscription.add(
      (weDial ? tcpConnect({ port, connectTimeoutMs: 1500 }) : tcpListen({ port: 0, listening }))
        .pipe(hypercoreProtocol({ initiator: weDial, crypto, limits }))
        .subscribe({
          next: protocol => casualty.use(protocol),
          error: error => casualty.end('transports', error),
        }),
    );
    return casualty;
  }

  readonly subscription = new Subscription();
  readonly told: string[] = [];
  error: string | null = null;
  received = 0;
  /** When the connection ended. */
  endedAt = 0;
  connected = false;

  private constructor(private readonly key: Uint8Array) {}

  private use(protocol: Protocol): void {
    this.connected = true;
    const channel = protocol.open(this.key);
    for (const [name, source] of Object.entries<Observable<unknown>>({
      events: protocol.events,
      closed: protocol.closed,
      channel,
      data: channel.pipe(
        ofType('data'),
        tap(() => this.received++),
        tap(({ request: id }) => this.ask(channel, id + window)),
      ),
    })) {
      source.subscribe({
        error: (error: unknown) => this.end(name, error),
        complete: () => this.end(name, 'complete'),
      });
    }
    channel.opened.subscribe({
      next: () => {
        for (let id = 1; id <= window; id++) this.ask(channel, id);
      },
      error: () => undefined,
    });
  }

  private ask(channel: Channel, id: number): void {
    channel.next(request({ id, block: { index: id % blocks, nodes: 0 } }));
  }

  private end(name: string, error: unknown): void {
    this.told.push(name);
    if (name === 'channel' || name === 'data') return; // it says ERR_CHANNEL_CLOSED with the cause
    this.endedAt = performance.now();
    const facts = error as { readonly code: string; readonly phase?: string };
    this.error = isHypercoreError(error)
      ? [facts.code, facts.phase].filter(Boolean).join(' ')
      : `untyped: ${String(error)}`;
  }
}

/** One round: a peer, a connection, a blow, and what comes of it. */
export async function strike(round: Round, crypto: CryptoBackend): Promise<Outcome> {
  const peer = await Peer.start(round.version);
  const casualty = await Casualty.meet(peer, round, crypto);
  await pause(round.afterMs);
  const before = casualty.received;
  const struckAt = performance.now();
  const deadline = struckAt + 4000;
  if (round.blow === 'SIGKILL') void peer.kill();
  else process.kill(peer.pid, 'SIGSTOP');
  let after = 0;
  if (round.blow === 'SIGSTOP for a moment') {
    await pause(300);
    process.kill(peer.pid, 'SIGCONT');
    while (after < 2 * window && casualty.error === null && performance.now() < deadline) {
      await pause(10);
      after = casualty.received - before;
    }
  } else {
    // A peer that had not dialled yet never will.
    const hopeless = (): boolean => !casualty.connected && performance.now() > struckAt + 500;
    while (casualty.error === null && !hopeless() && performance.now() < deadline) await pause(5);
    after = casualty.received - before;
  }
  const { error } = casualty; // before our own end of it, which completes all
  casualty.subscription.unsubscribe();
  await peer.kill();
  const { connected, told } = casualty;
  return { round, error, connected, elapsedMs: casualty.endedAt - struckAt, before, after, told };
}
