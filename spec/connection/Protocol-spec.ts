import { defer, of, retry, Subject, VirtualTimeScheduler } from 'rxjs';
import { uint } from '../../lib/encoding/uint.js';
import { text } from '../../lib/encoding/text.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { keyPairFromSeed } from '../../lib/keys/keyPair.js';
import type { Channel } from '../../lib/connection/Channel.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import type { ProtocolEvent } from '../../lib/connection/ProtocolEvent.js';
import { jsonCodec } from '../../lib/encoding/jsonCodec.js';
import { discoveryKey } from '../../lib/keys/discoveryKey.js';
import type { Message } from '../../lib/messages/Message.js';
import { synchronize } from '../../lib/messages/synchronize.js';
import { want } from '../../lib/messages/want.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { fill, hex } from '../helpers/bytes.js';
import { protocolPair, until } from './pair.js';

const key = fill(32, 3);
const otherKey = fill(32, 4);
/** No handshake where a spec is not about it: it costs tens of milliseconds in the portable backend. */
const plain = { handshake: false } as const;

const codes = (channel: Channel): string[] => {
  const log: string[] = [];
  channel.subscribe({
    next: message => log.push(message.type),
    error: (error: { code?: string; message: string }) => log.push(error.code ?? error.message),
    complete: () => log.push('complete'),
  });
  return log;
};

describe('Protocol', () => {
  it('shakes hands, opens a channel by key on both sides and carries messages', async () => {
    const keyPair = keyPairFromSeed(portableCrypto, fill(32, 1));
    const { a, b, log, subscription } = protocolPair({ keyPair }, {});
    expect(a.handshakeHash).toBeNull();
    const received: Message[] = [];
    a.open(key).next(want({ start: 0, length: 1 }));
    const channel = b.open(key);
    channel.subscribe(message => received.push(message));
    await until(() => received.length === 1);
    expect(received).toEqual([want({ start: 0, length: 1 })]);
    expect(log).toEqual(['a handshake', 'b handshake', 'a channel', 'b channel'].sort(byLog(log)));
    expect(hex(b.remotePublicKey!)).toBe(hex(keyPair.publicKey));
    expect(hex(a.handshakeHash!)).toBe(hex(b.handshakeHash!));
    expect(a.channels.length).toBe(1);
    subscription.unsubscribe();
    expect(a.channels.length).toBe(0);
  });

  it('tells of a channel that only the remote opened, which an answer opens', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const heard: string[] = [];
    b.events.subscribe(event => {
      if (event.type !== 'discovery-key') return;
      expect(hex(event.discoveryKey)).toBe(hex(discoveryKey(portableCrypto, key)));
      b.open(key).subscribe(message => heard.push(message.type));
    });
    const channel = a.open(key);
    channel.next(synchronize({ length: 1 }));
    await until(() => heard.length === 1);
    expect(heard).toEqual(['synchronize']);
    expect(channel.isOpen).toBeTrue();
    subscription.unsubscribe();
  });

  it('keeps what the remote says until a later answer subscribes', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const opened = new Promise<void>(resolve => {
      b.events.subscribe(event => void (event.type === 'discovery-key' && setTimeout(resolve, 20)));
    });
    const channel = a.open(key);
    channel.next(synchronize({ length: 1 }));
    await opened;
    const heard = codes(b.open(key));
    await until(() => heard.length === 1);
    expect(heard).toEqual(['synchronize']);
    subscription.unsubscribe();
  });

  it('refuses a channel nobody answers, at once when asked to, else after answerTimeoutMs', async () => {
    const now = protocolPair(plain);
    now.b.events.subscribe(event => event.type === 'discovery-key' && now.b.reject(event.discoveryKey));
    const refused = codes(now.a.open(key));
    await until(() => refused.length > 0);
    expect(refused).toEqual(['ERR_CHANNEL_REJECTED']);
    expect(now.log).toEqual(['a handshake', 'b handshake', 'b discovery-key', 'a close']);
    now.subscription.unsubscribe();

    const later = protocolPair(plain, { ...plain, limits: { answerTimeoutMs: 30 } });
    const log = codes(later.a.open(key));
    await until(() => log.length > 0);
    expect(log).toEqual(['ERR_CHANNEL_REJECTED']);
    later.subscription.unsubscribe();
  });

  it('gives up an opening channel after openTimeoutMs, and the connection goes on', async () => {
    const { a, b, subscription } = protocolPair({ ...plain, limits: { openTimeoutMs: 30 } }, plain);
    const log = codes(a.open(key));
    await until(() => log.length > 0);
    expect(log).toEqual(['ERR_TIMEOUT']);
    const heard = codes(b.open(otherKey));
    a.open(otherKey).next(want({ start: 0, length: 1 }));
    await until(() => heard.length === 1);
    subscription.unsubscribe();
  });

  it('returns the same channel for the same key, and a new one after it closed', async () => {
    const { a, b, log, subscription } = protocolPair(plain);
    const first = a.open(key);
    expect(a.open(key.slice())).toBe(first);
    const firstThere = b.open(key);
    await until(() => first.isOpen && firstThere.isOpen);
    first.close();
    const second = a.open(key);
    expect(second).not.toBe(first);
    await until(() => b.channels.length === 0 || b.channels[0] !== firstThere);
    const again = b.open(key);
    await until(() => second.isOpen && again.isOpen);
    expect(log.filter(entry => entry.endsWith('close')).sort()).toEqual(['a close', 'b close']);
    subscription.unsubscribe();
  });

  it('costs the channel, not the connection, when the remote does not know the key', async () => {
    // The remote knows the discovery key only: it opens with a capability for another key.
    const { a, b, subscription } = protocolPair();
    b.events.subscribe(event => {
      if (event.type !== 'handshake') return;
      const liar = b.channel({
        protocol: 'hypercore/alpha',
        id: discoveryKey(portableCrypto, key),
        handshake: text,
        greeting: 'x'.repeat(32),
        messages: { any: uint },
      });
      liar.subscribe({ error: () => undefined });
    });
    const cheated = a.open(key);
    const log = codes(cheated);
    const honest = a.open(otherKey);
    b.open(otherKey);
    cheated.next(want({ start: 0, length: 1 }));
    await until(() => log.length > 0 && honest.isOpen);
    expect(log).toEqual(['ERR_CAPABILITY']);
    subscription.unsubscribe();
  });

  it('closes in order from either side', async () => {
    const { a, b, log } = protocolPair(plain);
    const here = codes(a.open(key));
    const there = codes(b.open(key));
    const closed: string[] = [];
    await until(() => a.channels[0].isOpen && b.channels[0].isOpen);
    a.closed.subscribe({ complete: () => closed.push('a') });
    b.closed.subscribe({ complete: () => closed.push('b') });
    log.length = 0;
    a.close();
    a.close();
    await until(() => closed.length === 2);
    expect(here).toEqual(['complete']);
    expect(there).toEqual(['complete']);
    expect(log.sort()).toEqual(['a close', 'a complete', 'b close', 'b complete']);
    expect(codes(a.open(key))).toEqual(['ERR_CHANNEL_CLOSED']);
  });

  it('fails every channel with ERR_CHANNEL_CLOSED when the remote vanishes, and names the cause', async () => {
    const { a, b, log, subscription } = protocolPair(plain);
    const open = a.open(key);
    const opening = a.open(otherKey);
    b.open(key);
    const [first, second] = [codes(open), codes(opening)];
    await until(() => open.isOpen);
    const causes: unknown[] = [];
    open.subscribe({ error: (error: Error) => causes.push((error.cause as { code: string }).code) });
    b.destroy();
    await until(() => first.length > 0);
    expect(first).toEqual(['ERR_CHANNEL_CLOSED']);
    expect(second).toEqual(['ERR_CHANNEL_CLOSED']);
    expect(causes).toEqual(['ERR_TRANSPORT_FAILED']);
    expect(log.at(-1)).toBe('a ERR_TRANSPORT_FAILED');
    const late: string[] = [];
    a.closed.subscribe({ error: (error: { code: string }) => late.push(error.code) });
    expect(late).toEqual(['ERR_TRANSPORT_FAILED']);
    subscription.unsubscribe();
  });

  it('takes an end of the bytes as orderly only where no channel is open', async () => {
    const idle = protocolPair(plain);
    await until(() => idle.log.length === 2);
    idle.links[1].complete();
    await until(() => idle.log.length >= 3);
    expect(idle.log.slice(0, 3)).toEqual(['a handshake', 'b handshake', 'a complete']);

    const busy = protocolPair(plain);
    busy.a.open(key);
    await until(() => busy.log.length === 3);
    busy.links[1].complete();
    await until(() => busy.log.length > 4);
    expect(busy.log.slice(3, 5)).toEqual(['a close', 'a ERR_TRANSPORT_CLOSED']);
  });

  it('answers garbage with a typed error on its own side and ends', async () => {
    const [mine, theirs] = memoryPair();
    const ends: string[] = [];
    let finished = false;
    of(mine)
      .pipe(hypercoreProtocol({ initiator: false }))
      .subscribe({
        next: protocol =>
          protocol.events.subscribe({ error: (error: { code: string }) => ends.push(error.code) }),
        complete: () => (finished = true),
      });
    theirs.subscribe({ error: () => ends.push('cut') });
    theirs.next(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
    await until(() => finished && ends.length === 2);
    expect(ends.sort()).toEqual(['ERR_FOREIGN_PROTOCOL', 'cut']);
  });

  it('passes signals between a channel and its protocol', () => {
    const { a, subscription } = protocolPair(plain);
    const events: ProtocolEvent[] = [];
    a.events.subscribe(event => events.push(event));
    const channel = a.open(key);
    const heard: unknown[] = [];
    channel.signals.subscribe(({ name, data }) => heard.push([name, data]));
    channel.signal('up', 1);
    a.signal('down', 2);
    expect(events).toEqual([
      { type: 'local-signal', discoveryKey: channel.discoveryKey, name: 'up', data: 1 },
    ]);
    expect(heard).toEqual([['down', 2]]);
    subscription.unsubscribe();
  });

  it('carries extensions', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const heard: unknown[] = [];
    b.open(key)
      .extension('chat', jsonCodec<number>())
      .subscribe(value => heard.push(value));
    const chat = a.open(key).extension('chat', jsonCodec<number>());
    for (let i = 0; i < 3; i++) chat.next(i);
    await until(() => heard.length === 3);
    expect(heard).toEqual([0, 1, 2]);
    subscription.unsubscribe();
  });

  it('sends what one turn says in one payload, across channels', async () => {
    const { a, b, links, subscription } = protocolPair(plain);
    const channels = [key, otherKey].map(each => ({ here: a.open(each), there: b.open(each) }));
    await until(() => channels.every(({ here, there }) => here.isOpen && there.isOpen));
    const heard = channels.map(({ there }) => codes(there));
    let chunks = 0;
    const next = links[0].next.bind(links[0]);
    links[0].next = chunk => {
      chunks++;
      next(chunk);
    };
    for (let i = 0; i < 10; i++) for (const { here } of channels) here.next(want({ start: i, length: 1 }));
    await until(() => heard.every(log => log.length === 10));
    expect(chunks).toBe(1);
    subscription.unsubscribe();
  });

  it('offers channels of any other protocol', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const definition = { protocol: 'chess', id: fill(4, 9), messages: { move: text, clock: uint } };
    const white = a.channel(definition);
    const black = b.channel(definition);
    const heard: unknown[] = [];
    black.subscribe(message => heard.push(message));
    white.next({ type: 'move', value: 'e4' });
    white.next({ type: 'clock', value: 58 });
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      { type: 'move', value: 'e4' },
      { type: 'clock', value: 58 },
    ]);
    subscription.unsubscribe();
  });

  it('opens a key anew from every place that hears of its end', async () => {
    for (const end of ['close', 'error', 'remote'] as const) {
      const { a, b, subscription } = protocolPair(plain);
      const first = a.open(key);
      const there = b.open(key);
      await until(() => first.isOpen && there.isOpen);
      const anew: Channel[] = [];
      a.events.subscribe(event => void (event.type === 'close' && anew.length < 2 && anew.push(a.open(key))));
      first.subscribe({ error: () => anew.push(a.open(key)), complete: () => anew.push(a.open(key)) });
      if (end === 'close') first.close();
      if (end === 'error') first.error(new Error('mine'));
      if (end === 'remote') there.close();
      await until(() => anew.length >= 2);
      expect(anew[0]).withContext(end).not.toBe(first);
      expect(anew[1]).withContext(end).toBe(anew[0]);
      const heard: Message[] = [];
      await until(() => b.channels.every(channel => channel !== there));
      b.open(key).subscribe({ next: message => heard.push(message), error: () => undefined });
      anew[0].next(want({ start: 0, length: 1 }));
      await until(() => heard.length === 1);
      subscription.unsubscribe();
    }
  });

  it('retries a channel on a connection that goes on', async () => {
    const { a, subscription } = protocolPair({ ...plain, limits: { openTimeoutMs: 5 } }, plain);
    const outcome: string[] = [];
    let tries = 0;
    defer(() => {
      tries++;
      return a.open(key);
    })
      .pipe(retry(3))
      .subscribe({ error: (error: { code: string }) => outcome.push(error.code) });
    await until(() => outcome.length === 1);
    expect(outcome).toEqual(['ERR_TIMEOUT']);
    expect(tries).toBe(4);
    subscription.unsubscribe();
  });

  it('ends channels of other protocols that no session came for', async () => {
    const chess = { protocol: 'chess', messages: { move: text } };
    for (const how of ['close', 'fail'] as const) {
      const { a, links, subscription } = protocolPair();
      const log: string[] = [];
      const channel = a.channel(chess);
      const watch = {
        error: (error: { code: string }) => log.push(error.code),
        complete: () => log.push('complete'),
      };
      channel.subscribe(watch);
      channel.opened.subscribe(watch);
      if (how === 'close') a.close();
      else links[1].error(new Error('cut'));
      await until(() => log.length === 2);
      const expected = how === 'close' ? 'complete' : 'ERR_CHANNEL_CLOSED';
      expect(log).toEqual([expected, expected]);
      subscription.unsubscribe();
    }
  });

  it('lets a channel that cannot be opened fail alone', async () => {
    const { a, b, subscription } = protocolPair({ limits: { maxChannels: 2 } }, {});
    const failing = a.channel({ protocol: 'greets', handshake: uint, messages: {} }); // and gives no greeting
    const log: string[] = [];
    failing.subscribe({ error: (error: Error) => log.push(error.name) });
    const first = a.open(key);
    const second = codes(a.open(otherKey));
    const third = codes(a.open(fill(32, 5)));
    b.open(key);
    await until(() => first.isOpen && log.length === 1);
    expect(third).toEqual(['ERR_LIMIT_EXCEEDED']);
    expect(second).toEqual([]);
    expect(codes(a.open(fill(32, 6)))).toEqual(['ERR_LIMIT_EXCEEDED']);
    expect(a.channels.length).toBe(2);
    subscription.unsubscribe();
  });

  it('survives a channel and an extension that were unsubscribed as Subjects', async () => {
    const { a, b, subscription } = protocolPair(plain);
    const [mine, theirs] = [a.open(key), b.open(key)];
    const [other, otherThere] = [a.open(otherKey), b.open(otherKey)];
    const chat = mine.extension('chat');
    await until(() => mine.isOpen && theirs.isOpen && other.isOpen && otherThere.isOpen);
    chat.unsubscribe();
    theirs.extension('chat').next(fill(1, 1));
    mine.unsubscribe();
    theirs.next(want({ start: 0, length: 1 }));
    const heard = codes(other);
    otherThere.next(want({ start: 0, length: 1 }));
    await until(() => heard.length === 1);
    const ends: string[] = [];
    a.closed.subscribe({ complete: () => ends.push('complete') });
    a.close();
    await until(() => ends.length === 1);
    expect(heard).toEqual(['want', 'complete']);
    subscription.unsubscribe();
  });

  it('tears the transport down if it is closed before it began', async () => {
    const [mine, theirs] = memoryPair();
    const ends: string[] = [];
    theirs.subscribe({ error: () => ends.push('cut'), complete: () => ends.push('end') });
    of(mine)
      .pipe(hypercoreProtocol({ initiator: false }))
      .subscribe(protocol => protocol.close());
    await until(() => ends.length === 1);
    expect(ends).toEqual(['cut']);
  });

  it('gives up a channel of another protocol after openTimeoutMs too', async () => {
    const { a, b, subscription } = protocolPair({ ...plain, limits: { openTimeoutMs: 30 } }, plain);
    const answered = { protocol: 'answered', messages: { say: text } };
    b.channel(answered);
    const open = a.channel(answered);
    const heard: string[] = [];
    a.channel({ protocol: 'parked', messages: {} }).subscribe({
      error: (error: { code: string }) => heard.push(error.code),
    });
    await until(() => heard.length > 0 && open.isOpen);
    expect(heard).toEqual(['ERR_CHANNEL_REJECTED']); // nobody there asks for such a channel, so the answer is no
    b.events.subscribe();
    a.channel({ protocol: 'hypercore/alpha', id: fill(32, 8), messages: {} }).subscribe({
      error: (error: { code: string }) => heard.push(error.code),
    });
    await until(() => heard.length > 1);
    expect(heard[1]).toBe('ERR_TIMEOUT');
    await new Promise(resolve => setTimeout(resolve, 40));
    expect(open.isOpen).toBeTrue();
    subscription.unsubscribe();
  });

  it('gives the transport back', async () => {
    const { a, log, links, subscription } = protocolPair(plain);
    await until(() => log.length === 2);
    const transport = a.release();
    expect(log).toEqual(['a handshake', 'b handshake', 'a complete']);
    const heard: string[] = [];
    transport.subscribe({ next: chunk => heard.push(hex(chunk)), error: () => undefined }); // b goes below
    links[1].next(fill(2, 7));
    await until(() => heard.length === 1);
    expect(heard).toEqual(['0707']);
    subscription.unsubscribe();
  });

  it('refuses a key of the wrong length at once', () => {
    const { a, subscription } = protocolPair(plain);
    expect(() => a.open(fill(31, 1))).toThrowError(RangeError);
    subscription.unsubscribe();
  });

  it('pins and authorizes the remote', async () => {
    const mismatch = protocolPair({ remotePublicKey: fill(32, 1) }, {});
    await until(() => mismatch.log.length >= 2);
    expect(mismatch.log).toContain('a ERR_REMOTE_KEY_MISMATCH');
    expect(mismatch.log.some(entry => entry.includes('handshake'))).toBeFalse();
    const rejected = protocolPair({}, { authorize: () => Promise.resolve(false) });
    await until(() => rejected.log.some(entry => entry.startsWith('b ERR')));
    expect(rejected.log).toContain('b ERR_REMOTE_KEY_REJECTED');
  });

  it('runs without encryption for tests, and keeps the channels proved', async () => {
    const { a, b, subscription } = protocolPair({ encrypted: false });
    const heard = codes(b.open(key));
    a.open(key).next(want({ start: 0, length: 1 }));
    await until(() => heard.length === 1);
    subscription.unsubscribe();
  });
});

describe('hypercoreProtocol', () => {
  it('is cold, emits before a byte moves, and ends everything on unsubscription', () => {
    const link = new Subject<Uint8Array>();
    const sent: Uint8Array[] = [];
    const transport = Object.assign(link, { next: (chunk: Uint8Array) => sent.push(chunk) });
    const protocol$ = of(transport).pipe(hypercoreProtocol({ initiator: true }));
    expect(link.observed).toBeFalse();
    let protocol: Protocol | undefined;
    const subscription = protocol$.subscribe(value => {
      protocol = value;
      expect(sent.length).toBe(0);
      expect(link.observed).toBeFalse();
    });
    expect(link.observed).toBeTrue();
    expect(sent.length).toBe(1);
    const ends: string[] = [];
    protocol!.events.subscribe({ complete: () => ends.push('complete'), error: () => ends.push('error') });
    subscription.unsubscribe();
    expect(link.observed).toBeFalse();
    expect(ends).toEqual(['complete']);
  });

  it('speaks on each transport of its source, and one failure does not touch the others', async () => {
    const [goodHere, goodThere] = memoryPair();
    const [badHere, badThere] = memoryPair();
    const protocols: Protocol[] = [];
    let outcome = 'running';
    of(badHere, goodHere)
      .pipe(hypercoreProtocol({ initiator: false, handshake: false }))
      .subscribe({
        next: protocol => protocols.push(protocol),
        error: () => (outcome = 'error'),
        complete: () => (outcome = 'complete'),
      });
    of(goodThere)
      .pipe(hypercoreProtocol({ initiator: true, handshake: false }))
      .subscribe(protocol => protocol.open(key).next(want({ start: 0, length: 1 })));
    const heard = codes(protocols[1].open(key));
    badThere.next(fill(5, 1));
    badThere.complete();
    await until(() => heard.length === 1);
    expect(outcome).toBe('running');
    protocols[1].close();
    await until(() => outcome === 'complete');
  });

  it('passes errors of its source, and refuses impossible options', () => {
    const source = new Subject<never>();
    const errors: unknown[] = [];
    source.pipe(hypercoreProtocol({ initiator: true })).subscribe({ error: error => errors.push(error) });
    source.error('refused');
    expect(errors).toEqual(['refused']);
    expect(() => hypercoreProtocol({ initiator: true, pattern: 'NN' as 'XX' })).toThrowError(RangeError);
    expect(() => hypercoreProtocol({ initiator: true, limits: { maxFrameBytes: -1 } })).toThrowError(
      RangeError,
    );
  });

  it('times out a silent remote on the scheduler it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    const silent = Object.assign(new Subject<Uint8Array>(), { next: () => undefined });
    const log: string[] = [];
    of(silent)
      .pipe(hypercoreProtocol({ initiator: true, scheduler, limits: { handshakeTimeoutMs: 1000 } }))
      .subscribe(protocol =>
        protocol.events.subscribe({
          error: (error: { code: string }) => log.push(`${error.code}@${scheduler.now()}`),
        }),
      );
    scheduler.flush();
    expect(log).toEqual(['ERR_TIMEOUT@1000']);
    expect(silent.observed).toBeFalse();
  });
});

/** Sorts expected entries in the order of the log, for what may come in any order. */
function byLog(log: readonly string[]): (x: string, y: string) => number {
  return (x, y) => log.indexOf(x) - log.indexOf(y);
}
