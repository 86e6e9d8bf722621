import { of, Subscription } from 'rxjs';
import { Channel } from '../../lib/connection/Channel.js';
import type { LocalSignal } from '../../lib/connection/LocalSignal.js';
import { jsonCodec } from '../../lib/encoding/jsonCodec.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message } from '../../lib/messages/Message.js';
import { ofType } from '../../lib/messages/ofType.js';
import { range } from '../../lib/messages/range.js';
import { want } from '../../lib/messages/want.js';
import { ascii } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

function setUp(maxPendingMessages = 8) {
  const log: unknown[] = [];
  const signals: LocalSignal[] = [];
  const key = new Uint8Array(32).fill(1);
  const discoveryKey = new Uint8Array(32).fill(2);
  const channel = new Channel(key, discoveryKey, {
    drained: of(true),
    maxPendingMessages,
    pause: () => {
      log.push('pause');
      return new Subscription(() => log.push('resume'));
    },
    channelSignal: (_channel, signal) => signals.push(signal),
    channelEnded: () => log.push('ended'),
  });
  channel.attach({
    send: (type, message) => {
      log.push([type, comparable(message)]);
      return log.length % 2 === 0;
    },
    close: () => log.push('close sent'),
  });
  const received: string[] = [];
  channel.subscribe({
    next: message => received.push(message.type),
    error: (error: { code?: string; message: string }) => received.push(error.code ?? error.message),
    complete: () => received.push('complete'),
  });
  return { channel, log, received, signals };
}

const sent = (start: number) => [5, comparable(want({ start, length: 1 }))];

describe('Channel', () => {
  it('holds what is sent until the remote opened it, then sends in order', () => {
    const { channel, log } = setUp();
    channel.next(want({ start: 0, length: 1 }));
    channel.sendBatch([want({ start: 1, length: 1 }), want({ start: 2, length: 1 })]);
    expect(log).toEqual([]);
    expect(channel.isOpen).toBeFalse();
    channel.remoteOpened();
    channel.next(want({ start: 3, length: 1 }));
    expect(log).toEqual([sent(0), sent(1), sent(2), sent(3)]);
    expect(channel.isOpen).toBeTrue();
  });

  it('tells whether the remote answers seeks, once it said so', () => {
    const { channel } = setUp();
    expect(channel.remoteSeeks).toBeTrue();
    channel.remoteOpened(false);
    expect(channel.remoteSeeks).toBeFalse();
  });

  it('holds at most maxPendingMessages', () => {
    const { channel, log, received } = setUp(2);
    channel.next(want({ start: 0, length: 1 }));
    channel.next(want({ start: 1, length: 1 }));
    expect(received).toEqual([]);
    channel.next(want({ start: 2, length: 1 }));
    expect(received).toEqual(['ERR_LIMIT_EXCEEDED']);
    expect(log).toEqual(['close sent', 'ended']);
    channel.remoteOpened();
    expect(log.length).toBe(2);
  });

  it('sends what waits before a close that was asked for early', () => {
    const { channel, log, received } = setUp();
    of(want({ start: 0, length: 1 })).subscribe(channel);
    expect(received).toEqual(['complete']);
    expect(log).toEqual([]);
    channel.remoteOpened();
    expect(log).toEqual([sent(0), 'close sent', 'ended']);
  });

  it('closes at once when nothing waits, and only once', () => {
    const { channel, log, received } = setUp();
    channel.complete();
    channel.complete();
    channel.error(new Error('late'));
    channel.next(want({ start: 0, length: 1 }));
    expect(log).toEqual(['close sent', 'ended']);
    expect(received).toEqual(['complete']);
  });

  it('completes when the remote closed, and sends nothing back', () => {
    const { channel, log, received } = setUp();
    channel.remoteOpened();
    channel.receive(want({ start: 0, length: 1 }));
    channel.end();
    channel.end();
    channel.receive(want({ start: 1, length: 1 }));
    expect(received).toEqual(['want', 'complete']);
    expect(log).toEqual(['ended']);
  });

  it('fails its subscribers once, whether from here or from there', () => {
    const here = setUp();
    here.channel.error(new Error('mine'));
    expect(here.received).toEqual(['mine']);
    expect(here.log).toEqual(['close sent', 'ended']);
    const there = setUp();
    there.channel.end(new Error('theirs'));
    expect(there.received).toEqual(['theirs']);
    expect(there.log).toEqual(['ended']);
  });

  it('emits nothing before the remote proved the key', () => {
    const { channel, received } = setUp();
    channel.receive(want({ start: 0, length: 1 }));
    expect(received).toEqual([]);
  });

  it('fails alone when a message that waited cannot be encoded', () => {
    const { channel, received } = setUp();
    channel.attach({
      send: () => {
        throw new RangeError('negative');
      },
      close: () => undefined,
    });
    channel.next(want({ start: -1, length: 1 }));
    channel.remoteOpened();
    expect(received).toEqual(['negative']);
    const open = setUp().channel;
    open.attach({
      send: () => {
        throw new RangeError('negative');
      },
      close: () => undefined,
    });
    open.remoteOpened();
    expect(() => open.next(want({ start: -1, length: 1 }))).toThrowError(RangeError);
  });

  it('tells when it is open, early and late subscribers alike', () => {
    const { channel } = setUp();
    const log: string[] = [];
    const watch = (name: string, of = channel): void => {
      of.opened.subscribe({
        next: opened => log.push(`${name} ${opened === of}`),
        error: () => log.push(`${name} error`),
        complete: () => log.push(`${name} complete`),
      });
    };
    watch('early');
    expect(log).toEqual([]);
    channel.remoteOpened();
    watch('late');
    expect(log).toEqual(['early true', 'early complete', 'late true', 'late complete']);
    log.length = 0;
    const failed = setUp().channel;
    watch('before', failed);
    failed.end(new Error('rejected'));
    watch('after', failed);
    expect(log).toEqual(['before error', 'after error']);
    log.length = 0;
    const closed = setUp().channel;
    closed.complete();
    watch('closed', closed);
    expect(log).toEqual(['closed complete']);
  });

  it('tells with each message whether the link takes more', () => {
    const { channel, log } = setUp();
    expect(channel.send(want({ start: 0, length: 1 }))).toBeFalse();
    channel.remoteOpened();
    expect(log).toEqual([sent(0)]);
    expect(channel.send(want({ start: 1, length: 1 }))).toBeTrue();
    expect(channel.sendBatch([want({ start: 2, length: 1 }), want({ start: 3, length: 1 })])).toBeTrue();
    expect(channel.sendBatch([])).toBeFalse();
    channel.complete();
    expect(channel.send(want({ start: 4, length: 1 }))).toBeFalse();
  });

  it('asks its connection to stop reading, until the result is unsubscribed', () => {
    const { channel, log } = setUp();
    const pause = channel.pause();
    pause.unsubscribe();
    pause.unsubscribe();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('narrows by type', () => {
    const { channel } = setUp();
    const starts: number[] = [];
    channel.pipe(ofType('range')).subscribe(message => starts.push(message.start));
    channel.remoteOpened();
    channel.receive(want({ start: 1, length: 1 }));
    channel.receive(range({ start: 2, length: 1 }));
    expect(starts).toEqual([2]);
  });

  it('passes signals both ways between itself and its protocol', () => {
    const { channel, signals } = setUp();
    const heard: LocalSignal[] = [];
    channel.signals.subscribe(signal => heard.push(signal));
    channel.signal('hello', 1);
    channel.receiveSignal({ name: 'world', data: 2 });
    channel.complete();
    channel.signal('too late');
    expect(signals).toEqual([{ name: 'hello', data: 1 }]);
    expect(heard).toEqual([{ name: 'world', data: 2 }]);
  });

  it('goes on without subscribers', () => {
    const { channel, log } = setUp();
    channel.remoteOpened();
    channel.subscribe().unsubscribe();
    channel.next(want({ start: 0, length: 1 }));
    expect(log).toEqual([sent(0)]);
  });
});

describe('Channel.extension', () => {
  interface Chat {
    text: string;
  }

  it('is one Subject per name, in both directions, with names sent once', () => {
    const { channel, log, received } = setUp();
    const chat = channel.extension('chat', jsonCodec<Chat>());
    expect(channel.extension('chat', jsonCodec<Chat>())).toBe(chat);
    const heard: Chat[] = [];
    chat.subscribe(message => heard.push(message));
    chat.next({ text: 'a' });
    channel.remoteOpened();
    chat.next({ text: 'b' });
    const names = (log as [number, Message & { name: string }][]).map(([type, message]) => [
      type,
      message.name,
    ]);
    expect(names).toEqual([
      [9, 'chat'],
      [9, ''],
    ]);
    channel.receive(extension({ name: 'chat', payload: ascii('{"text":"c"}') }));
    channel.receive(extension({ name: '', payload: ascii('{"text":"d"}') }));
    channel.receive(extension({ name: 'other', payload: ascii('x') }));
    channel.receive(extension({ name: '', payload: ascii('y') }));
    expect(heard).toEqual([{ text: 'c' }, { text: 'd' }]);
    expect(received).toEqual(['extension', 'extension', 'extension', 'extension']);
  });

  it('gives the channel the full name of a shortened one', () => {
    const { channel } = setUp();
    const names: string[] = [];
    channel.pipe(ofType('extension')).subscribe(message => names.push(message.name));
    channel.remoteOpened();
    channel.receive(extension({ name: 'chat', payload: ascii('1') }));
    channel.receive(extension({ name: '', payload: ascii('2') }));
    expect(names).toEqual(['chat', 'chat']);
  });

  it('carries plain bytes without a codec, the empty ones too', () => {
    const { channel, log } = setUp();
    const raw = channel.extension('raw');
    const heard: unknown[] = [];
    raw.subscribe(bytes => heard.push(comparable(bytes)));
    channel.remoteOpened();
    raw.next(ascii('x'));
    channel.receive(extension({ name: 'raw', payload: new Uint8Array(0) }));
    expect(log).toEqual([[9, comparable(extension({ name: 'raw', payload: ascii('x') }))]]);
    expect(heard).toEqual(['bytes:']);
  });

  it('fails alone when the remote sends what its codec refuses', () => {
    const { channel, received } = setUp();
    const errors: string[] = [];
    channel
      .extension('chat', jsonCodec<Chat>())
      .subscribe({ error: (error: { code: string }) => errors.push(error.code) });
    channel.remoteOpened();
    channel.receive(extension({ name: 'chat', payload: ascii('{') }));
    channel.receive(extension({ name: 'chat', payload: ascii('{}') }));
    expect(errors).toEqual(['ERR_BAD_VALUE']);
    expect(received).toEqual(['extension', 'extension']);
    expect(channel.isOpen).toBeTrue();
  });

  it('ends as its channel ends', () => {
    for (const end of ['complete', 'error'] as const) {
      const { channel } = setUp();
      const ends: string[] = [];
      const watch = { complete: () => ends.push('complete'), error: () => ends.push('error') };
      channel.extension('a').subscribe(watch);
      if (end === 'complete') channel.end();
      else channel.end(new Error('over'));
      channel.extension('b').subscribe(watch);
      expect(ends).toEqual([end, end]);
    }
  });

  it('may be completed and made anew, which sends nothing', () => {
    const { channel, log } = setUp();
    channel.remoteOpened();
    const first = channel.extension('a');
    first.complete();
    first.next(ascii('x'));
    expect(channel.extension('a')).not.toBe(first);
    expect(log).toEqual([]);
  });

  it('refuses a name that cannot be sent', () => {
    const { channel } = setUp();
    expect(() => channel.extension('')).toThrowError(RangeError);
    expect(() => channel.extension('x'.repeat(1025))).toThrowError(RangeError);
    expect(() => channel.extension('x'.repeat(1024))).not.toThrow();
  });
});
