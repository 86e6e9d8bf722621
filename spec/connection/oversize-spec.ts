import { isHypercoreError } from '../../lib/errors.js';
import type { Channel } from '../../lib/connection/Channel.js';
import { text } from '../../lib/encoding/text.js';
import { rest } from '../../lib/encoding/rest.js';
import { data } from '../../lib/messages/data.js';
import type { Limits } from '../../lib/limits.js';
import type { Message } from '../../lib/messages/Message.js';
import { fill } from '../helpers/bytes.js';
import { protocolPair, type ProtocolPair, until } from './pair.js';

const key = fill(32, 4);
const limits: Partial<Limits> = { maxFrameBytes: 1000 };

/** Message and channel numbers, flags, request and fork, index and the value's length, nodes; and the record around it. */
const AROUND = 1 + 1 + 1 + 1 + 1 + 1 + 3 + 1 + 17;

const block = (bytes: number): Message =>
  data({ request: 1, block: { index: 0, value: fill(bytes, 5), nodes: [] } });

const lengths = (messages: readonly Message[]): unknown[] =>
  messages.map(message => (message.type === 'data' ? message.block?.value?.length : message.type));

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return isHypercoreError(error) ? error.code : error;
  }
};

describe('a message that no frame has room for', () => {
  let pair: ProtocolPair;
  let channel: Channel;
  let received: Message[];

  const open = async (options = {}): Promise<void> => {
    pair = protocolPair({ limits, ...options });
    received = [];
    channel = pair.a.open(key);
    pair.b.open(key).subscribe(message => received.push(message));
    await until(() => channel.isOpen);
  };

  afterEach(() => pair.subscription.unsubscribe());

  it('is refused where it is sent, and neither channel nor connection suffers; one byte less arrives', async () => {
    for (const packing of [{}, { unwrapSingle: false }]) {
      await open({ packing });
      const around = packing.unwrapSingle === false ? AROUND + 5 : AROUND;
      channel.next(block(1));
      expect(codeOf(() => channel.next(block(1001 - around)))).toBe('ERR_FRAME_TOO_LARGE');
      channel.next(block(2));
      await until(() => received.length === 2);
      channel.next(block(1000 - around));
      await until(() => received.length === 3);
      expect(lengths(received)).toEqual([1, 2, 1000 - around]);
      expect(pair.log.filter(entry => entry.includes('ERR'))).toEqual([]);
    }
  });

  it('tells what was too long, and how long it may be', async () => {
    await open();
    try {
      channel.next(block(2000));
      fail('nothing was thrown');
    } catch (error) {
      const { length, limit } = error as { length?: number; limit?: number };
      expect([length, limit]).toEqual([2000 + AROUND, 1000]);
    }
  });

  it('ends the one channel if it waited for the remote to open, and nothing else', async () => {
    pair = protocolPair({ limits });
    const told: unknown[] = [];
    const waiting = pair.a.open(key);
    waiting.subscribe({ error: (error: { code?: string }) => told.push(error.code) });
    const another = pair.a.open(fill(32, 6));
    waiting.next(block(2000));
    pair.b.open(fill(32, 6));
    pair.b.open(key).subscribe({ error: () => undefined });
    await until(() => told.length > 0 && another.isOpen);
    expect(told).toEqual(['ERR_FRAME_TOO_LARGE']);
    expect(pair.log.filter(entry => entry.includes('ERR'))).toEqual([]);
  });

  it('does not come about by gathering messages, however large a batch may be', async () => {
    for (const packing of [{}, { overshoot: true }]) {
      await open({ packing, limits: { ...limits, maxBatchBytes: 0x10000 } });
      for (let i = 1; i <= 20; i++) channel.next(block(300 + i));
      await until(() => received.length === 20);
      expect(lengths(received)).toEqual(Array.from({ length: 20 }, (_, i) => 301 + i));
    }
  });

  it('is refused on channels of other protocols too, greetings included', async () => {
    pair = protocolPair({ limits });
    const messages = { say: text };
    await until(() => pair.log.includes('a handshake') && pair.log.includes('b handshake'));
    const heard: unknown[] = [];
    pair.b.channel({ protocol: 'x', messages }).subscribe(message => heard.push(message));
    const chat = pair.a.channel({ protocol: 'x', messages });
    expect(codeOf(() => chat.next({ type: 'say', value: 'x'.repeat(1000) }))).toBe('ERR_FRAME_TOO_LARGE');
    chat.next({ type: 'say', value: 'hello' });
    await until(() => heard.length === 1);
    const refused: unknown[] = [];
    pair.b
      .channel({ protocol: 'y', handshake: rest, greeting: fill(1, 1), messages })
      .subscribe({ error: (error: { code?: string }) => refused.push(error.code) });
    const greeted = (): unknown =>
      pair.a.channel({ protocol: 'y', handshake: rest, greeting: fill(1000, 1), messages });
    expect(codeOf(greeted)).toBe('ERR_FRAME_TOO_LARGE');
    chat.next({ type: 'say', value: 'again' });
    await until(() => heard.length === 2 && refused.length > 0);
    expect(refused).toEqual(['ERR_CHANNEL_REJECTED']);
    expect(pair.log.filter(entry => entry.includes('ERR'))).toEqual([]);
  });
});
