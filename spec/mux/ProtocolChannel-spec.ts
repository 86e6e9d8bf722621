import { of } from 'rxjs';
import { fixed32 } from '../../lib/encoding/fixed.js';
import { text } from '../../lib/encoding/text.js';
import { uint } from '../../lib/encoding/uint.js';
import { ChannelClosedError, LimitExceededError } from '../../lib/errors.js';
import type { Limits } from '../../lib/limits.js';
import { MuxState } from '../../lib/mux/MuxState.js';
import { ProtocolChannel } from '../../lib/mux/ProtocolChannel.js';
import { comparable } from '../helpers/marbles.js';
import { fill, hex, unhex } from '../helpers/bytes.js';

const messages = { say: text, skipped: null, count: uint };
const definition = { protocol: 'p', messages };

function bench(limits: Partial<Limits> = {}) {
  const sent: string[] = [];
  const mux = new MuxState({
    output: { payload: (buffer, start, end) => sent.push(hex(buffer.subarray(start, end))) },
    limits,
  });
  const channel = new ProtocolChannel(mux, definition, of(true));
  const heard: unknown[] = [];
  channel.subscribe({
    next: message => heard.push(message),
    error: error => heard.push(error),
    complete: () => heard.push('complete'),
  });
  return { sent, mux, channel, heard };
}

const OPEN = '000101017000';

describe('ProtocolChannel', () => {
  it('sends what was sent before it was opened, once it is', () => {
    const { sent, channel, mux } = bench();
    channel.next({ type: 'say', value: 'x' });
    channel.sendBatch([
      { type: 'count', value: 1 },
      { type: 'count', value: 2 },
    ]);
    expect([sent, mux.size]).toEqual([[], 0]);
    channel.open();
    channel.open();
    expect(sent).toEqual([OPEN, '0000' + '01' + '03000178' + '020201' + '020202']);
    channel.next({ type: 'say', value: 'y' });
    expect(sent.at(-1)).toBe('01000179');
  });

  it('keeps as many messages as maxPendingMessages before it is opened, and not one more', () => {
    const { sent, channel, heard } = bench({ maxPendingMessages: 2 });
    for (let n = 0; n < 2; n++) channel.next({ type: 'count', value: n });
    expect(heard).toEqual([]);
    channel.next({ type: 'count', value: 2 });
    expect(comparable(heard)).toEqual(
      comparable([new LimitExceededError('maxPendingMessages', 2, 3, 'channel')]),
    );
    channel.open();
    expect(sent).toEqual([]);
  });

  it('sends what waits and closes, if it is completed before it is opened', () => {
    const { sent, channel, heard } = bench();
    channel.next({ type: 'say', value: 'x' });
    channel.complete();
    channel.complete();
    channel.next({ type: 'say', value: 'too late' });
    expect(heard).toEqual(['complete']);
    channel.open();
    expect(sent).toEqual([OPEN, '01000178', '000301']);
    expect(heard).toEqual(['complete']);
  });

  it('never opens, if it is completed before with nothing to say', () => {
    const { sent, channel, heard } = bench();
    channel.complete();
    channel.open();
    expect([sent, heard]).toEqual([[], ['complete']]);
  });

  it('throws for what cannot be sent, and goes on', () => {
    const { sent, channel } = bench();
    channel.open();
    expect(() => channel.next({ type: 'nothing' } as never)).toThrowError(TypeError);
    expect(() => channel.next({ type: 'count', value: -1 })).toThrowError(RangeError);
    expect(() =>
      channel.sendBatch([
        { type: 'count', value: 1 },
        { type: 'count', value: -1 },
      ]),
    ).toThrowError(RangeError);
    channel.next({ type: 'count', value: 3 });
    expect(sent).toEqual([OPEN, '010201', '010203']);
  });

  it('ends with the error if what waited cannot be sent', () => {
    const { channel, heard } = bench();
    channel.next({ type: 'count', value: -1 });
    channel.open();
    expect(heard.length).toBe(1);
    expect(heard[0]).toBeInstanceOf(RangeError);
  });

  it('does nothing after the end', () => {
    const { sent, channel, mux } = bench();
    channel.open();
    channel.complete();
    channel.complete();
    channel.error('x');
    channel.next({ type: 'count', value: 1 });
    channel.sendBatch([{ type: 'count', value: 1 }]);
    expect(sent).toEqual([OPEN, '000301']);
    expect(mux.size).toBe(0);
  });

  it('closes and tells its subscribers why, on error()', () => {
    const { sent, channel, heard } = bench();
    const opened: unknown[] = [];
    channel.opened.subscribe({ error: error => opened.push(error) });
    channel.open();
    channel.error('why');
    expect([sent, heard, opened]).toEqual([[OPEN, '000301'], ['why'], ['why']]);
  });

  it('completes when the multiplexer closes it, and fails when that is destroyed', () => {
    const first = bench();
    first.channel.open();
    first.mux.closeAll();
    expect(first.heard).toEqual(['complete']);
    const second = bench();
    second.channel.open();
    second.mux.destroy('why');
    expect(comparable(second.heard)).toEqual(comparable([new ChannelClosedError('why')]));
    const third = bench();
    third.mux.destroy('why');
    third.channel.open();
    expect(comparable(third.heard)).toEqual(comparable([new ChannelClosedError('why')]));
  });

  it('receives nothing any more once it is unsubscribed, and closes', () => {
    const { sent, channel, heard, mux } = bench();
    channel.open();
    mux.receive(unhex(OPEN));
    channel.unsubscribe();
    mux.receive(unhex('01000178'));
    mux.receive(unhex('000301'));
    channel.complete();
    channel.next({ type: 'count', value: 1 });
    expect([sent, heard, channel.closed, mux.size]).toEqual([[OPEN, '000301'], [], true, 0]);
  });

  it('survives a subscriber that completes it in the middle of a batch', () => {
    const { channel, heard, mux, sent } = bench();
    channel.open();
    mux.receive(unhex(OPEN));
    channel.subscribe(() => channel.complete());
    mux.receive(unhex('0000' + '01' + '020201' + '020202'));
    expect(heard).toEqual([{ type: 'count', value: 1 }, 'complete']);
    expect(sent.at(-1)).toBe('000301');
  });

  it('reports its handshake once', () => {
    const sent: string[] = [];
    const mux = new MuxState({
      output: { payload: (buffer, start, end) => sent.push(hex(buffer.subarray(start, end))) },
    });
    const channel = new ProtocolChannel(mux, { ...definition, handshake: uint, greeting: 7 }, of(true));
    const opened: unknown[] = [];
    channel.opened.subscribe({ next: value => opened.push(value), complete: () => opened.push('complete') });
    channel.open();
    expect(sent).toEqual([OPEN + '07']);
    mux.receive(unhex(OPEN + '09'));
    expect(opened).toEqual([9, 'complete']);
    expect(channel.isOpen).toBeTrue();
  });

  it('throws when its own handshake cannot be sent', () => {
    const mux = new MuxState({ output: { payload: () => undefined } });
    const channel = new ProtocolChannel(mux, { ...definition, handshake: fixed32 }, of(true));
    expect(() => channel.open(fill(3, 0))).toThrowError(RangeError);
    channel.open(fill(32, 0));
    expect(mux.size).toBe(1);
  });

  it('refuses names whose order an object does not keep', () => {
    const mux = new MuxState({ output: { payload: () => undefined } });
    for (const name of ['0', '7', '4294967294']) {
      const indexed = { protocol: 'p', messages: { [name]: text } };
      expect(() => new ProtocolChannel(mux, indexed, of(true))).toThrowError(TypeError);
    }
  });

  it('is typed by its codecs', () => {
    const { channel } = bench();
    channel.subscribe(message => {
      if (message.type === 'say') message.value satisfies string;
      else message.value satisfies number;
      // @ts-expect-error a skipped number has no messages
      if (message.type === 'skipped') fail('a skipped number');
    });
    const wrong = (): void => {
      // @ts-expect-error the value of another type
      channel.next({ type: 'count', value: 'text' });
      // @ts-expect-error no such type
      channel.next({ type: 'shout', value: 'text' });
      // @ts-expect-error nothing is sent under a skipped number
      channel.next({ type: 'skipped', value: null });
      const mux = new MuxState({ output: { payload: () => undefined } });
      // @ts-expect-error the greeting of another handshake
      new ProtocolChannel(mux, { ...definition, handshake: uint, greeting: 'text' }, of(true));
      new ProtocolChannel(mux, { ...definition, handshake: uint, greeting: 1 }, of(true)).opened.subscribe(
        handshake => handshake satisfies number,
      );
      // @ts-expect-error a codec is needed
      new ProtocolChannel(mux, { protocol: 'p' }, of(true));
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
