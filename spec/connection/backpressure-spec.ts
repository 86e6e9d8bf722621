import { firstValueFrom, type Observable, Subject } from 'rxjs';
import type { Channel } from '../../lib/connection/Channel.js';
import { paced } from '../../lib/connection/paced.js';
import { pullFrom } from '../../lib/connection/pullFrom.js';
import { sendTo } from '../../lib/connection/sendTo.js';
import { text } from '../../lib/encoding/text.js';
import { extension } from '../../lib/messages/extension.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { Clock } from '../secret/ProbeTransport.js';
import { protocolPair, until } from './pair.js';

const key = fill(32, 3);
const plain = { handshake: false } as const;
const turns = (count: number): Promise<void> =>
  new Promise(resolve => {
    const next = (left: number): void => void (left === 0 ? resolve() : setTimeout(() => next(left - 1)));
    next(count);
  });

/** Blocks without end; `made` counts them. */
function blocks(size = 4096) {
  const made = { count: 0 };
  function* source() {
    for (;;) {
      made.count++;
      yield extension({ name: 'blocks', payload: new Uint8Array(size) });
    }
  }
  return { made, source };
}

async function openPair(options = {}) {
  const pair = protocolPair({ ...plain, ...options });
  const [here, there] = [pair.a.open(key), pair.b.open(key)];
  await until(() => here.isOpen && there.isOpen);
  return { ...pair, here, there };
}

describe('back-pressure, from one end to the other', () => {
  it('stops a source whose reader stops for a minute, without a timeout, and goes on with it', async () => {
    const scheduler = new Clock();
    const { here, there, log, subscription } = await openPair({ scheduler });
    const { made, source } = blocks();
    const reader = pullFrom(there)[Symbol.asyncIterator]();
    const sending = sendTo(here)(source()).subscribe();
    for (let i = 0; i < 100; i++) await reader.next();
    await turns(20);
    const before = made.count;
    for (let second = 0; second < 60; second++) {
      scheduler.advance(1000);
      await turns(2);
    }
    expect(made.count).toBe(before);
    // What is read ahead: 64 KiB on the way, as much in a batch, and what waits for the reader.
    expect(made.count).toBeLessThan(100 + 64 + 3 * 16);
    for (let i = 0; i < 1000; i++) await reader.next();
    expect(made.count).toBeGreaterThan(1100);
    sending.unsubscribe();
    await reader.return?.();
    expect(log.filter(line => /ERR_|complete/.test(line))).toEqual([]);
    subscription.unsubscribe();
    expect(scheduler.timers).toBe(0);
  });

  it('lets the link go on only when the last of several slow consumers does, early messages among them', async () => {
    const { a, b, here, there, links, subscription } = await openPair();
    const link = links[1] as Required<Transport>;
    const stops = spyOn(link, 'pause').and.callThrough();
    const resumes = spyOn(link, 'resume').and.callThrough();
    const calls = (): number[] => [stops.calls.count(), resumes.calls.count()];
    const done = new Subject<void>();
    const heard: number[] = [];
    there.pipe(paced(there, () => (heard.push(heard.length), done), { highWaterMark: 1 })).subscribe();
    // Early messages for a channel that b does not have: more than the mark of 32 KiB.
    const early = a.channel({ protocol: 'early', messages: { say: text } });
    early.subscribe({ error: () => undefined });
    early.next({ type: 'say', value: 'x'.repeat(40_000) });
    here.sendBatch([1, 2].map(n => extension({ name: 'n', payload: fill(n, n) })));
    await until(() => heard.length === 1);
    await turns(5);
    const own = b.pause();
    expect(calls()).toEqual([1, 0]);
    b.channel({ protocol: 'early', messages: { say: text } }).subscribe();
    await turns(5);
    expect(calls()).toEqual([1, 0]);
    own.unsubscribe();
    expect(calls()).toEqual([1, 0]);
    done.complete();
    expect(calls()).toEqual([1, 1]);
    expect(heard.length).toBe(2);
    subscription.unsubscribe();
  });

  it('holds two channels of one link, since they share it', async () => {
    const { a, b, here, there, subscription } = await openPair();
    const otherKey = fill(32, 4);
    const [other, otherThere] = [a.open(otherKey), b.open(otherKey)];
    await until(() => other.isOpen && otherThere.isOpen);
    const heard: string[] = [];
    otherThere.subscribe(message => heard.push(message.type));
    const hold = there.pause();
    other.next(extension({ name: 'x', payload: fill(1, 1) }));
    here.next(extension({ name: 'x', payload: fill(1, 1) }));
    await turns(10);
    expect(heard).toEqual([]);
    hold.unsubscribe();
    await until(() => heard.length === 1);
    subscription.unsubscribe();
  });

  it('tells every sender whether the link takes more, as `drained` does', async () => {
    const { here, subscription } = await openPair();
    const told: boolean[] = [];
    const drained: boolean[] = [];
    here.drained.subscribe(value => drained.push(value));
    expect(await firstValueFrom(here.drained)).toBeTrue();
    const payload = new Uint8Array(40_000);
    for (let i = 0; i < 4; i++) told.push(here.send(extension({ name: 'big', payload })));
    expect(told).toEqual([true, true, false, false]);
    expect(drained).toEqual([true, false]);
    await until(() => drained.length === 3);
    expect(here.send(extension({ name: 'big', payload }))).toBeTrue();
    subscription.unsubscribe();
  });

  it('waits for a channel that opens late, and loses nothing', async () => {
    const pair = protocolPair(plain);
    const received: number[] = [];
    const here = pair.a.open(key);
    const numbers = Array.from({ length: 5000 }, (_, n) =>
      extension({ name: 'n', payload: fill(1, n % 256) }),
    );
    let sent = false;
    sendTo(here)(numbers).subscribe({ complete: () => (sent = true) });
    await turns(5);
    expect(sent).toBeFalse();
    const there: Channel = pair.b.open(key);
    (there as Observable<unknown>).subscribe(message =>
      received.push((message as { payload: Uint8Array }).payload[0]),
    );
    await until(() => received.length === 5000);
    expect(received).toEqual(numbers.map(message => message.payload[0]));
    expect(sent).toBeTrue();
    pair.subscription.unsubscribe();
  });

  it('carries messages of any other protocol as well, and pulls them', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const definition = { protocol: 'lines', messages: { line: text } };
    const [here, there] = [a.channel(definition), b.channel(definition)];
    const reading = (async () => {
      const lines: string[] = [];
      for await (const { value } of pullFrom(there, { highWaterMark: 2 })) lines.push(value);
      return lines;
    })();
    const lines = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
    sendTo(here)(lines.map(value => ({ type: 'line' as const, value }))).subscribe({
      complete: () => here.complete(),
    });
    expect(await reading).toEqual(lines);
    subscription.unsubscribe();
  });

  it('lets go of everything when the connection is cut amid it', async () => {
    const { here, there, subscription } = await openPair();
    const { source } = blocks();
    const ends: string[] = [];
    let released = false;
    const watched = (function* () {
      try {
        yield* source();
      } finally {
        released = true;
      }
    })();
    sendTo(here)(watched).subscribe({ error: (error: { code: string }) => ends.push(error.code) });
    const reader = pullFrom(there, { highWaterMark: 2 })[Symbol.asyncIterator]();
    await reader.next();
    subscription.unsubscribe();
    expect(ends).toEqual(['ERR_CHANNEL_CLOSED']);
    expect(released).toBeTrue();
    let left = 0;
    while ((await reader.next()).done !== true) left++;
    expect(left).toBeGreaterThan(0);
    expect(here.observed).toBeFalse();
    expect(there.observed).toBeFalse();
  });
});

describe('Protocol.pause', () => {
  it('does nothing any more when the connection is over', async () => {
    const { a, subscription, links } = await openPair();
    const hold = a.pause();
    subscription.unsubscribe();
    let calls = 0;
    links[0].resume = links[0].pause = () => void calls++;
    hold.unsubscribe();
    a.pause().unsubscribe();
    expect(calls).toBe(0);
  });
});
