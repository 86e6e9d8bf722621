import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import type { Channel } from '../../lib/connection/Channel.js';
import { data } from '../../lib/messages/data.js';
import type { Message } from '../../lib/messages/Message.js';
import { want } from '../../lib/messages/want.js';
import { fill } from '../helpers/bytes.js';
import { protocolPair, until } from './pair.js';

/** What the backend was asked to do, and with which memory. */
interface Asked {
  /** Records that were sealed, as their buffer and where in it. */
  readonly sealed: { readonly buffer: ArrayBufferLike; readonly start: number; readonly end: number }[];
  /** Records that were given to be opened. */
  readonly opened: Uint8Array[];
}

/** The portable backend, noting. */
function noting(asked: Asked): CryptoBackend {
  return Object.assign(Object.create(portableCrypto) as CryptoBackend, {
    secretStreamPush: (key: Uint8Array, header: Uint8Array) => {
      const push = portableCrypto.secretStreamPush(key, header);
      const seal = push.seal.bind(push);
      push.seal = (buffer, start, end, tag) => {
        asked.sealed.push({ buffer: buffer.buffer, start, end });
        seal(buffer, start, end, tag);
      };
      return push;
    },
    secretStreamPull: (key: Uint8Array, header: Uint8Array) => {
      const pull = portableCrypto.secretStreamPull(key, header);
      const open = pull.open.bind(pull);
      pull.open = record => {
        asked.opened.push(record);
        return open(record);
      };
      return pull;
    },
  });
}

describe('what a tick costs', () => {
  const keys = [fill(32, 1), fill(32, 2), fill(32, 3)];

  /** Two ends with three channels; what follows on the way from `a` to `b` is noted. */
  const connected = async () => {
    const here: Asked = { sealed: [], opened: [] };
    const there: Asked = { sealed: [], opened: [] };
    const pair = protocolPair({ crypto: noting(here) }, { crypto: noting(there) });
    const from = keys.map(key => pair.a.open(key));
    const to = keys.map(key => pair.b.open(key));
    await until(() => [...from, ...to].every(channel => channel.isOpen));
    const heard: Message[] = [];
    for (const channel of to) channel.subscribe(message => heard.push(message));
    const chunks: Uint8Array[] = [];
    const next = pair.links[0].next.bind(pair.links[0]);
    pair.links[0].next = chunk => {
      chunks.push(chunk);
      next(chunk);
    };
    here.sealed.length = there.opened.length = 0;
    return {
      from,
      heard,
      chunks,
      sealed: here.sealed,
      opened: there.opened,
      subscription: pair.subscription,
    };
  };

  const say = (channels: readonly Channel[], count: number, bytes: number): void => {
    for (let index = 0; index < count; index++) {
      const channel = channels[index % channels.length];
      channel.next(data({ request: 0, block: { index, value: fill(bytes, index % 256), nodes: [] } }));
    }
  };

  it('is one encryption and one write, however many messages on however many channels', async () => {
    const { from, heard, chunks, sealed, opened, subscription } = await connected();
    say(from, 90, 100);
    await until(() => heard.length === 90);
    expect(sealed.length).toBe(1);
    expect(chunks.length).toBe(1);
    expect(opened.length).toBe(1);
    expect(heard.map(message => message.type === 'data' && message.block?.index)).toEqual(
      Array.from({ length: 90 }, (_, index) => index),
    );
    subscription.unsubscribe();
  });

  it('is a record for each maxBatchBytes where there is more', async () => {
    const { from, heard, chunks, sealed, subscription } = await connected();
    say(from, 3000, 100);
    await until(() => heard.length === 3000);
    expect(sealed.length).toBeGreaterThan(4);
    expect(sealed.length).toBeLessThan(7);
    expect(chunks.length).toBe(sealed.length);
    subscription.unsubscribe();
  });

  it('is no copy: what is written is the memory that was encoded into and encrypted, prefix and all', async () => {
    const { from, heard, chunks, sealed, subscription } = await connected();
    say(from, 50, 100);
    await until(() => heard.length === 50);
    say(from, 1, 70_000);
    await until(() => heard.length === 51);
    expect(chunks.length).toBe(2);
    for (const [i, { buffer, start, end }] of sealed.entries()) {
      expect(chunks[i].buffer).toBe(buffer);
      // The prefix lies right before the record.
      expect(chunks[i].byteOffset).toBe(start - 3);
      expect(chunks[i].length).toBe(end - start + 3);
    }
    subscription.unsubscribe();
  });

  it('takes memory at most once for a frame, and small frames share it', async () => {
    const { from, heard, chunks, subscription } = await connected();
    for (let i = 0; i < 20; i++) {
      say(from, 1, 50);
      await until(() => heard.length === i + 1);
    }
    expect(chunks.length).toBe(20);
    expect(new Set(chunks.map(chunk => chunk.buffer)).size).toBeLessThan(5);
    subscription.unsubscribe();
  });

  it('opens a record where the chunk lies, and gives its byte arrays as views of one plaintext', async () => {
    const { from, heard, chunks, opened, subscription } = await connected();
    say(from, 9, 5000);
    await until(() => heard.length === 9);
    expect(opened.length).toBe(1);
    expect(opened[0].buffer).toBe(chunks[0].buffer);
    const memory = heard.map(message => (message.type === 'data' ? message.block!.value.buffer : null));
    expect(new Set(memory).size).toBe(1);
    expect(memory[0]).not.toBe(chunks[0].buffer);
    subscription.unsubscribe();
  });

  it('lets a single message leave before anything but microtasks has run', async () => {
    const { from, chunks, heard, subscription } = await connected();
    from[0].next(want({ start: 0, length: 1 }));
    expect(chunks.length).toBe(0); // more may follow in this tick
    await Promise.resolve();
    expect(chunks.length).toBe(1);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(heard.length).toBe(1); // an in-memory pair takes microtasks, too
    subscription.unsubscribe();
  });
});
