import { concatWith, EMPTY, NEVER, of, Subject, take } from 'rxjs';
import { encode } from '../../lib/encoding/encode.js';
import { OutOfBoundsError } from '../../lib/errors.js';
import { data } from '../../lib/messages/data.js';
import { decodeMessages } from '../../lib/messages/decodeMessages.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message } from '../../lib/messages/Message.js';
import { range } from '../../lib/messages/range.js';
import { want } from '../../lib/messages/want.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { ascii, fill, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';

const packet = (message: Message, channel = 1): Packet => {
  const messageType = wireTypeOf(message.type);
  return { type: 'message', channel, messageType, body: encode(messageCodecs[messageType], message) };
};
const raw = (messageType: number, body: string, channel = 1): Packet => ({
  type: 'message',
  channel,
  messageType,
  body: unhex(body),
});
const chat = (name: string): Message => extension({ name, payload: ascii('hi') });

const messages: Record<string, Message> = {
  W: want({ start: 0, length: 1 }),
  D: data({ request: 1, block: { index: 0, value: ascii('hello'), nodes: [] } }),
  R: range({ start: 3, length: 2 }),
  E: chat('chat'),
};
const packets: Record<string, Packet> = {
  w: packet(messages['W']),
  d: packet(messages['D']),
  r: packet(messages['R']),
  e: packet(messages['E']),
  f: packet(chat('')), // the same name again
  2: packet(messages['D'], 2),
  o: { type: 'open', channel: 1, protocol: 'hypercore/alpha', id: fill(32, 1), handshake: fill(33, 1) },
  j: { type: 'reject', channel: 1 },
  c: { type: 'close', channel: 1 },
  k: { type: 'close', channel: 2 },
  u: raw(10, 'ff'),
  x: raw(2, ''),
};

describe('decodeMessages', () => {
  it('reads the messages of its channel and skips the rest', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-o-w-2-d-u-k-j-r-|', packets);
      expectObservable(source.pipe(decodeMessages())).toBe('---W---D-------R-|', messages);
      expectSubscriptions(source.subscriptions).toBe('^----------------!');
    });
  });

  it('reads another channel when told', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-w-2-c-2-k-2-', packets);
      expectObservable(source.pipe(decodeMessages({ channel: 2 }))).toBe('---D---D-|', messages);
    });
  });

  it('completes when the remote closes the channel, and leaves the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-w-c-w-', packets);
      expectObservable(source.pipe(decodeMessages())).toBe('-W-|', messages);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('writes out shortened names', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-e-f-2-f-|', packets);
      expectObservable(source.pipe(decodeMessages())).toBe('-E-E---E-|', messages);
    });
  });

  it('remembers names for one subscription only', () => {
    marbles(({ cold, expectObservable }) => {
      const decoded = cold('e|', packets).pipe(
        decodeMessages(),
        concatWith(cold('f|', packets).pipe(decodeMessages())),
      );
      expectObservable(decoded).toBe('EN|', { ...messages, N: chat('') });
      const shared = decodeMessages();
      expectObservable(cold('e-|', packets).pipe(shared)).toBe('E-|', messages);
      expectObservable(cold('-f|', packets).pipe(shared)).toBe('-N|', { N: chat('') });
    });
  });

  it('fails with the typed error of a message that is cut, and leaves the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-w-x-w-', packets);
      expectObservable(source.pipe(decodeMessages())).toBe('-W-#', messages, new OutOfBoundsError('uint', 0));
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('never, empty, an error of the source, an early leave', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(NEVER.pipe(decodeMessages())).toBe('-');
      expectObservable(EMPTY.pipe(decodeMessages())).toBe('|');
      expectObservable(cold('-w-#', packets).pipe(decodeMessages())).toBe('-W-#', messages);
      const source = hot('-w-w-w-', packets);
      expectObservable(source.pipe(decodeMessages()), '^---!').toBe('-W-W-', messages);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('lets a synchronous source stop', () => {
    let read = 0;
    const counted: Packet = {
      type: 'message',
      channel: 1,
      messageType: 2,
      get body() {
        read++;
        return unhex('01');
      },
    };
    of(counted, counted, counted).pipe(decodeMessages(), take(1)).subscribe();
    expect(read).toBe(1);
  });

  it('keeps the order when handling a message makes the source go on', () => {
    const source = new Subject<Packet>();
    const names: string[] = [];
    source.pipe(decodeMessages()).subscribe(message => {
      names.push(message.type === 'extension' ? message.name : message.type);
      if (names.length === 1) {
        source.next(packets['f']);
        source.next(packets['w']);
      }
    });
    source.next(packets['e']);
    expect(names).toEqual(['chat', 'chat', 'want']);
  });

  it('hands out views and writes into nothing', () => {
    const body = encode(messageCodecs[3], messages['D']);
    const before = body.slice();
    of<Packet>({ type: 'message', channel: 1, messageType: 3, body })
      .pipe(decodeMessages())
      .subscribe(message => {
        if (message.type === 'data') expect(message.block?.value.buffer).toBe(body.buffer);
      });
    expect(body).toEqual(before);
  });

  it('wants a channel that can exist', () => {
    for (const channel of [0, -1, 1.5, NaN])
      expect(() => decodeMessages({ channel })).toThrowError(RangeError);
  });
});
