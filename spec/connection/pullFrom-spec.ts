import { filter, of, Subject } from 'rxjs';
import type { Pausable } from '../../lib/connection/Pausable.js';
import { pullFrom, readableFrom } from '../../lib/connection/pullFrom.js';
import { notingLink } from './notingLink.js';

/** A channel of numbers over a link that notes. */
function channelOf(onResume?: () => void) {
  const link = notingLink(onResume);
  const messages = new Subject<number>();
  const channel = Object.assign(messages, { pause: () => link.pause() }) as Subject<number> & Pausable;
  return { channel, link };
}

const iterator = <T>(iterable: AsyncIterable<T>) =>
  iterable[Symbol.asyncIterator]() as Required<AsyncIterator<T, undefined>>;
const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1));

describe('pullFrom', () => {
  it('gives each message to whoever asks, early or late, in order', async () => {
    const { channel } = channelOf();
    const numbers = iterator(pullFrom(channel));
    const early = [numbers.next(), numbers.next()];
    for (const n of [1, 2, 3, 4]) channel.next(n);
    expect((await Promise.all(early)).map(step => step.value)).toEqual([1, 2]);
    expect(await numbers.next()).toEqual({ done: false, value: 3 });
    expect(await numbers.next()).toEqual({ done: false, value: 4 });
  });

  it('stops the link at the high-water mark and lets it go on at the low one', async () => {
    const { channel, link } = channelOf();
    const numbers = iterator(pullFrom(channel, { highWaterMark: 3, lowWaterMark: 1 }));
    channel.next(1);
    channel.next(2);
    expect(link.log).toEqual([]);
    channel.next(3);
    channel.next(4); // of the payload that was being read
    expect(link.log).toEqual(['stop']);
    await numbers.next();
    await numbers.next();
    expect(link.log).toEqual(['stop']);
    await numbers.next();
    expect(link.log).toEqual(['stop', 'go on']);
    expect((await numbers.next()).value).toBe(4);
  });

  it('reads in for await, through a filter, and stops listening after a break', async () => {
    const { channel, link } = channelOf();
    const even = channel.pipe(filter(n => n % 2 === 0));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of pullFrom(channel, { of: even, highWaterMark: 1 })) {
        seen.push(n);
        if (seen.length === 2) break;
      }
    })();
    for (const n of [1, 2, 3, 4, 5, 6]) channel.next(n);
    await reading;
    expect(seen).toEqual([2, 4]);
    expect(channel.observed).toBeFalse();
    expect(link.held).toBe(0);
  });

  it('gives what waits before the end, and lets the link go on meanwhile', async () => {
    const { channel, link } = channelOf();
    const numbers = iterator(pullFrom(channel, { highWaterMark: 2 }));
    for (const n of [1, 2]) channel.next(n);
    channel.complete();
    expect(link.held).toBe(0);
    expect([await numbers.next(), await numbers.next(), await numbers.next(), await numbers.next()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  it('throws the error of its channel once, after what waits', async () => {
    const { channel, link } = channelOf();
    const numbers = iterator(pullFrom(channel, { highWaterMark: 1 }));
    channel.next(1);
    channel.error(new Error('reset'));
    expect(link.held).toBe(0);
    expect((await numbers.next()).value).toBe(1);
    await expectAsync(numbers.next()).toBeRejectedWithError('reset');
    expect(await numbers.next()).toEqual({ done: true, value: undefined });

    const asking = channelOf();
    const steps = iterator(pullFrom(asking.channel));
    const [first, second] = [steps.next(), steps.next()];
    asking.channel.error(new Error('reset'));
    await expectAsync(first).toBeRejectedWithError('reset');
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('answers whoever asks when it is returned, and gives nothing any more', async () => {
    const { channel, link } = channelOf();
    const numbers = iterator(pullFrom(channel, { highWaterMark: 1 }));
    const asked = numbers.next();
    await numbers.return();
    expect(await asked).toEqual({ done: true, value: undefined });
    expect(channel.observed).toBeFalse();
    channel.next(1);
    expect(await numbers.next()).toEqual({ done: true, value: undefined });

    const held = iterator(pullFrom(channel, { highWaterMark: 1 }));
    channel.next(1);
    expect(link.held).toBe(1);
    await held.return();
    expect(link.held).toBe(0);
    expect(await held.next()).toEqual({ done: true, value: undefined });
  });

  it('listens from the loop on, each loop by itself', async () => {
    const { channel } = channelOf();
    const iterable = pullFrom(channel);
    expect(channel.observed).toBeFalse();
    const [a, b] = [iterator(iterable), iterator(iterable)];
    channel.next(1);
    expect((await a.next()).value).toBe(1);
    expect((await b.next()).value).toBe(1);
    await a.return();
    channel.next(2);
    expect((await b.next()).value).toBe(2);
    await b.return();
    expect(channel.observed).toBeFalse();
  });

  it('keeps the order of what a resumed link delivers at once', async () => {
    const more = [4, 5, 6];
    const { channel, link } = channelOf(() => {
      while (link.held === 0 && more.length > 0) channel.next(more.shift()!);
    });
    const numbers = iterator(pullFrom(channel, { highWaterMark: 2, lowWaterMark: 1 }));
    for (const n of [1, 2, 3]) channel.next(n);
    const seen: unknown[] = [];
    for (let i = 0; i < 6; i++) seen.push((await numbers.next()).value);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads a source that is over at once', async () => {
    const seen: number[] = [];
    for await (const n of pullFrom(notingLink(), { of: of(1, 2, 3) })) seen.push(n);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('refuses marks that make no sense, at once', () => {
    const { channel } = channelOf();
    expect(() => pullFrom(channel, { highWaterMark: 0 })).toThrowError(RangeError);
    expect(() => readableFrom(channel, { lowWaterMark: 64 })).toThrowError(RangeError);
  });
});

describe('readableFrom', () => {
  it('gives what its reader asks for, stops the link in between, and closes with the channel', async () => {
    const { channel, link } = channelOf();
    const reader = readableFrom(channel, { highWaterMark: 2, lowWaterMark: 0 }).getReader();
    for (const n of [1, 2, 3]) channel.next(n);
    expect(link.held).toBe(1);
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    expect(await reader.read()).toEqual({ done: false, value: 2 });
    expect(await reader.read()).toEqual({ done: false, value: 3 });
    expect(link.held).toBe(0);
    channel.complete();
    expect((await reader.read()).done).toBeTrue();
  });

  it('fails with the channel, after what waits', async () => {
    const { channel } = channelOf();
    const reader = readableFrom(channel).getReader();
    channel.next(1);
    channel.error(new Error('reset'));
    expect((await reader.read()).value).toBe(1);
    await expectAsync(reader.read()).toBeRejectedWithError('reset');
  });

  it('stops listening when it is cancelled, whether asked for more or not', async () => {
    for (const asking of [false, true]) {
      const { channel, link } = channelOf();
      const reader = readableFrom(channel, { highWaterMark: 1 }).getReader();
      const asked = asking ? reader.read() : undefined;
      if (!asking) channel.next(1);
      await reader.cancel();
      await asked;
      await soon();
      expect(channel.observed).toBeFalse();
      expect(link.held).toBe(0);
    }
  });
});
