import { delay, EMPTY, map, merge, NEVER, of, Subject, take, throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  FrameTruncatedError,
  LimitExceededError,
  RemoteKeyRejectedError,
  TimeoutExceededError,
  TransportClosedError,
  TransportFailedError,
} from '../../lib/errors.js';
import type { Limits } from '../../lib/limits.js';
import { SecureLink, type SecureLinkOptions } from '../../lib/secret/SecureLink.js';
import { hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { ProbeTransport } from './ProbeTransport.js';
import { framesOf, keysOf, optionsOf, remembering, wire } from './wire.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';

const conversation = wire.conversations[0];
const [message2, remoteHeader, record1, record2] = framesOf(conversation, 'responder');
const [message1, message3, ownHeader] = framesOf(conversation, 'initiator');

/** What the remote sends: 2 its handshake message, h its header, a and b its records; t is half a record. */
const inbound = { 2: message2, h: remoteHeader, a: record1, b: record2, t: record2.subarray(0, 5) };
/** What this side sends: 1 and 3 its handshake messages, H its header. */
const outbound = { 1: message1, 3: message3, H: ownHeader };
const payloads = { a: unhex('776f726c64'), b: unhex('68690a') };

const noTimers: Partial<Limits> = {
  handshakeTimeoutMs: 0,
  idleTimeoutMs: 0,
  keepAliveMs: 0,
  closeTimeoutMs: 0,
};

/** This side of the recorded connection: the initiator. */
function link(
  source: Observable<Uint8Array>,
  limits: Partial<Limits> = {},
  options: Partial<SecureLinkOptions> = {},
): { link: SecureLink; transport: ProbeTransport } {
  const transport = new ProbeTransport(source);
  const { session: _session, ...recorded } = optionsOf(conversation, 'initiator');
  return {
    transport,
    link: new SecureLink(transport, { ...recorded, limits: { ...noTimers, ...limits }, ...options }),
  };
}

describe('SecureLink in marbles', () => {
  it('turns frames into payloads, and says when it is open', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --2--h--a-(bt)-', inbound);
      const { link: secured, transport } = link(source);
      expectObservable(transport.sent).toBe('1-(3H)', outbound);
      expectObservable(secured.opened.pipe(map(session => hex(session!.handshakeHash)))).toBe('--(s|)', {
        s: conversation.handshakeHash,
      });
      const unsub = '       ----------------!';
      expectObservable(secured, unsub).toBe('--------a-b----', payloads);
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
    });
  });

  it('starts nothing until it is subscribed, however many ask whether it is open', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--2--h--a|', inbound);
      const { link: secured, transport } = link(source);
      expectObservable(secured.opened).toBe('');
      expectObservable(secured.writable).toBe('t', { t: true });
      expectObservable(transport.sent).toBe('');
      expectSubscriptions(source.subscriptions).toBe([]);
    });
  });

  it('never: waits', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot<Uint8Array>('---------');
      expectObservable(link(source).link, '----!').toBe('-----');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('the remote ends: an error that says how far it had come', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const cases: [string, string, Error][] = [
        ['    |', '           #', new TransportClosedError('handshake')],
        ['    --2-|', '       ----#', new TransportClosedError('header')],
        ['    --2-h-a-|', '   ------a-#', new TransportClosedError('open')],
        ['    --2-h-t-|', '   --------#', new FrameTruncatedError(5)],
      ];
      for (const [source, expected, error] of cases) {
        const chunks = hot(source.trim(), inbound);
        const { link: secured } = link(chunks);
        const opened = secured.opened.pipe(map(() => 's'));
        expectObservable(opened).toBe(source.includes('2') ? '--(s|)' : '#', undefined, error);
        expectObservable(secured).toBe(expected.trim(), payloads, error);
        expectSubscriptions(chunks.subscriptions).toBe(
          source.trim() === '|' ? '(^!)' : `^${'-'.repeat(source.trim().indexOf('|') - 1)}!`,
        );
      }
    });
  });

  it('the transport fails: its error as a cause, in each phase', () => {
    marbles(({ hot, expectObservable }) => {
      for (const [source, expected, phase] of [
        ['#', '          #', 'handshake'],
        ['--2-#', '      ----#', 'header'],
        ['--2-h-#', '    ------#', 'open'],
        ['--2-h-a-#', '  ------a-#', 'open'],
      ] as const) {
        const { link: secured, transport } = link(hot(source, inbound, 'reset'));
        expectObservable(secured).toBe(expected.trim(), payloads, new TransportFailedError('reset', phase));
        expectObservable(
          of(transport).pipe(
            delay(50),
            map(({ calls }) => calls),
          ),
        ).toBe('50ms (c|)', {
          c: ['error ERR_TRANSPORT_FAILED'],
        });
      }
    });
  });

  it('the transport fails with an error of this library: that one', () => {
    marbles(({ cold, expectObservable }) => {
      const error = new TimeoutExceededError('connect', 7);
      expectObservable(link(cold('-#', {}, error)).link).toBe('-#', {}, error);
    });
  });

  it('unsubscribed in each phase: the transport is torn down and free', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      for (const [unsub, expected, sent] of [
        ['-!', '         -', '             1'],
        ['---!', '       ---', '           1-(3H)'],
        ['-----!', '     -----', '         1-(3H)'],
        ['-------!', '   ------a', '        1-(3H)'],
      ]) {
        const source = hot('--2-h-a-b', inbound);
        const { link: secured, transport } = link(source, {
          keepAliveMs: 9,
          handshakeTimeoutMs: 9,
          idleTimeoutMs: 9,
        });
        expectObservable(transport.sent).toBe(sent.trim(), outbound);
        expectObservable(secured.opened.pipe(map(() => 's'))).toBe(sent.includes('3') ? '--(s|)' : '-|');
        expectObservable(secured, unsub).toBe(expected.trim(), payloads);
        expectSubscriptions(source.subscriptions).toBe(unsub.replace('-', '^'));
        expectObservable(
          of(transport).pipe(
            delay(50),
            map(({ calls }) => calls),
          ),
        ).toBe('50ms (c|)', {
          c: ['error ERR_TRANSPORT_CLOSED'],
        });
      }
    });
  });

  it('a synchronous source stops with take(1)', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('(2hab)', inbound);
      expectObservable(link(source).link.pipe(take(1))).toBe('(a|)', payloads);
      expectSubscriptions(source.subscriptions).toBe('(^!)');
      let pulled = 0;
      const endless = of(message2, remoteHeader, record1, record2, record2, record2).pipe(
        map(chunk => (pulled++, chunk)),
      );
      expectObservable(link(endless).link.pipe(take(1))).toBe('(a|)', payloads);
      expect(pulled).toBe(0);
      expectObservable(timer(1).pipe(map(() => pulled))).toBe('-(p|)', { p: 3 });
    });
  });

  describe('timers', () => {
    it('handshake timeout, in each phase before the header', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const cases: [string, Partial<SecureLinkOptions>, 'handshake' | 'authorize' | 'header'][] = [
          ['---', {}, 'handshake'],
          ['--2', {}, 'header'],
          ['--2', { authorize: () => NEVER }, 'authorize'],
        ];
        for (const [source, options, phase] of cases) {
          const chunks = hot(source, inbound);
          const { link: secured } = link(chunks, { handshakeTimeoutMs: 20 }, options);
          expectObservable(secured).toBe('20ms #', {}, new TimeoutExceededError(phase, 20));
          expectSubscriptions(chunks.subscriptions).toBe('^ 19ms !');
        }
        const { link: done } = link(hot('--2--h', inbound), { handshakeTimeoutMs: 20 });
        expectObservable(done, '50ms !').toBe('');
      });
    });

    it('handshake timeout off', () => {
      marbles(({ hot, expectObservable }) => {
        expectObservable(link(hot<Uint8Array>('-')).link, '60m !').toBe('');
      });
    });

    it('keep-alive: an empty record when nothing was sent for that long, refreshed by every write', () => {
      marbles(({ hot, expectObservable }) => {
        const { link: secured, transport } = link(hot('--2--h', inbound), { keepAliveMs: 10 });
        const lengths = transport.sent.pipe(map(frame => frame.length));
        // Sent: header at 2, a payload at 7, keep-alives at 17 and 27, a payload at 30, a keep-alive at 40.
        expectObservable(lengths).toBe('m-(nh) - p 9ms k 9ms k -- q 9ms k', {
          m: 35,
          n: 67,
          h: 59,
          k: 20,
          p: 21,
          q: 22,
        });
        expectObservable(
          hot('-------p 22ms q').pipe(map(at => secured.next(new Uint8Array(at === 'p' ? 1 : 2)))),
        ).toBe('-------u 22ms u', { u: undefined });
        expectObservable(secured, '45ms !').toBe('');
      });
    });

    it('keep-alive without encryption: an empty frame', () => {
      marbles(({ hot, expectObservable }) => {
        const { link: secured, transport } = link(
          hot<Uint8Array>('-'),
          { keepAliveMs: 5 },
          { handshake: false },
        );
        expectObservable(transport.sent).toBe('-----k----k', { k: unhex('000000') });
        expectObservable(secured, '12ms !').toBe('');
      });
    });

    it('idle: no byte from the remote for that long', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--h--a--t', inbound);
        const { link: secured } = link(source, { idleTimeoutMs: 10, keepAliveMs: 3 });
        expectObservable(secured).toBe('--------a 12ms #', payloads, new TimeoutExceededError('idle', 10));
        expectSubscriptions(source.subscriptions).toBe('^ 20ms !');
      });
    });

    it('idle: not while it does not read itself', () => {
      marbles(({ hot, expectObservable }) => {
        const source = hot('--2--h-', inbound);
        const { link: secured } = link(source, { idleTimeoutMs: 10 });
        expectObservable(
          hot('------p 92ms r').pipe(map(at => (at === 'p' ? secured.pause() : secured.resume()))),
        ).toBe('------u 92ms u', { u: undefined });
        expectObservable(secured).toBe('109ms #', {}, new TimeoutExceededError('idle', 10));
      });
    });
  });

  describe('authorizer', () => {
    const refused = new RemoteKeyRejectedError();

    it('yes, at once or later: then the handshake goes on', () => {
      marbles(({ hot, expectObservable }) => {
        const asked: string[] = [];
        for (const [authorize, sent] of [
          [() => true, '                       1-(3H)'],
          [() => of(true), '                   1-(3H)'],
          [() => of(true, false), '            1-(3H)'],
          [() => merge(of(true), NEVER), '     1-(3H)'],
          [() => timer(3).pipe(map(() => true)), '1----(3H)'],
        ] as const) {
          const { link: secured, transport } = link(
            hot('--2--------ha', inbound),
            { handshakeTimeoutMs: 20 },
            { authorize: key => (asked.push(hex(key)), authorize()) },
          );
          expectObservable(transport.sent).toBe(sent.trim(), outbound);
          expectObservable(secured, '30ms !').toBe('------------a', payloads);
        }
        expectObservable(timer(50).pipe(map(() => asked))).toBe('50ms (k|)', {
          k: Array<string>(5).fill(conversation.responder.staticPublicKey),
        });
      });
    });

    it('no, nothing, or an error: nothing more is sent', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const cases: [() => Observable<boolean> | boolean, string, Error][] = [
          [() => false, '--#', refused],
          [() => of(false), '--#', refused],
          [() => of(false, true), '--#', refused],
          [() => EMPTY, '--#', refused],
          [() => timer(3).pipe(map(() => false)), '-----#', refused],
          [() => throwError(() => 'down'), '--#', new RemoteKeyRejectedError('down')],
          [
            () => {
              throw new Error('broken');
            },
            '--#',
            new RemoteKeyRejectedError(new Error('broken')),
          ],
          [() => 1 as unknown as boolean, '--#', new RemoteKeyRejectedError(new TypeError(notObservable(1)))],
          [() => of('yes') as unknown as Observable<boolean>, '--#', refused],
        ];
        for (const [authorize, expected, error] of cases) {
          const source = hot('--2--------ha', inbound);
          const { link: secured, transport } = link(source, {}, { authorize });
          expectObservable(transport.sent).toBe('1', outbound);
          expectObservable(secured.opened).toBe(expected, {}, error);
          expectObservable(secured).toBe(expected, {}, error);
          expectSubscriptions(source.subscriptions).toBe(expected.replace('-', '^').replace('#', '!'));
        }
      });
    });

    it('pauses the transport while it thinks, and is dropped when the link ends', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--(ha)', inbound);
        const verdict = cold('----t', { t: true });
        const { link: secured, transport } = link(source, {}, { authorize: () => verdict });
        expectObservable(secured, '---------!').toBe('------a', payloads);
        expectSubscriptions(verdict.subscriptions).toBe('--^---!');
        const given = cold('----t', { t: true });
        expectObservable(link(hot('--2', inbound), {}, { authorize: () => given }).link, '----!').toBe('');
        expectSubscriptions(given.subscriptions).toBe('--^-!');
        expectObservable(timer(20).pipe(map(() => transport.calls))).toBe('20ms (c|)', {
          c: ['pause', 'resume', 'error ERR_TRANSPORT_CLOSED'],
        });
      });
    });

    it('bytes that come meanwhile are limited, by one', () => {
      marbles(({ hot, expectObservable }) => {
        const limits = { maxEarlyBytes: remoteHeader.length };
        const { link: secured } = link(hot('--2--h-t', inbound), limits, { authorize: () => NEVER });
        expectObservable(secured).toBe(
          '-------#',
          {},
          new LimitExceededError('maxEarlyBytes', remoteHeader.length, remoteHeader.length + 5),
        );
      });
    });
  });

  describe('ending', () => {
    it('complete(): goes on receiving until the remote ends too, and sends nothing more', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--h-----a--|', inbound);
        const { link: secured, transport } = link(source, {
          closeTimeoutMs: 50,
          keepAliveMs: 4,
          idleTimeoutMs: 6,
        });
        expectObservable(transport.sent).toBe('1-(3H)', outbound);
        expectObservable(
          hot('-----c--n').pipe(map(at => (at === 'c' ? secured.complete() : secured.next(payloads.a)))),
        ).toBe('-----u--u', { u: undefined });
        expectObservable(secured).toBe('-----------a--|', payloads);
        expectSubscriptions(source.subscriptions).toBe('^-------------!');
        expectObservable(timer(99).pipe(map(() => transport.calls))).toBe('99ms (c|)', { c: ['complete'] });
      });
    });

    it('complete(): cuts a remote that does not end in time', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--h-----a----', inbound);
        const { link: secured, transport } = link(source, { closeTimeoutMs: 10 });
        expectObservable(hot('------c').pipe(map(() => secured.complete()))).toBe('------u', {
          u: undefined,
        });
        expectObservable(secured).toBe('-----------a----|', payloads);
        expectSubscriptions(source.subscriptions).toBe('^---------------!');
        expectObservable(timer(99).pipe(map(() => transport.calls))).toBe('99ms (c|)', {
          c: ['complete', 'error ERR_TRANSPORT_CLOSED'],
        });
      });
    });

    it('complete(): an end inside a frame, and a failure, are still errors', () => {
      marbles(({ hot, expectObservable }) => {
        for (const [source, error] of [
          ['--2--h--t--|', new FrameTruncatedError(5)],
          ['--2--h-----#', new TransportFailedError('reset', 'close')],
        ] as const) {
          const { link: secured } = link(hot(source, inbound, 'reset'));
          expectObservable(hot('------c').pipe(map(() => secured.complete()))).toBe('------u', {
            u: undefined,
          });
          expectObservable(secured).toBe('-----------#', {}, error);
        }
      });
    });

    it('complete() before it is open: says nothing more, and waits for the remote to end', () => {
      marbles(({ hot, expectObservable }) => {
        const { link: secured, transport } = link(hot('---2--h--|', inbound), { handshakeTimeoutMs: 5 });
        expectObservable(transport.sent).toBe('1', outbound);
        expectObservable(hot('--c').pipe(map(() => secured.complete()))).toBe('--u', { u: undefined });
        expectObservable(secured.opened).toBe('--|');
        expectObservable(secured.writable).toBe('t--------|', { t: true });
        expectObservable(secured).toBe('---------|');
      });
    });

    it('error(): tears down, with that error', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--h---a', inbound);
        const { link: secured } = link(source);
        expectObservable(hot('------e').pipe(map(() => secured.error('mine')))).toBe('------u', {
          u: undefined,
        });
        expectObservable(secured).toBe('------#', {}, 'mine');
        expectSubscriptions(source.subscriptions).toBe('^-----!');
      });
    });

    it('release(): completes, and the transport goes on where it stopped', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('--2--h--a---(tx)---y--|', { ...inbound, x: unhex('aa'), y: unhex('bb') });
        const { link: secured, transport } = link(source, { keepAliveMs: 30, idleTimeoutMs: 5 });
        const released = hot('-------------r').pipe(
          map(() => secured.release()),
          // What is left waits until somebody comes for it.
          delay(2),
        );
        const rest = new Subject<Uint8Array>();
        expectObservable(rest).toBe('---------------(tx)y--|'.replace('(tx)', 'k---'), {
          k: unhex(hex(inbound.t) + 'aa'),
          y: unhex('bb'),
        });
        expectObservable(released.pipe(map(t => void t.subscribe(rest)))).toBe('---------------u', {
          u: undefined,
        });
        expectObservable(secured).toBe('--------a----|', payloads);
        expectSubscriptions(source.subscriptions).toBe('^---------------------!');
        expectObservable(timer(99).pipe(map(() => transport.calls))).toBe('99ms (c|)', {
          c: ['pause', 'resume'],
        });
      });
    });
  });

  it('two subscriptions to one kind of link share no state', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('--2--h--ab', inbound);
      expectObservable(link(source).link, '----------!').toBe('--------ab', payloads);
      expectObservable(link(source).link, '---^---------!').toBe('-----------ab', payloads);
    });
  });

  it('skips the handshake with a session that was agreed elsewhere', () => {
    marbles(({ hot, expectObservable }) => {
      const { link: secured, transport } = link(
        hot('---ha', inbound),
        {},
        { crypto: remembering(portableCrypto), session: keysOf(conversation, 'initiator') },
      );
      expectObservable(transport.sent.pipe(map(frame => frame.length))).toBe('h', { h: 59 });
      expectObservable(secured.opened.pipe(map(() => 's'))).toBe('(s|)');
      expectObservable(secured, '------!').toBe('----a', payloads);
    });
  });
});

function notObservable(value: unknown): string {
  return (
    `You provided '${String(value)}' where a stream was expected. ` +
    'You can provide an Observable, Promise, ReadableStream, Array, AsyncIterable, or Iterable.'
  );
}
