import { concatWith, EMPTY, NEVER, of, Subject, take } from 'rxjs';
import { cancel } from '../../lib/messages/cancel.js';
import { decodeMessages } from '../../lib/messages/decodeMessages.js';
import { encodeMessages } from '../../lib/messages/encodeMessages.js';
import { extension } from '../../lib/messages/extension.js';
import type { Message } from '../../lib/messages/Message.js';
import { want } from '../../lib/messages/want.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { ascii, hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { Random } from '../helpers/random.js';
import { draws } from './drawMessage.js';

const packet = (messageType: number, body: string, channel = 1): Packet => ({
  type: 'message',
  channel,
  messageType,
  body: unhex(body),
});
const messages: Record<string, Message> = {
  W: want({ start: 0, length: 1 }),
  C: cancel({ request: 300 }),
  E: extension({ name: 'ab', payload: ascii('x') }),
  F: extension({ name: 'c', payload: ascii('y') }),
  B: cancel({ request: -1 }),
  U: { type: 'unknown' } as unknown as Message,
  N: extension({ name: '', payload: ascii('x') }),
};
const packets: Record<string, Packet> = {
  w: packet(5, '0001'),
  c: packet(2, 'fd2c01'),
  e: packet(9, '02616278'),
  g: packet(9, '0078'), // the name left out
  f: packet(9, '016379'),
};

describe('encodeMessages', () => {
  it('writes each message as a packet of its channel', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-W-C-|', messages);
      expectObservable(source.pipe(encodeMessages())).toBe('-w-c-|', packets);
      expectSubscriptions(source.subscriptions).toBe('^----!');
      const other = { w: packet(5, '0001', 7) };
      expectObservable(hot('-W-|', messages).pipe(encodeMessages({ channel: 7 }))).toBe('-w-|', other);
    });
  });

  it('leaves out a name like the one before', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-E-E-W-E-F-E-|', messages);
      expectObservable(source.pipe(encodeMessages())).toBe('-e-g-w-g-f-e-|', packets);
    });
  });

  it('remembers names for one subscription only', () => {
    marbles(({ cold, expectObservable }) => {
      const encoded = cold('E|', messages).pipe(encodeMessages());
      expectObservable(encoded.pipe(concatWith(encoded))).toBe('ee|', packets);
    });
  });

  it('fails with the mistake of the caller, and leaves the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-W-B-W-', messages);
      const mistake = new RangeError('a uint must be an integer from 0 to 2^53 - 1, not -1');
      expectObservable(source.pipe(encodeMessages())).toBe('-w-#', packets, mistake);
      expectSubscriptions(source.subscriptions).toBe('^--!');
      const unknown = new TypeError('no message has the type unknown');
      expectObservable(hot('-U-', messages).pipe(encodeMessages())).toBe('-#', packets, unknown);
      const nameless = new RangeError('the name of an extension must not be empty');
      expectObservable(hot('-N-', messages).pipe(encodeMessages())).toBe('-#', packets, nameless);
    });
  });

  it('never, empty, an error of the source, an early leave', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      expectObservable(NEVER.pipe(encodeMessages())).toBe('-');
      expectObservable(EMPTY.pipe(encodeMessages())).toBe('|');
      expectObservable(cold('-W-#', messages).pipe(encodeMessages())).toBe('-w-#', packets);
      const source = hot('-W-W-W-', messages);
      expectObservable(source.pipe(encodeMessages()), '^---!').toBe('-w-w-', packets);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('lets a synchronous source stop', () => {
    const seen: Packet[] = [];
    of(messages['W'], messages['B'])
      .pipe(encodeMessages(), take(1))
      .subscribe(value => seen.push(value));
    expect(seen).toEqual([packets['w']]);
  });

  it('keeps the order when a packet makes the source go on', () => {
    const source = new Subject<Message>();
    const bodies: string[] = [];
    source.pipe(encodeMessages()).subscribe(value => {
      if (value.type === 'message') bodies.push(hex(value.body));
      if (bodies.length === 1) source.next(messages['E']);
    });
    source.next(messages['E']);
    source.next(messages['E']);
    expect(bodies).toEqual(['02616278', '0078', '0078']);
  });

  it('is undone by decodeMessages', () => {
    const random = new Random('there and back');
    const sent: Message[] = [];
    for (let i = 0; i < 500; i++) {
      const message = random.pick(Object.values(draws))(random);
      if (message.type !== 'extension' || message.name !== '') sent.push(message);
    }
    const received: Message[] = [];
    of(...sent)
      .pipe(encodeMessages({ channel: 3 }), decodeMessages({ channel: 3 }))
      .subscribe(message => received.push(message));
    expect(received).toEqual(sent);
  });

  it('wants a channel that can exist', () => {
    for (const channel of [0, -1, 1.5, NaN])
      expect(() => encodeMessages({ channel })).toThrowError(RangeError);
  });
});
