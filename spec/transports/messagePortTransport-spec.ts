import { Subscription } from 'rxjs';
import { LimitExceededError, TransportFailedError } from '../../lib/errors.js';
import { messagePortTransport } from '../../lib/transports/messagePortTransport.js';
import type { MessagePortOptions } from '../../lib/transports/messagePortTransport.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { patienceMs } from '../support/patience.js';

/** What a message counts for beside its bytes. */
const COST = 512;

/** An end of a port that speaks by hand, and what it has heard. */
class Stranger {
  readonly heard: Record<string, unknown>[] = [];

  constructor(
    readonly port: MessagePort,
    readonly from = 1,
  ) {
    port.onmessage = ({ data }: MessageEvent<Record<string, unknown>>) => this.heard.push(data);
  }

  say(message: Record<string, unknown>, from = this.from): void {
    this.port.postMessage({ rxHypercore: '', from, ...message });
  }

  greet(windowBytes: unknown = 0x10000, from = this.from): void {
    this.say({ type: 'hello', windowBytes, answer: false }, from);
  }
}

describe('messagePortTransport', () => {
  let channel: MessageChannel;
  let stranger: Stranger;
  let subscription: Subscription;
  beforeEach(() => {
    channel = new MessageChannel();
    stranger = new Stranger(channel.port2);
    subscription = new Subscription();
  });
  afterEach(() => {
    subscription.unsubscribe();
    channel.port1.close();
    channel.port2.close();
  });

  const until = async (condition: () => boolean): Promise<void> => {
    for (const start = Date.now(); !condition();) {
      if (Date.now() - start > patienceMs) throw new Error('the condition did not become true in time');
      await new Promise(resolve => setTimeout(resolve, 1));
    }
  };

  /** Our end, what it has read and how it ended. */
  async function meet(options: MessagePortOptions = {}) {
    let transport: Transport | undefined;
    let completed = false;
    subscription.add(
      messagePortTransport(channel.port1, options).subscribe({
        next: value => (transport = value),
        complete: () => (completed = true),
      }),
    );
    stranger.greet();
    await until(() => transport !== undefined);
    const outcome: unknown[] = [];
    let bytes = 0;
    transport!.subscribe({
      next: chunk => (bytes += chunk.length),
      error: error => outcome.push(error),
      complete: () => outcome.push('complete'),
    });
    return {
      transport: transport!,
      outcome,
      read: () => bytes,
      completed: () => completed,
    };
  }

  const send = (...lengths: number[]): void => {
    for (const length of lengths) stranger.say({ type: 'data', bytes: fill(length, 7) });
  };

  it('takes a whole window that nobody has read yet, and not one byte more', async () => {
    for (const over of [0, 1]) {
      const windowBytes = 8192;
      const { transport, outcome, read } = await meet({ windowBytes });
      transport.pause!();
      send(2000, windowBytes - 2000 - 2 * COST + over);
      stranger.say({ type: 'end' }); // behind it, so that what follows has seen it all
      if (over === 0) {
        transport.resume!();
        await until(() => outcome.length > 0);
        expect(outcome).toEqual(['complete']);
        expect(read()).toBe(windowBytes - 2 * COST);
      } else {
        await until(() => outcome.length > 0);
        expect(outcome).toEqual([new LimitExceededError('windowBytes', windowBytes, windowBytes + 1)]);
        expect(read()).toBe(0);
        await until(() => stranger.heard.some(({ type }) => type === 'cut'));
      }
      subscription.unsubscribe();
      subscription = new Subscription();
    }
  });

  it('is not flooded by messages without bytes, or by what no end of ours says', async () => {
    for (const message of [
      { type: 'data', bytes: new Uint8Array(0) },
      { type: 'data', bytes: 'text' },
      { type: 'data' },
      { type: 'taken', cost: 1 }, // nothing was sent
      { type: 'taken', cost: -1 },
      { type: 'taken', cost: 'NaN' },
      { type: 'taken' },
    ]) {
      const { outcome, completed } = await meet();
      stranger.say(message);
      await until(() => outcome.length > 0 && completed());
      expect(outcome)
        .withContext(JSON.stringify(message))
        .toEqual([jasmine.any(TransportFailedError)]);
      subscription = new Subscription();
    }
  });

  it('leaves alone what others say on the same port, whatever it is', async () => {
    const { outcome, read } = await meet();
    const { port } = stranger;
    for (const message of [
      null,
      1,
      'text',
      {},
      { rxHypercore: '' },
      { rxHypercore: 1, from: 1, type: 'end' },
    ])
      port.postMessage(message);
    port.postMessage({ rxHypercore: 'somebody else', from: 1, type: 'cut' });
    stranger.say({ type: 'something new' });
    send(100);
    await until(() => read() === 100);
    expect(outcome).toEqual([]);
  });

  it('says again what was taken, so that a sender which keeps to the window never stands still', async () => {
    const windowBytes = 4096;
    const { read } = await meet({ windowBytes });
    let sent = 0;
    let room = windowBytes;
    for (let round = 0; round < 200; round++) {
      const length = 1 + ((round * 37) % 1000);
      await until(() => {
        const taken = stranger.heard.filter(({ type }) => type === 'taken');
        room = windowBytes - sent - (round === 0 ? 0 : round * COST);
        for (const { cost } of taken) room += cost as number;
        return room >= length + COST;
      });
      send(length);
      sent += length;
    }
    await until(() => read() === sent);
    expect(read()).toBe(sent);
  });

  it('sends no more than the window of the other end, and the rest when that was taken', async () => {
    const { transport } = await meet();
    const writable: boolean[] = [];
    transport.writable!.subscribe(value => writable.push(value));
    transport.next(fill(200_000, 1));
    const heard = () =>
      stranger.heard.filter(({ type }) => type === 'data').map(({ bytes }) => bytes as Uint8Array);
    const cost = (): number => heard().reduce((sum, bytes) => sum + bytes.length + COST, 0);
    await until(() => cost() > 0x10000 / 2);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(cost()).toBeLessThanOrEqual(0x10000);
    expect(writable).toEqual([true, false]);
    let told = 0;
    await until(() => {
      const now = cost();
      if (now > told) stranger.say({ type: 'taken', cost: now - told });
      told = now;
      return transport.queuedBytes === 0;
    });
    expect(writable).toEqual([true, false, true]);
    expect(heard().reduce((sum, bytes) => sum + bytes.length, 0)).toBe(200_000);
  });

  it('fails when the other end begins anew, and hears nothing from the one before', async () => {
    const { outcome, completed, read } = await meet();
    send(10);
    await until(() => read() === 10);
    stranger.greet(0x10000, 1); // a second word of the same end is no new beginning
    send(10);
    await until(() => read() === 20);
    stranger.greet(0x10000, 2);
    await until(() => outcome.length > 0 && completed());
    const [error] = outcome as [TransportFailedError];
    expect(error).toBeInstanceOf(TransportFailedError);
    expect((error.cause as Error).message).toContain('began anew');
    send(10);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(read()).toBe(20);
  });

  it('reads on with an end that began anew when it does so itself', async () => {
    const first = await meet();
    stranger.say({ type: 'data', bytes: fill(5, 5) });
    await until(() => first.read() === 5);
    subscription.unsubscribe();
    subscription = new Subscription();
    const second = await meet();
    stranger.say({ type: 'data', bytes: fill(5, 5) }, 99); // of an end that nobody has met
    send(7);
    await until(() => second.read() > 0);
    expect(second.read()).toBe(7);
    expect(second.outcome).toEqual([]);
  });

  it('meets no end whose window is too small to send anything, or too large to count', async () => {
    let met = 0;
    let error: { code?: string } = {};
    subscription.add(
      messagePortTransport(channel.port1, { connectTimeoutMs: 100 }).subscribe({
        next: () => met++,
        error: (failure: { code?: string }) => (error = failure),
      }),
    );
    for (const windowBytes of [0, 4095, NaN, -1, 'many', '8192', null, 2 ** 31, 2 ** 32, Infinity])
      stranger.greet(windowBytes);
    await until(() => error.code !== undefined);
    expect({ met, code: error.code }).toEqual({ met: 0, code: 'ERR_TIMEOUT' });
  });

  it('refuses numbers that make no sense', () => {
    const wrong: MessagePortOptions[] = [
      { windowBytes: 4095 },
      { windowBytes: 5000.5 },
      { windowBytes: 2 ** 30 + 1 },
      { connectTimeoutMs: -1 },
      { connectTimeoutMs: Infinity },
    ];
    for (const options of wrong)
      expect(() => messagePortTransport(channel.port1, options))
        .withContext(JSON.stringify(options))
        .toThrowError(RangeError);
  });
});
