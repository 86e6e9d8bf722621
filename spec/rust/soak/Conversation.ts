import { createHash } from 'node:crypto';
import {
  bitfield,
  cancel,
  type Channel,
  data,
  extension,
  isHypercoreError,
  type Message,
  noData,
  range,
  request,
  synchronize,
  unwant,
  want,
} from 'rx-hypercore';
import { type Observable, Subscription } from 'rxjs';
import { followBlocks } from '../../../demo/blocks/followBlocks.js';
import { serveBlocks } from '../../../demo/blocks/serveBlocks.js';
import { hex } from '../../helpers/bytes.js';
import { comparable } from '../../helpers/marbles.js';
import type { Random } from '../../helpers/random.js';
import { blockBytes } from '../../interop/peers/blockBytes.mjs';
import { ProofSource } from '../../interop/support/ProofSource.js';
import { Relay, type Handling } from '../support/Relay.js';
import type { CrateVersion, RustPeer } from '../support/RustPeer.js';
import { type Meeting, RustSide } from '../support/RustSide.js';

/** How two peers are connected for a soak. */
export interface Setting {
  readonly name: string;
  readonly version: CrateVersion;
  readonly weDial: boolean;
  /** 0.6 only: the peer reads whole frames, and its network may cut as it likes. */
  readonly wholeFrames: boolean;
  /** How the bytes for the peer are cut; those for us are cut anywhere. */
  readonly toPeer: Handling;
  readonly options?: Partial<Meeting>;
  /** Largest block of ours, in bytes. */
  readonly largest: number;
}

/** What has been exchanged. */
export interface Tally {
  echoed: number;
  theirBlocks: number;
  ourBlocks: number;
  bytes: number;
  reopened: number;
  pieces: number;
}

const echoKeys = ['03', '04'].map(byte => byte.repeat(32));
const [steadyKey, fleetingKey] = echoKeys;
const theirSeed = '07'.repeat(32);
const ourSeed = '08'.repeat(32);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Mixed traffic over one connection, everything that arrives compared with what was sent: a core of ours and one of theirs
 * grow, messages of every type go to and fro in bursts, a channel opens and closes from either side, and now and then
 * nobody says anything.
 */
export class Conversation {
  readonly tally: Tally = { echoed: 0, theirBlocks: 0, ourBlocks: 0, bytes: 0, reopened: 0, pieces: 0 };
  /** Settles when something went wrong. */
  readonly failed: Promise<never>;

  private readonly subscription = new Subscription();
  private fail: (error: unknown) => void = () => undefined;
  private running = true;
  private peer!: RustPeer;
  private ours!: RustSide;
  private source!: ProofSource;
  private readonly relay: Relay;
  private readonly theirSizes: number[] = [];
  private readonly ourSizes: number[] = [];
  private ourCheckedBlocks = 0;
  private readonly expected: Message[] = [];

  constructor(
    readonly setting: Setting,
    private readonly random: Random,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
    const toUs: Handling = { cuts: 'anywhere', longest: 3_000, pauseMs: 2 };
    const { weDial, toPeer } = setting;
    this.relay = new Relay(random, weDial ? toPeer : toUs, weDial ? toUs : toPeer);
  }

  async start(): Promise<void> {
    const { version, weDial, wholeFrames, options } = this.setting;
    this.source = await ProofSource.create({ seed: ourSeed });
    const ourKey = hex(this.source.key);
    const { peer, ours } = await RustSide.meet(
      { version, weDial, relay: this.relay, ...options },
      { role: 'mixed', keys: echoKeys, read: [ourKey], seed: theirSeed, window: 8, wholeFrames },
    );
    this.peer = peer;
    this.ours = ours;
    this.watch(ours.protocol.closed);
    peer.failure(2 ** 31 - 1).then(text => this.fail(new Error(`the peer failed: ${text}`)), this.fail);

    const theirs = await ours.channel(peer.key);
    this.watch(followBlocks(theirs), block => {
      const size = this.theirSizes[block.index];
      if (block.value.length !== size || hex(block.value) !== hex(blockBytes(block.index, size))) {
        this.fail(new Error(`block ${block.index} of theirs is not what was written`));
      }
      this.tally.theirBlocks++;
      this.tally.bytes += size;
    });
    this.watch(serveBlocks(await ours.channel(ourKey), this.source));

    const steady = await ours.channel(steadyKey);
    this.watch(steady, message => this.check(this.expected.shift(), message));

    void this.loop(() => this.growTheirs(hex(theirs.discoveryKey)));
    void this.loop(() => this.growOurs());
    void this.loop(() => this.burst(steady));
    void this.loop(() => this.fleeting());
  }

  /** Stops, waits until all that was sent has come back, and compares the rest. */
  async finish(): Promise<void> {
    this.running = false;
    for (let waited = 0; waited < 30_000 && !this.quiet; waited += 100) {
      this.collect();
      await pause(100);
    }
    this.collect();
    if (!this.quiet) throw new Error(`not everything arrived: ${JSON.stringify(this.missing)}`);
    this.subscription.unsubscribe();
    this.ours.drop();
    this.relay.close();
    await this.peer.stop();
    await this.source.close();
  }

  /** Takes in what the peer reported. */
  collect(): void {
    for (const { index, sha256: digest } of this.peer.drain('block')) {
      if (digest !== sha256(blockBytes(index, this.ourSizes[index]))) {
        this.fail(new Error(`block ${index} of ours is not what was written`));
      }
      this.tally.ourBlocks++;
      this.tally.bytes += this.ourSizes[index];
      this.ourCheckedBlocks++;
    }
    for (const name of ['upgraded', 'downloaded', 'channel', 'discovery-key'] as const) this.peer.drain(name);
    for (const { reason } of this.peer.drain('refused'))
      this.fail(new Error(`the peer refused data: ${reason}`));
    this.tally.pieces = this.relay.pieces;
  }

  private get missing(): Record<string, number> {
    return {
      theirBlocks: this.theirSizes.length - this.tally.theirBlocks,
      ourBlocks: this.ourSizes.length - this.ourCheckedBlocks,
      echoes: this.expected.length,
    };
  }

  private get quiet(): boolean {
    return Object.values(this.missing).every(count => count === 0);
  }

  /** Nothing that is watched may fail, nor end while the soak runs. */
  private watch<T>(source: Observable<T>, next: (value: T) => void = () => undefined): void {
    this.subscription.add(
      source.subscribe({
        next,
        error: error => this.fail(error),
        complete: () => this.running && this.fail(new Error('it ended by itself')),
      }),
    );
  }

  private async loop(act: () => Promise<void> | void): Promise<void> {
    try {
      while (this.running) {
        await act();
        // Mostly busy, sometimes slow, now and then silent for longer than a keep-alive takes.
        const mood = this.random.integer(0, 99);
        await pause(
          mood < 80 ? this.random.integer(0, 60) : mood < 98 ? this.random.integer(0, 1_000) : 8_000,
        );
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private size(largest: number): number {
    return this.random.integer(0, 19) === 0 ? this.random.integer(0, largest) : this.random.integer(0, 300);
  }

  private growTheirs(discoveryKey: string): void {
    if (this.theirSizes.length - this.tally.theirBlocks > 300) return;
    const count = this.random.integer(1, 12);
    const size = this.size(100_000);
    for (let n = 0; n < count; n++) this.theirSizes.push(size);
    this.peer.tell({ do: 'append', discoveryKey, count, size });
  }

  private async growOurs(): Promise<void> {
    this.collect();
    if (this.ourSizes.length - this.ourCheckedBlocks > 300) return;
    const count = this.random.integer(1, 12);
    const size = this.size(this.setting.largest);
    for (let n = 0; n < count; n++) this.ourSizes.push(size);
    await this.source.append(count, size);
  }

  private burst(channel: Channel): void {
    if (this.expected.length > 500) return;
    const count = this.random.integer(1, 40);
    for (let n = 0; n < count; n++) {
      const message = this.draw();
      this.expected.push(message);
      channel.next(message);
    }
  }

  /** Opens a channel, says something, and lets one of the two close it. */
  private async fleeting(): Promise<void> {
    const channel = await this.ours.channel(fleetingKey);
    const sent = Array.from({ length: this.random.integer(1, 5) }, () => this.draw());
    const back: Message[] = [];
    const closed = new Promise<void>((resolve, reject) => {
      channel.subscribe({
        next: message => {
          back.push(message);
          if (back.length < sent.length) return;
          if (this.random.integer(0, 1) === 0) channel.close();
          else this.peer.tell({ do: 'close', discoveryKey: hex(channel.discoveryKey) });
        },
        error: reject,
        complete: resolve,
      });
    });
    for (const message of sent) channel.next(message);
    await closed;
    for (const [n, message] of sent.entries()) this.check(message, back[n]);
    await this.peer.event('close');
    this.tally.reopened++;
  }

  private check(sent: Message | undefined, back: Message | undefined): void {
    if (JSON.stringify(comparable(sent)) !== JSON.stringify(comparable(back))) {
      this.fail(
        new Error(`sent ${JSON.stringify(comparable(sent))}, got ${JSON.stringify(comparable(back))}`),
      );
    }
    this.tally.echoed++;
  }

  /** A message that comes back as it went, of any type. */
  private draw(): Message {
    const { random } = this;
    const uint = (): number => random.pick([0, 1, 252, 253, 65_535, 65_536, 2 ** 32, random.integer(0, 1e9)]);
    const node = () => ({ index: uint(), size: uint(), hash: random.bytes(32) });
    const nodes = () => Array.from({ length: random.integer(0, 4) }, node);
    const maybe = <T>(value: () => T): T | null => (random.integer(0, 1) === 0 ? value() : null);
    const bytes = (): Uint8Array => random.bytes(random.integer(1, random.pick([16, 300, 1_500, 5_000])));
    const drawers: readonly (() => Message)[] = [
      () =>
        synchronize({
          fork: uint(),
          length: uint(),
          remoteLength: uint(),
          canUpgrade: random.integer(0, 1) === 0,
        }),
      () =>
        request({
          id: uint(),
          block: maybe(() => ({ index: uint(), nodes: uint() })),
          hash: maybe(() => ({ index: uint(), nodes: uint() })),
          seek: maybe(() => ({ bytes: uint(), padding: 0 })),
          upgrade: maybe(() => ({ start: uint(), length: uint() })),
        }),
      () => cancel({ request: uint() }),
      () =>
        data({
          request: uint(),
          fork: uint(),
          block: maybe(() => ({ index: uint(), value: bytes(), nodes: nodes() })),
          hash: maybe(() => ({ index: uint(), nodes: nodes() })),
          seek: maybe(() => ({ bytes: uint(), nodes: nodes() })),
          upgrade: maybe(() => ({
            start: uint(),
            length: uint(),
            nodes: nodes(),
            additionalNodes: nodes(),
            signature: random.bytes(64),
          })),
        }),
      () => noData({ request: uint() }),
      () => want({ start: uint(), length: uint() }),
      () => unwant({ start: uint(), length: uint() }),
      () => bitfield({ start: 32, bitfield: Uint32Array.from({ length: random.integer(0, 64) }, uint) }),
      () => range({ start: uint(), length: uint(), drop: random.integer(0, 1) === 0 }),
      () => extension({ name: random.pick(['note', 'chat']), payload: bytes() }),
    ];
    return random.pick(drawers)();
  }
}

/** What an error says, in a line. */
export function reasonOf(error: unknown): string {
  if (!isHypercoreError(error)) return error instanceof Error ? error.message : String(error);
  const { code, message, cause } = error;
  return `${code} ${message}${cause === undefined ? '' : ` (${reasonOf(cause)})`}`;
}
