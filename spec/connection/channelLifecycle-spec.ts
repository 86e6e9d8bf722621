import type { Observable } from 'rxjs';
import { abortable } from '../../lib/connection/abortable.js';
import type { Channel } from '../../lib/connection/Channel.js';
import { extension } from '../../lib/messages/extension.js';
import { fill } from '../helpers/bytes.js';
import { Clock } from '../secret/ProbeTransport.js';
import { protocolPair, type ProtocolPair, until } from './pair.js';

const key = fill(32, 3);
const note = extension({ name: 'x', payload: fill(1, 1) });
const turns = async (count = 6): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setTimeout(resolve));
};

/** A channel under test, and what each of its subscribers was told as its end. */
interface Bench extends ProtocolPair {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly ends: string[];
  readonly controller: AbortController;
}

function watched(handshake: boolean): Bench {
  const clock = new Clock();
  const pair = protocolPair({ handshake, scheduler: clock });
  const channel = pair.a.open(key);
  const ends: string[] = [];
  const controller = new AbortController();
  const watch = (name: string, source: Observable<unknown>): void => {
    source.subscribe({
      error: (error: { code?: string; message: string }) =>
        ends.push(`${name}: ${error.code ?? error.message}`),
      complete: () => ends.push(`${name}: complete`),
    });
  };
  watch('channel', channel);
  watch('opened', channel.opened);
  watch('extension', channel.extension('x'));
  watch('signals', channel.signals);
  watch('abortable', channel.pipe(abortable(controller.signal)));
  return { ...pair, clock, channel, ends, controller };
}

const theirs = (bench: Bench): Channel => {
  const channel = bench.b.open(key);
  channel.subscribe({ error: () => undefined });
  return channel;
};

/** How to bring a channel into each phase. */
const phases: Record<string, (bench: Bench) => Promise<void> | void> = {
  'before the session': () => undefined,
  opening: async bench => {
    await until(() => bench.log.includes('b discovery-key'));
  },
  open: async bench => {
    theirs(bench);
    await until(() => bench.channel.isOpen);
  },
  // What was sent waits for the remote's open, and the close behind it.
  'closing with pending': async bench => {
    await until(() => bench.log.includes('b discovery-key'));
    bench.channel.next(note);
    bench.channel.complete();
  },
  'open, on a link that is full': async bench => {
    theirs(bench);
    await until(() => bench.channel.isOpen);
    bench.links[1].pause?.();
    bench.channel.next(extension({ name: 'x', payload: new Uint8Array(300_000) }));
    await turns();
  },
};

/** How it ends there, and what its subscribers are told. */
const ways: Record<string, { readonly end: (bench: Bench) => void; readonly told: string }> = {
  complete: { end: ({ channel }) => channel.complete(), told: 'complete' },
  error: { end: ({ channel }) => channel.error(new Error('enough')), told: 'enough' },
  unsubscribe: { end: ({ channel }) => channel.unsubscribe(), told: 'complete' },
  'a close of the remote': {
    end: bench => {
      const remote = theirs(bench);
      remote.opened.subscribe({ next: () => remote.close(), error: () => undefined });
    },
    told: 'complete',
  },
  'a remote that does not have it': {
    end: ({ b, channel }) => b.reject(channel.discoveryKey),
    told: 'rejected',
  },
  'a remote that never answers': { end: ({ clock }) => clock.advance(30_000), told: 'ERR_TIMEOUT' },
  'the end of the connection': { end: ({ a }) => a.destroy(), told: 'complete' },
  'a failure of the connection': { end: ({ a }) => a.destroy(new Error('cut')), told: 'ERR_CHANNEL_CLOSED' },
};

const isOpen = (phase: string): boolean => phase.startsWith('open,') || phase === 'open';

/** What the way comes to in that phase; null if the channel goes on, because nobody asked it for an answer. */
function expectedEnd(phase: string, way: string, told: string): string | null {
  if (phase === 'closing with pending') return 'complete';
  if (way === 'a remote that does not have it') return phase === 'opening' ? 'ERR_CHANNEL_REJECTED' : null;
  if (way === 'a remote that never answers') {
    // Before the session it is the handshake that was not answered, and that ends all of it.
    return isOpen(phase) ? null : phase === 'opening' ? told : 'ERR_CHANNEL_CLOSED';
  }
  return told;
}

describe('the life of a channel', () => {
  for (const [phase, reach] of Object.entries(phases)) {
    for (const [way, { end, told }] of Object.entries(ways)) {
      const expected = expectedEnd(phase, way, told);
      it(`in the phase "${phase}", ${way}: ${expected ?? 'goes on'}`, async () => {
        const bench = watched(phase === 'before the session');
        const { channel, a, clock, ends, links } = bench;
        await reach(bench);
        end(bench);
        if (expected !== null) await until(() => ends.length === 5);
        links[1].resume?.();
        await turns();
        if (expected === null) {
          expect(ends.filter(line => !line.startsWith('opened'))).toEqual([]);
          expect(a.channels).toEqual([channel]);
        } else {
          const opened =
            isOpen(phase) || (way === 'a close of the remote' && phase !== 'closing with pending')
              ? 'complete'
              : expected;
          expect(ends.sort()).toEqual([
            `abortable: ${expected}`,
            `channel: ${expected}`,
            `extension: ${expected}`,
            `opened: ${opened}`,
            'signals: complete',
          ]);
          channel.next(note);
          channel.complete();
          channel.error(new Error('late'));
          await turns();
          expect(ends.length).toBe(5);
          expect(channel.observed).toBeFalse();
        }
        bench.subscription.unsubscribe();
        expect(clock.timers).toBe(0);
      });
    }
  }

  for (const [phase, reach] of Object.entries(phases)) {
    it(`in the phase "${phase}", an abort of one subscriber: the channel goes on, and others are told nothing`, async () => {
      const bench = watched(phase === 'before the session');
      await reach(bench);
      bench.controller.abort(new Error('enough'));
      const told = bench.ends.filter(line => line.startsWith('abortable'));
      // A channel that was completed has told everybody before.
      const over = phase === 'closing with pending';
      expect(told).toEqual([over ? 'abortable: complete' : 'abortable: enough']);
      expect(bench.ends.filter(line => line.startsWith('channel')).length).toBe(over ? 1 : 0);
      bench.subscription.unsubscribe();
      expect(bench.clock.timers).toBe(0);
    });
  }

  it('sends what waited, and then the close, when the remote opens it late', async () => {
    const bench = watched(false);
    await phases['closing with pending'](bench);
    const heard: string[] = [];
    bench.b.open(key).subscribe({
      next: message => heard.push(message.type),
      complete: () => heard.push('complete'),
    });
    await until(() => heard.length === 2);
    expect(heard).toEqual(['extension', 'complete']);
    bench.subscription.unsubscribe();
  });

  it('is that of 10,000 on one connection, twice, and uses their ids again', async () => {
    const { a, b, clock, log, subscription } = watched(false);
    const count = 10_000;
    const keys = Array.from({ length: count }, (_, n) => {
      const one = fill(32, 9);
      new DataView(one.buffer).setUint32(0, n);
      return one;
    });
    await until(() => log.includes('b handshake'));
    a.open(key).complete();
    await turns();
    const timers = clock.timers;
    for (const closer of [a, b]) {
      let [open, heard, ended] = [0, 0, 0];
      const channels = [a, b].map(side =>
        keys.map(one => {
          const channel = side.open(one);
          channel.subscribe({ next: () => heard++, complete: () => ended++ });
          channel.opened.subscribe(() => open++);
          return channel;
        }),
      );
      for (const channel of channels[0]) channel.next(note);
      while (heard < count || open < 2 * count) await turns(1);
      expect([a.channels.length, b.channels.length]).toEqual([count, count]);
      for (const channel of channels[closer === a ? 0 : 1]) channel.complete();
      while (ended < 2 * count) await turns(1);
      expect([a.channels.length, b.channels.length]).toEqual([0, 0]);
      expect(clock.timers).toBe(timers);
    }
    subscription.unsubscribe();
    expect(clock.timers).toBe(0);
  });
});
