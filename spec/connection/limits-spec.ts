import { of, type Subscription } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { text } from '../../lib/encoding/text.js';
import type { HypercoreError } from '../../lib/errors.js';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Channel } from '../../lib/connection/Channel.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { discoveryKey } from '../../lib/keys/discoveryKey.js';
import { defaultLimits, type Limits } from '../../lib/limits.js';
import type { Message } from '../../lib/messages/Message.js';
import { want } from '../../lib/messages/want.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { concat, fill, hex, unhex } from '../helpers/bytes.js';
import { Clock } from '../secret/ProbeTransport.js';
import { protocolPair, until } from './pair.js';

const key = fill(32, 3);
const id = hex(discoveryKey(portableCrypto, key));

/** A protocol under test; at the other end of its link is this spec, byte by byte. */
class Bench {
  readonly clock = new Clock();
  readonly protocol: Protocol;
  readonly remote: Transport;
  /** Frames' bodies that the protocol sent, in hex; its plain frames have a length of three bytes. */
  readonly sent: string[] = [];
  private failure: HypercoreError | 'ended' | null = null;
  private readonly subscriptions: Subscription[] = [];

  constructor(limits: Partial<Limits>, handshake = false) {
    const [link, remote] = memoryPair();
    this.remote = remote;
    let made: Protocol | undefined;
    const options = {
      initiator: false,
      handshake,
      limits: { keepAliveMs: 0, ...limits },
      scheduler: this.clock,
    };
    this.subscriptions.push(
      remote.subscribe({ next: chunk => this.sent.push(hex(chunk.subarray(3))), error: () => undefined }),
      of(link)
        .pipe(hypercoreProtocol(options))
        .subscribe(protocol => (made = protocol)),
    );
    this.protocol = made!;
    this.protocol.closed.subscribe({
      error: (error: HypercoreError) => (this.failure = error),
      complete: () => (this.failure = 'ended'),
    });
  }

  /** What became of the connection. */
  async outcome(): Promise<string> {
    for (let i = 0; i < 5; i++) await new Promise(resolve => setTimeout(resolve));
    if (this.failure === null) return 'goes on';
    return this.failure === 'ended' ? 'ended' : told(this.failure);
  }

  payload(...parts: (string | Uint8Array)[]): this {
    this.remote.next(
      encodeFrame(concat(...parts.map(part => (typeof part === 'string' ? unhex(part) : part)))),
    );
    return this;
  }

  /** Opens the channel of the key on both sides; it is number 1. */
  core(): this {
    this.protocol.open(key).subscribe({ error: () => undefined });
    return this.payload(`0001 01 0f ${ascii('hypercore/alpha')} 20 ${id}`);
  }

  /** Opens a channel as the remote: of a core about which nobody decides, or of a protocol that nobody has. */
  open(channel: number, name = 'hypercore/alpha'): this {
    return this.payload(
      `0001 ${byte(channel)} ${byte(name.length)} ${ascii(name)} 20 ${byte(channel).repeat(32)}`,
    );
  }

  drop(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }
}

const ascii = (letters: string): string => hex(new TextEncoder().encode(letters));
const byte = (value: number): string => value.toString(16).padStart(2, '0');
const uint16 = (value: number): string => `fd${byte(value & 0xff)}${byte(value >> 8)}`;
const told = (error: HypercoreError): string => {
  const { limit, received, afterMs, phase, length } = error as unknown as Record<string, string | number>;
  const facts = [limit, length ?? received, phase, afterMs].filter(fact => fact !== undefined);
  return `${error.scope} ${error.code} ${facts.join(' ')}`;
};

/** What an act comes to, where that is not what became of the connection. */
type Act = (bench: Bench) => string | void | Bench | Promise<string | void>;

/** For each limit: what is within it and what is one more, and what either comes to. */
interface Case {
  readonly limits: Partial<Limits>;
  readonly handshake?: boolean;
  /** Comes before both. */
  readonly first?: Act;
  readonly within: Act;
  readonly beyond: Act;
  /** What `within` comes to, unless the connection just goes on. */
  readonly harmless?: string;
  readonly harm: string;
}

const exceeded = (name: keyof Limits, received: number): string =>
  `connection ERR_LIMIT_EXCEEDED ${name} ${received}`;

/** A message for channel 1 whose body has so many bytes. */
const message = (bytes: number): string => `0100${'00'.repeat(bytes)}`;
const early: Act = bench => bench.open(1).open(2);
const core: Act = bench => bench.core();
const waited =
  (ms: number): Act =>
  bench =>
    bench.clock.advance(ms);

/** What the channel is told, after the act, and what left for the remote. */
const channelOf = (bench: Bench, act: (channel: Channel) => void): string => {
  const log: string[] = [];
  const channel = bench.protocol.open(key);
  channel.subscribe({ error: (error: HypercoreError) => log.push(told(error)) });
  act(channel);
  return log.join();
};

const cases: { readonly [K in keyof Limits]: Case | readonly Case[] } = {
  maxFrameBytes: {
    limits: { maxFrameBytes: 100 },
    within: bench => bench.payload(message(98)),
    beyond: bench => bench.remote.next(Uint8Array.of(101, 0, 0)),
    harm: 'connection ERR_FRAME_TOO_LARGE 100 101',
  },
  maxHandshakeFrameBytes: {
    limits: { maxHandshakeFrameBytes: 32 },
    handshake: true,
    within: bench => bench.remote.next(Uint8Array.of(32, 0, 0)),
    beyond: bench => bench.remote.next(Uint8Array.of(33, 0, 0)),
    harm: 'connection ERR_FRAME_TOO_LARGE 32 33',
  },
  maxPayloadBytes: {
    limits: { maxPayloadBytes: 100 },
    within: bench => bench.payload(message(98)),
    beyond: bench => bench.payload(message(99)),
    harm: exceeded('maxPayloadBytes', 101),
  },
  maxBatchItems: {
    limits: { maxBatchItems: 2 },
    within: bench => bench.payload('0000 01 0100 0100'),
    beyond: bench => bench.payload('0000 01 0100 0100 0100'),
    harm: exceeded('maxBatchItems', 3),
  },
  maxBatchDepth: {
    limits: { maxBatchDepth: 2 },
    within: bench => bench.payload('0000 00 04 00 01 0100'),
    beyond: bench => bench.payload('0000 00 07 00 00 04 00 01 0100'),
    harm: exceeded('maxBatchDepth', 3),
  },
  maxUnansweredOpens: {
    limits: { maxUnansweredOpens: 2 },
    within: bench => bench.open(1).open(2),
    beyond: bench => bench.open(1).open(2).open(3),
    harm: exceeded('maxUnansweredOpens', 3),
  },
  maxFailedOpens: {
    limits: { maxFailedOpens: 2 },
    within: bench => bench.open(1, 'a').open(2, 'b'),
    beyond: bench => bench.open(1, 'a').open(2, 'b').open(3, 'c'),
    harm: exceeded('maxFailedOpens', 3),
  },
  failedOpensWindowMs: {
    limits: { maxFailedOpens: 1, failedOpensWindowMs: 1000 },
    first: async bench => void (await bench.open(1, 'a').outcome()),
    within: bench => {
      bench.clock.advance(1000);
      bench.open(2, 'b');
    },
    beyond: bench => {
      bench.clock.advance(999);
      bench.open(2, 'b');
    },
    harm: exceeded('maxFailedOpens', 2),
  },
  maxNameBytes: {
    limits: { maxNameBytes: 32 },
    within: bench => bench.open(1, 'x'.repeat(32)),
    beyond: bench => bench.open(1, 'x'.repeat(33)),
    harm: exceeded('maxNameBytes', 33),
  },
  maxEarlyMessages: {
    limits: { maxEarlyMessages: 2 },
    first: early,
    within: bench => bench.payload(message(0)).payload(message(0)).payload('0200'),
    beyond: bench => bench.payload(message(0)).payload(message(0)).payload(message(0)),
    harm: exceeded('maxEarlyMessages', 3),
  },
  maxTotalEarlyMessages: {
    limits: { maxTotalEarlyMessages: 2 },
    first: early,
    within: bench => bench.payload(message(0)).payload('0200'),
    beyond: bench => bench.payload(message(0)).payload('0200').payload('0200'),
    harm: exceeded('maxTotalEarlyMessages', 3),
  },
  maxChannelEarlyBytes: {
    limits: { maxChannelEarlyBytes: 1000 },
    first: early,
    within: bench => bench.payload(message(488)).payload('0200'),
    beyond: bench => bench.payload(message(489)),
    harm: exceeded('maxChannelEarlyBytes', 1001),
  },
  maxEarlyBytes: {
    limits: { maxEarlyBytes: 1100 },
    first: early,
    within: bench => bench.payload(message(76)).payload('0200'),
    beyond: bench => bench.payload(message(77)).payload('0200'),
    harm: exceeded('maxEarlyBytes', 1101),
  },
  maxNodes: {
    limits: { maxNodes: 2 },
    first: core,
    within: bench => bench.payload(`0103 02 0100 06 02 ${'00'.repeat(68)}`),
    beyond: bench => bench.payload(`0103 02 0100 06 03 ${'00'.repeat(102)}`),
    harm: exceeded('maxNodes', 3),
  },
  maxBitfieldWords: {
    limits: { maxBitfieldWords: 2 },
    first: core,
    within: bench => bench.payload(`0107 00 02 ${'00'.repeat(8)}`),
    beyond: bench => bench.payload(`0107 00 03 ${'00'.repeat(12)}`),
    harm: exceeded('maxBitfieldWords', 3),
  },
  maxManifestEntries: [
    {
      limits: { maxManifestEntries: 2 },
      first: core,
      within: bench => bench.payload(`0103 10 0100 01 00 00 01 02 ${'00'.repeat(130)}`),
      beyond: bench => bench.payload(`0103 10 0100 01 00 00 01 03 ${'00'.repeat(195)}`),
      harm: exceeded('maxManifestEntries', 3),
    },
    {
      limits: { maxManifestEntries: 2 },
      first: core,
      within: bench => bench.payload(`0103 10 0100 02 04 00 01 00 02 ${'00'.repeat(64)}`),
      beyond: bench => bench.payload(`0103 10 0100 02 04 00 01 00 03 ${'00'.repeat(96)}`),
      harm: exceeded('maxManifestEntries', 3),
    },
  ],
  maxExtensionNameBytes: {
    limits: { maxExtensionNameBytes: 300 },
    first: core,
    within: bench => bench.payload(`0109 ${uint16(300)} ${'78'.repeat(300)}`),
    beyond: bench => bench.payload(`0109 ${uint16(301)} ${'78'.repeat(301)}`),
    harm: exceeded('maxExtensionNameBytes', 301),
  },
  maxOutboundBytes: {
    limits: { maxOutboundBytes: 1000 },
    first: async bench => {
      await bench.core().outcome();
      bench.remote.pause?.();
    },
    within: bench => bench.protocol.open(key).extension('x').next(fill(993, 0)),
    beyond: bench => bench.protocol.open(key).extension('x').next(fill(994, 0)),
    harm: exceeded('maxOutboundBytes', 1001),
  },
  maxBatchBytes: {
    limits: { maxBatchBytes: 100 },
    within: bench => payloadsFor(bench, 45, 46),
    harmless: '1 of 100 bytes',
    beyond: bench => payloadsFor(bench, 46, 46),
    harm: '2 of 49 bytes', // in the short form of a single message
  },
  maxChannels: {
    limits: { maxChannels: 2 },
    first: async bench => {
      await bench.outcome();
      for (const other of [1, 2]) bench.protocol.open(fill(32, other)).subscribe({ error: () => undefined });
    },
    within: () => undefined,
    beyond: bench => channelOf(bench, () => undefined),
    harm: 'channel ERR_LIMIT_EXCEEDED maxChannels 3',
  },
  maxPendingMessages: {
    limits: { maxPendingMessages: 2 },
    within: bench => channelOf(bench, channel => channel.sendBatch([0, 1].map(wanted))),
    harmless: '',
    beyond: bench => channelOf(bench, channel => channel.sendBatch([0, 1, 2].map(wanted))),
    harm: 'channel ERR_LIMIT_EXCEEDED maxPendingMessages 3',
  },
  handshakeTimeoutMs: {
    limits: { handshakeTimeoutMs: 1000 },
    handshake: true,
    within: waited(999),
    beyond: waited(1000),
    harm: 'connection ERR_TIMEOUT handshake 1000',
  },
  idleTimeoutMs: {
    limits: { idleTimeoutMs: 1000 },
    within: waited(999),
    beyond: waited(1000),
    harm: 'connection ERR_TIMEOUT idle 1000',
  },
  openTimeoutMs: {
    limits: { openTimeoutMs: 1000 },
    within: bench => channelOf(bench, () => bench.clock.advance(999)),
    harmless: '',
    beyond: bench => channelOf(bench, () => bench.clock.advance(1000)),
    harm: 'channel ERR_TIMEOUT open 1000',
  },
  answerTimeoutMs: {
    limits: { answerTimeoutMs: 1000 },
    first: async bench => void (await bench.open(1).outcome()),
    within: async bench => sentAfter(bench, 999),
    harmless: 'nothing',
    beyond: async bench => sentAfter(bench, 1000),
    harm: '000201',
  },
  keepAliveMs: {
    limits: { keepAliveMs: 1000 },
    first: async bench => void (await bench.outcome()),
    within: async bench => sentAfter(bench, 999),
    harmless: 'nothing',
    beyond: async bench => sentAfter(bench, 1000),
    harm: '', // an empty payload
  },
  closeTimeoutMs: {
    limits: { closeTimeoutMs: 1000 },
    first: bench => bench.protocol.close(),
    within: waited(999),
    beyond: waited(1000),
    harm: 'ended',
  },
};

const wanted = (start: number): Message => want({ start, length: 1 });

async function sentAfter(bench: Bench, ms: number): Promise<string> {
  bench.clock.advance(ms);
  await bench.outcome();
  return bench.sent.length === 0 ? 'nothing' : bench.sent.join();
}

/** Two texts of so many letters in one turn: how many payloads they make, and how long the first is. */
async function payloadsFor(bench: Bench, ...letters: number[]): Promise<string> {
  await bench.outcome();
  const channel = bench.protocol.channel({ protocol: 'p', messages: { say: text } });
  await bench.outcome();
  bench.sent.length = 0;
  for (const count of letters) channel.next({ type: 'say', value: 'x'.repeat(count) });
  await bench.outcome();
  return `${bench.sent.length} of ${bench.sent[0].length / 2} bytes`;
}

describe('limits of a connection', () => {
  for (const [name, given] of Object.entries(cases) as [keyof Limits, Case | readonly Case[]][]) {
    const list = Array.isArray(given) ? (given as readonly Case[]) : [given as Case];
    for (const [i, one] of list.entries()) {
      const which = list.length === 1 ? '' : ` (${i + 1})`;
      const { limits, handshake = false, first, harmless = 'goes on', harm } = one;
      for (const [how, act, result] of [
        ['within', one.within, harmless],
        ['one beyond', one.beyond, harm],
      ] as const) {
        it(`${name}, ${how}${which}`, async () => {
          const bench = new Bench(limits, handshake);
          await first?.(bench);
          const come = await act(bench);
          expect(typeof come === 'string' ? come : await bench.outcome()).toBe(result);
          bench.drop();
          expect(bench.clock.timers).toBe(0);
        });
      }
    }
  }

  it('all have a case here', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(defaultLimits).sort());
  });

  it('wait without end where a time is 0', async () => {
    const off = Object.fromEntries(
      Object.keys(defaultLimits)
        .filter(name => name.endsWith('Ms'))
        .map(name => [name, 0]),
    );
    for (const handshake of [false, true]) {
      const bench = new Bench({ ...off, maxFailedOpens: 1 }, handshake);
      if (!handshake) bench.open(1).open(2, 'a').open(3, 'b').open(4, 'c');
      const channel = channelOf(bench, () => bench.clock.advance(1e9));
      expect(await bench.outcome()).toBe('goes on');
      expect(channel).toBe('');
      expect(bench.clock.timers).toBe(0);
      bench.protocol.close();
      bench.clock.advance(1e9);
      expect(await bench.outcome()).toBe('goes on');
      bench.drop();
    }
  });

  it('count failed opens anew in each window, and once however far the clock is set back', async () => {
    const bench = new Bench({ maxFailedOpens: 2, failedOpensWindowMs: 1000 });
    for (let i = 1; i <= 9; i++) {
      bench.open(i, 'a');
      await bench.outcome();
      bench.clock.advance(500);
    }
    expect(await bench.outcome()).toBe('goes on');
    bench.open(10, 'a');
    await bench.outcome();
    bench.clock.offset = -1e9;
    bench.open(11, 'a').open(12, 'a');
    expect(await bench.outcome()).toBe('goes on');
    bench.open(13, 'a');
    expect(await bench.outcome()).toBe(exceeded('maxFailedOpens', 3));
    bench.drop();
  });

  it('count an open that does not prove the key among those that failed', async () => {
    const { a, b, subscription, log } = protocolPair({ limits: { maxFailedOpens: 1 } });
    const lie = async (core: Uint8Array): Promise<void> => {
      a.open(core).subscribe({ error: () => undefined });
      const liar = b.channel({
        protocol: 'hypercore/alpha',
        id: discoveryKey(portableCrypto, core),
        handshake: text,
        greeting: 'x'.repeat(32),
        messages: { any: text },
      });
      liar.subscribe({ error: () => undefined });
      await until(() => a.channels.length === 0);
    };
    await lie(fill(32, 5));
    expect(log).not.toContain('a ERR_LIMIT_EXCEEDED');
    await lie(fill(32, 6));
    await until(() => log.includes('a ERR_LIMIT_EXCEEDED'));
    subscription.unsubscribe();
  });
});
