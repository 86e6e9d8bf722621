import { BehaviorSubject, of, Subject, take } from 'rxjs';
import {
  FrameTooLargeError,
  LimitExceededError,
  RemoteKeyRejectedError,
  TransportFailedError,
} from '../../lib/errors.js';
import { HEADROOM, TAILROOM } from '../../lib/secret/SecureState.js';
import { SecureLink, type SecureLinkOptions } from '../../lib/secret/SecureLink.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { ascii, concat, fill, hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import { Clock, ProbeTransport } from './ProbeTransport.js';
import {
  codeOf,
  framesOf,
  keysOf,
  optionsOf,
  other,
  remembering,
  type Role,
  thrownBy,
  wire,
} from './wire.js';

const xx = wire.conversations[0];
const roles: Role[] = ['initiator', 'responder'];

/** A link of the recorded connection on a subject, in virtual time, and all that its subscriber is told. */
function setUp(role: Role = 'initiator', options: Partial<SecureLinkOptions> = {}) {
  const source = new Subject<Uint8Array>();
  const transport = new ProbeTransport(source);
  const scheduler = new Clock();
  const link = new SecureLink(transport, { ...optionsOf(xx, role), scheduler, ...options });
  const told: string[] = [];
  const sent: Uint8Array[] = [];
  transport.sent.subscribe(frame => sent.push(frame));
  const opened: string[] = [];
  link.opened.subscribe({
    next: session => opened.push(session === null ? 'null' : 'session'),
    error: error => opened.push(codeOf(error)),
    complete: () => opened.push('complete'),
  });
  const subscribe = () =>
    link.subscribe({
      next: payload => told.push(hex(payload)),
      error: error => told.push(codeOf(error)),
      complete: () => told.push('complete'),
    });
  return { source, transport, scheduler, link, told, sent, opened, subscribe };
}

/** A link with its session, and the frames of the remote that follow the header. */
function openLink(options: Partial<SecureLinkOptions> = {}) {
  const all = setUp('initiator', {
    crypto: remembering(portableCrypto),
    session: keysOf(xx, 'initiator'),
    ...options,
  });
  const [header, ...records] = framesOf(xx, 'responder').slice(1);
  const subscription = all.subscribe();
  all.source.next(header);
  return { ...all, records, subscription };
}

const silence = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5));

describe('SecureLink', () => {
  for (const role of roles) {
    it(`as ${role}: cut after each byte, fails once and frees everything`, () => {
      const bytes = concat(...framesOf(xx, other(role)));
      for (let at = 0; at <= bytes.length; at++) {
        const { source, scheduler, transport, told, subscribe, opened } = setUp(role);
        subscribe();
        source.next(bytes.subarray(0, at));
        expect(scheduler.timers).withContext(`byte ${at}`).toBeGreaterThan(0);
        source.complete();
        expect(told.pop()).toMatch(/^ERR_(FRAME_TRUNCATED|TRANSPORT_CLOSED)$/);
        expect(told).toEqual(xx.received[role].slice(0, told.length) as string[]);
        expect(opened.length).withContext(`byte ${at}`).toBeGreaterThan(0);
        expect(transport.calls.length).toBe(1);
        expect(scheduler.timers).withContext(`byte ${at}`).toBe(0);
        expect(source.observed).toBeFalse();
      }
    });

    it(`as ${role}: unsubscribed after each byte, frees everything and tells nobody`, () => {
      const bytes = concat(...framesOf(xx, other(role)));
      for (let at = 0; at <= bytes.length; at++) {
        const { source, scheduler, transport, told, subscribe, opened } = setUp(role);
        const subscription = subscribe();
        source.next(bytes.subarray(0, at));
        subscription.unsubscribe();
        expect(told).toEqual(xx.received[role].slice(0, told.length) as string[]);
        expect(opened.at(-1)).toBe('complete');
        expect(transport.calls).toEqual(['error ERR_TRANSPORT_CLOSED']);
        expect(scheduler.timers).withContext(`byte ${at}`).toBe(0);
        expect(source.observed).toBeFalse();
      }
    });
  }

  it('sets no timer for a payload', () => {
    const { link, source, scheduler, records } = openLink();
    const before = scheduler.set;
    for (let i = 0; i < 1000; i++) link.next(ascii('payload'));
    for (const record of records) source.next(record);
    expect(scheduler.set).toBe(before);
    expect(scheduler.timers).toBe(1);
  });

  it('is not fooled by a clock that is set back', () => {
    const { scheduler, told } = openLink({ limits: { idleTimeoutMs: 100, keepAliveMs: 0 } });
    scheduler.offset = -1e9;
    scheduler.advance(199);
    expect(told).toEqual([]);
    scheduler.advance(1);
    expect(told).toEqual(['ERR_TIMEOUT']);
  });

  it('wipes both ratchets, however it ends', () => {
    const ends: [string, (all: ReturnType<typeof openLink>) => void][] = [
      ['unsubscribed', ({ subscription }) => subscription.unsubscribe()],
      ['failed', ({ link }) => link.error('mine')],
      ['closed by both', ({ link, source }) => (link.complete(), source.complete())],
      ['closed by the remote', ({ source }) => source.complete()],
      ['not closed in time', ({ link, scheduler }) => (link.complete(), scheduler.advance(5000))],
      ['released', ({ link }) => void link.release()],
    ];
    for (const [what, end] of ends) {
      let live = 0;
      const counted = <T extends { wipe(): void }>(ratchet: T): T => {
        live++;
        ratchet.wipe = () => void live--;
        return ratchet;
      };
      const all = openLink({
        crypto: {
          ...portableCrypto,
          secretStreamPush: (...given) => counted(portableCrypto.secretStreamPush(...given)),
          secretStreamPull: (...given) => counted(portableCrypto.secretStreamPull(...given)),
        },
      });
      expect(live).toBe(2);
      end(all);
      expect(live).withContext(what).toBe(0);
    }
  });

  it('takes no notice any more of a handshake that it gave up in order', () => {
    const { link, source, subscribe, told, opened, sent } = setUp();
    subscribe();
    link.complete();
    for (const frame of framesOf(xx, 'responder')) source.next(frame);
    source.next(unhex('000000'));
    expect(link.session).toBeNull();
    expect(told).toEqual([]);
    source.complete();
    expect(told).toEqual(['complete']);
    expect(opened).toEqual(['complete']);
    expect(sent.length).toBe(1);
  });

  describe('sending', () => {
    it('refuses before it is open, and harms nothing', () => {
      const { link, source, subscribe, told } = setUp();
      expect(() => link.next(ascii('early'))).toThrowError(TypeError);
      subscribe();
      expect(() => link.next(ascii('early'))).toThrowError(TypeError);
      expect(() => link.sendInPlace(new Uint8Array(30), HEADROOM, HEADROOM + 1)).toThrowError(TypeError);
      for (const frame of framesOf(xx, 'responder')) source.next(frame);
      expect(told).toEqual(xx.received.initiator as string[]);
    });

    it('sends the same with a copy and in place', () => {
      const { link, sent } = openLink({
        crypto: { ...remembering(portableCrypto), randomBytes: n => fill(n, 1) },
      });
      const { link: same, sent: samesent } = openLink({
        crypto: { ...remembering(portableCrypto), randomBytes: n => fill(n, 1) },
      });
      const payload = ascii('payload');
      link.next(payload);
      const buffer = new Uint8Array(HEADROOM + payload.length + TAILROOM);
      buffer.set(payload, HEADROOM);
      same.sendInPlace(buffer, HEADROOM, HEADROOM + payload.length);
      expect(hex(sent[1])).toBe(hex(samesent[1]));
      expect(samesent[1].buffer).toBe(buffer.buffer);
      expect(payload).toEqual(ascii('payload'));
    });

    it('refuses a payload one byte too long, and goes on', () => {
      const { link, told, sent } = openLink({ limits: { maxFrameBytes: 27 } });
      expect(comparable(thrownBy(() => link.next(fill(11, 1))))).toEqual(
        comparable(new FrameTooLargeError(28, 27)),
      );
      link.next(fill(10, 1));
      expect(sent.length).toBe(2);
      expect(told).toEqual([]);
    });

    it('ends when the transport has more queued than it may, by one', () => {
      const { link, transport, source, told } = openLink({ limits: { maxOutboundBytes: 100 } });
      transport.queuedBytes = 100;
      link.next(ascii('fits'));
      expect(link.queuedBytes).toBe(100);
      expect(told).toEqual([]);
      transport.queuedBytes = 101;
      link.next(ascii('does not'));
      expect(told).toEqual(['ERR_LIMIT_EXCEEDED']);
      let failure: unknown;
      link.subscribe({ error: (error: unknown) => (failure = error) });
      expect(comparable(failure)).toEqual(comparable(new LimitExceededError('maxOutboundBytes', 100, 101)));
      expect(transport.calls).toEqual(['error ERR_LIMIT_EXCEEDED']);
      expect(source.observed).toBeFalse();
    });

    it('a transport that throws has failed', () => {
      for (const call of ['next', 'complete'] as const) {
        const { link, transport, told, scheduler, source } = openLink();
        transport.onNext = transport.onComplete = () => {
          throw new Error('broken');
        };
        if (call === 'next') link.next(ascii('payload'));
        else link.complete();
        expect(told).toEqual(['ERR_TRANSPORT_FAILED']);
        expect(scheduler.timers).toBe(0);
        expect(source.observed).toBeFalse();
        let failure: unknown;
        link.subscribe({ error: (error: unknown) => (failure = error) });
        expect(comparable(failure)).toEqual(
          comparable(new TransportFailedError(new Error('broken'), call === 'next' ? 'open' : 'close')),
        );
      }
    });

    it('a transport that cannot even be torn down does not matter', () => {
      const { link, transport, told } = openLink();
      transport.error = () => {
        throw new Error('broken');
      };
      link.error(new RemoteKeyRejectedError());
      expect(told).toEqual(['ERR_REMOTE_KEY_REJECTED']);
    });

    it('does nothing after it has ended', () => {
      const { link, sent, told } = openLink();
      link.error('mine');
      link.next(ascii('late'));
      link.sendInPlace(new Uint8Array(1), 0, 0);
      link.complete();
      link.error('again');
      link.pause();
      link.resume();
      link.cut();
      link.start();
      expect(sent.length).toBe(1);
      expect(told).toEqual(['mine']);
      expect(() => link.release()).toThrowError(TypeError);
    });
  });

  describe('its subscriber', () => {
    it('is one', () => {
      const { link, told, subscribe, source } = openLink();
      let second: unknown;
      link.subscribe({ error: (error: unknown) => (second = error) });
      expect(second).toBeInstanceOf(TypeError);
      expect(source.observed).toBeTrue();
      link.error('mine');
      expect(told).toEqual(['mine']);
      subscribe();
      expect(told).toEqual(['mine', 'mine']);
    });

    it('hears of an end that came before it', () => {
      const { link, source, subscribe, told } = setUp();
      link.start();
      source.complete();
      subscribe();
      expect(told).toEqual(['ERR_TRANSPORT_CLOSED']);
      const { link: ended, subscribe: late, told: lateTold, transport } = setUp();
      ended.complete();
      late();
      expect(lateTold).toEqual(['complete']);
      expect(transport.calls).toEqual(['complete']);
    });

    it('is waited for, with the transport paused', () => {
      const { link, source, transport, subscribe, told } = setUp();
      link.start();
      const [message2, header, ...records] = framesOf(xx, 'responder');
      source.next(message2);
      expect(transport.calls).toEqual([]);
      source.next(concat(header, records[0]));
      expect(transport.calls).toEqual(['pause']);
      source.next(records[1]);
      subscribe();
      expect(told).toEqual(xx.received.initiator as string[]);
      expect(transport.calls).toEqual(['pause', 'resume']);
    });

    it('may pause and go on between two payloads', () => {
      const { link, source, transport } = setUp('initiator', {
        session: keysOf(xx, 'initiator'),
        crypto: remembering(portableCrypto),
      });
      const got: string[] = [];
      link.subscribe(payload => {
        got.push(hex(payload));
        link.pause();
      });
      source.next(concat(...framesOf(xx, 'responder').slice(1)));
      expect(got.length).toBe(1);
      expect(transport.calls).toEqual(['pause']);
      link.pause();
      link.resume();
      expect(got).toEqual(xx.received.initiator as string[]);
      expect(transport.calls).toEqual(['pause']);
      link.resume();
      expect(transport.calls).toEqual(['pause', 'resume']);
    });

    it('gets what was held when the transport has ended meanwhile', () => {
      const { link, source, records, told } = openLink();
      link.pause();
      source.next(concat(...records));
      source.complete();
      expect(told).toEqual([]);
      link.resume();
      expect(told).toEqual([...(xx.received.initiator as string[]), 'ERR_TRANSPORT_CLOSED']);
    });

    it('gets it as well when this side had asked for the end', () => {
      const { link, source, records, told } = openLink();
      link.pause();
      link.complete();
      source.next(concat(...records));
      source.complete();
      link.resume();
      expect(told).toEqual([...(xx.received.initiator as string[]), 'complete']);
    });

    it('may pause before it is open', () => {
      const { link, source, told, subscribe, transport } = setUp();
      link.pause();
      subscribe();
      for (const frame of framesOf(xx, 'responder')) source.next(frame);
      expect(told).toEqual([]);
      expect(transport.calls).toEqual(['pause']);
      link.resume();
      expect(told).toEqual(xx.received.initiator as string[]);
    });

    it('may unsubscribe, end or send while it is told something', () => {
      for (const act of ['unsubscribe', 'complete', 'error', 'next'] as const) {
        const { link, source, sent, transport } = setUp('initiator', {
          session: keysOf(xx, 'initiator'),
          crypto: remembering(portableCrypto),
        });
        const got: string[] = [];
        const subscription = link.subscribe({
          next: payload => {
            got.push(hex(payload));
            if (act === 'unsubscribe') subscription.unsubscribe();
            else if (act === 'complete') link.complete();
            else if (act === 'error') link.error('mine');
            else link.next(payload);
          },
          error: error => got.push(String(error)),
          complete: () => got.push('complete'),
        });
        const [header, ...records] = framesOf(xx, 'responder').slice(1);
        source.next(concat(header, ...records));
        const [first, second] = xx.received.initiator as string[];
        expect(got).toEqual(
          { unsubscribe: [first], complete: [first, second], error: [first, 'mine'], next: [first, second] }[
            act
          ],
        );
        expect(sent.length).toBe(act === 'next' ? 3 : 1);
        expect(transport.calls.length).toBe(act === 'next' ? 0 : 1);
      }
    });
  });

  describe('the authorizer', () => {
    it('may answer with a Promise', async () => {
      for (const welcome of [true, false]) {
        const { source, subscribe, told, sent, transport } = setUp('initiator', {
          authorize: () => Promise.resolve(welcome),
        });
        subscribe();
        for (const frame of framesOf(xx, 'responder')) source.next(frame);
        expect(sent.length).toBe(1);
        expect(transport.calls).toEqual(['pause']);
        await silence();
        expect(told).toEqual(welcome ? (xx.received.initiator as string[]) : ['ERR_REMOTE_KEY_REJECTED']);
        expect(sent.length).toBe(welcome ? 3 : 1);
      }
    });

    it('does not matter any more when the link has ended', async () => {
      const { source, subscribe, told, sent } = setUp('initiator', {
        authorize: () => Promise.resolve(true),
      });
      const subscription = subscribe();
      source.next(framesOf(xx, 'responder')[0]);
      subscription.unsubscribe();
      await silence();
      expect(told).toEqual([]);
      expect(sent.length).toBe(1);
    });
  });

  describe('writable', () => {
    it("is the transport's, and completes with the link", () => {
      const writable = new BehaviorSubject(false);
      const { link, transport } = setUp();
      Object.defineProperty(transport, 'writable', { value: writable });
      const told: unknown[] = [];
      link.writable.subscribe({ next: value => told.push(value), complete: () => told.push('complete') });
      writable.next(true);
      writable.error(new Error('is told elsewhere'));
      expect(told).toEqual([false, true]);
      link.cut();
      expect(told).toEqual([false, true, 'complete']);
      link.writable.subscribe({ next: value => told.push(value), complete: () => told.push('complete') });
      expect(told.at(-1)).toBe('complete');
    });
  });

  describe('release()', () => {
    it('gives what was not consumed to whoever comes, in order, with what arrives meanwhile', () => {
      const { link, source, records, told, scheduler } = openLink();
      link.pause();
      source.next(concat(...records));
      const released = link.release();
      expect(told).toEqual(['complete']);
      expect(scheduler.timers).toBe(0);
      expect(source.observed).toBeTrue();
      source.next(unhex('01'));
      const got: string[] = [];
      const subscription = released.subscribe(chunk => {
        got.push(hex(chunk));
        if (got.length === 1) source.next(unhex('02'));
      });
      source.next(unhex('03'));
      expect(got).toEqual([hex(concat(...records)), '01', '02', '03']);
      subscription.unsubscribe();
      expect(source.observed).toBeFalse();
      // From then on it is the transport and nothing else.
      released.subscribe(chunk => got.push(hex(chunk)));
      source.next(unhex('04'));
      expect(got.at(-1)).toBe('04');
    });

    it('passes everything else on to the transport', () => {
      const { link, transport, sent } = openLink();
      const released = link.release();
      transport.queuedBytes = 7;
      released.next(unhex('05'));
      expect(hex(sent.at(-1)!)).toBe('05');
      expect(released.queuedBytes).toBe(7);
      const writable: boolean[] = [];
      released.writable!.subscribe(value => writable.push(value));
      expect(writable).toEqual([true]);
      released.resume!();
      released.subscribe();
      released.pause!();
      released.resume!();
      released.complete();
      released.error(new Error('mine'));
      expect(transport.calls).toEqual([
        'pause',
        'resume',
        'pause',
        'resume',
        'complete',
        'error Error: mine',
      ]);
    });

    it('passes on how the transport ends, before and after', () => {
      for (const late of [false, true]) {
        for (const how of ['complete', 'error'] as const) {
          const { link, source } = openLink();
          const released = link.release();
          const told: string[] = [];
          const end = (): void => (how === 'complete' ? source.complete() : source.error('reset'));
          if (late) end();
          released.subscribe({
            error: error => told.push(codeOf(error)),
            complete: () => told.push('complete'),
          });
          if (!late) end();
          expect(told).toEqual([how === 'complete' ? 'complete' : 'ERR_TRANSPORT_FAILED']);
        }
      }
      const { link, source, records } = openLink();
      link.pause();
      source.next(records[0]);
      source.complete();
      const told: string[] = [];
      link
        .release()
        .subscribe({ next: chunk => told.push(hex(chunk)), complete: () => told.push('complete') });
      expect(told).toEqual([hex(records[0]), 'complete']);
    });

    it('keeps no more than it may, by one', () => {
      const { link, source, transport } = openLink({ limits: { maxEarlyBytes: 10 } });
      source.next(unhex('aabb'));
      const released = link.release();
      source.next(new Uint8Array(10));
      expect(transport.calls).toEqual(['pause']);
      source.next(new Uint8Array(1));
      expect(source.observed).toBeFalse();
      expect(transport.calls).toEqual(['pause', 'error ERR_LIMIT_EXCEEDED']);
      let failure: unknown;
      released.subscribe({ error: (error: unknown) => (failure = error) });
      expect(comparable(failure)).toEqual(comparable(new LimitExceededError('maxEarlyBytes', 12, 13)));
    });

    it('stops with take(1)', () => {
      const { link, source, transport } = openLink();
      const released = link.release();
      source.next(unhex('01'));
      source.next(unhex('02'));
      const got: string[] = [];
      released.pipe(take(1)).subscribe(chunk => got.push(hex(chunk)));
      expect(got).toEqual(['01']);
      expect(source.observed).toBeFalse();
      expect(transport.calls).toEqual(['pause']);
    });

    it('before anything began: the transport itself', () => {
      const { link, transport, opened, subscribe, told } = setUp();
      expect(link.release() as unknown).toBe(transport);
      expect(opened).toEqual(['complete']);
      subscribe();
      expect(told).toEqual(['complete']);
    });

    it('lets both sides go on in plain bytes', async () => {
      const crypto = remembering(portableCrypto);
      const links = memoryPair().map(
        (transport, i) =>
          new SecureLink(transport, { crypto, initiator: i === 0, limits: { keepAliveMs: 0 } }),
      );
      const got: string[][] = [[], []];
      links.forEach((link, i) => link.subscribe(payload => got[i].push(hex(payload))));
      await silence();
      links[0].next(unhex('01'));
      links[1].next(unhex('02'));
      await silence();
      const released: Transport[] = links.map(link => link.release());
      released.forEach(transport => transport.next(unhex('ff')));
      await silence();
      released.forEach((transport, i) => transport.subscribe(chunk => got[i].push(hex(chunk))));
      await silence();
      released[0].complete();
      expect(got).toEqual([
        ['02', 'ff'],
        ['01', 'ff'],
      ]);
    });
  });

  it('completes within complete() if the transport does, and leaves no timer', () => {
    const { link, transport, source, told, scheduler } = openLink();
    transport.onComplete = () => source.complete();
    link.complete();
    expect(told).toEqual(['complete']);
    expect(scheduler.timers).toBe(0);
  });

  it('works on any Subject', () => {
    const source = new Subject<Uint8Array>();
    const link = new SecureLink(source, { crypto: remembering(portableCrypto), initiator: true });
    const told: string[] = [];
    link.subscribe({ next: () => told.push('payload'), error: error => told.push(codeOf(error)) });
    // What it sends to a bare subject comes back to it.
    expect(told).toEqual(['ERR_FOREIGN_PROTOCOL']);
    expect(source.observed).toBeFalse();
    expect(source.hasError).toBeTrue();
  });

  it('takes synchronous links as they are', () => {
    // Two ends that call each other: everything happens within the subscription.
    const crypto = remembering(portableCrypto);
    const [toA, toB] = [new Subject<Uint8Array>(), new Subject<Uint8Array>()];
    const [a, b] = [new ProbeTransport(toA), new ProbeTransport(toB)];
    a.onNext = chunk => toB.next(chunk);
    b.onNext = chunk => toA.next(chunk);
    const scheduler = new Clock();
    const [linkA, linkB] = [
      new SecureLink(a, { crypto, scheduler, initiator: true }),
      new SecureLink(b, { crypto, scheduler, initiator: false, authorize: () => of(true) }),
    ];
    const got: string[] = [];
    linkB.subscribe(payload => {
      got.push(hex(payload));
      linkB.next(concat(payload, unhex('ff')));
    });
    linkA.opened.subscribe(() => linkA.next(unhex('01')));
    const subscription = linkA.subscribe(payload => {
      got.push(hex(payload));
      if (payload.length < 4) linkA.next(payload);
    });
    expect(got).toEqual(['01', '01ff', '01ff', '01ffff', '01ffff', '01ffffff']);
    subscription.unsubscribe();
    linkB.cut();
    expect(scheduler.timers).toBe(0);
  });
});
