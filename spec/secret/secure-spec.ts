import { catchError, EMPTY, map, mergeMap, NEVER, of, switchMap, take } from 'rxjs';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { TransportClosedError } from '../../lib/errors.js';
import { secure } from '../../lib/secret/secure.js';
import type { SecureLinkOptions } from '../../lib/secret/SecureLink.js';
import { fill, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';
import { ProbeTransport } from './ProbeTransport.js';
import { framesOf, keysOf, optionsOf, wire } from './wire.js';

const conversation = wire.conversations[0];
const [message2, remoteHeader, record1, record2] = framesOf(conversation, 'responder');
const inbound = { 2: message2, h: remoteHeader, a: record1, b: record2 };
const payloads = { a: unhex('776f726c64'), b: unhex('68690a') };
const limits = { handshakeTimeoutMs: 0, idleTimeoutMs: 0, keepAliveMs: 0, closeTimeoutMs: 0 };

const options = (): SecureLinkOptions => ({ ...optionsOf(conversation, 'initiator'), limits });
/** From an agreed session on, so that one value of options serves many connections. */
const agreed: SecureLinkOptions = {
  crypto: portableCrypto,
  initiator: true,
  session: keysOf(conversation, 'initiator'),
  limits,
};

describe('secure', () => {
  it('emits the link when it is open, and its payloads to whoever takes the link', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--2--h--ab', inbound);
      const links = of(new ProbeTransport(source)).pipe(secure(options()));
      expectObservable(links.pipe(switchMap(link => link)), '-----------!').toBe('--------ab', payloads);
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('says when it is open', () => {
    marbles(({ hot, expectObservable }) => {
      const links = of(new ProbeTransport(hot('--2--h', inbound))).pipe(secure(options()));
      expectObservable(links.pipe(map(link => link.session!.handshakeHash)), '------!').toBe('--s', {
        s: unhex(conversation.handshakeHash),
      });
    });
  });

  it('unsubscribing tears down, before it is open and after', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      for (const [unsub, expected] of [
        ['-!', '-'],
        ['----!', '--l'],
      ]) {
        const source = hot('--2--h', inbound);
        const links = of(new ProbeTransport(source)).pipe(secure(options()));
        expectObservable(links.pipe(map(() => 'l')), unsub).toBe(expected);
        expectSubscriptions(source.subscriptions).toBe(unsub.replace('-', '^'));
      }
    });
  });

  it('fails with what failed before it was open', () => {
    marbles(({ hot, expectObservable }) => {
      const links = of(new ProbeTransport(hot<Uint8Array>('---|'))).pipe(secure(options()));
      expectObservable(links).toBe('---#', {}, new TransportClosedError('handshake'));
    });
  });

  it('leaves what fails afterwards to the subscriber of the link, and completes', () => {
    marbles(({ hot, expectObservable }) => {
      const failure = new TransportClosedError('open');
      const links = () => of(new ProbeTransport(hot('--2--h--|', inbound))).pipe(secure(options()));
      expectObservable(links().pipe(switchMap(link => link))).toBe('--------#', {}, failure);
      expectObservable(links().pipe(switchMap(link => link.pipe(catchError(() => EMPTY))))).toBe('--------|');
      // Ends as well if nobody takes the link.
      expectObservable(links().pipe(map(() => 'l'))).toBe('--l-----|');
    });
  });

  it('ends a link that its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('h-ab', inbound);
      const links = of(new ProbeTransport(source)).pipe(secure(agreed));
      expectObservable(links.pipe(mergeMap(link => link.pipe(take(1))))).toBe('--(a|)', payloads);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('empty, never and failing sources', () => {
    marbles(({ cold, hot, expectObservable }) => {
      expectObservable(EMPTY.pipe(secure(agreed))).toBe('|');
      expectObservable(NEVER.pipe(secure(agreed))).toBe('-');
      expectObservable(cold<ProbeTransport>('-#', {}, 'down').pipe(secure(agreed))).toBe('-#', {}, 'down');
      // A source that fails takes its connections with it.
      const inner = hot('-h-a', inbound);
      const source = cold('t-#', { t: new ProbeTransport(inner) }, 'down');
      expectObservable(
        source.pipe(
          secure(agreed),
          switchMap(link => link),
        ),
      ).toBe('--#', {}, 'down');
    });
  });

  it('serves many transports at once, each with a state of its own', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const chunks = cold('-h--ab', inbound);
      const transports = hot('x-y|', { x: new ProbeTransport(chunks), y: new ProbeTransport(chunks) });
      expectObservable(
        transports.pipe(
          secure(agreed),
          mergeMap(link => link),
        ),
        '---------!',
      ).toBe('----abab', payloads);
      expectSubscriptions(chunks.subscriptions).toBe(['^--------!', '--^------!']);
    });
  });

  it('refuses options that make no sense, at once', () => {
    expect(() => secure({ ...agreed, pattern: 'NN' as 'XX' })).toThrowError(RangeError);
    expect(() => secure({ ...agreed, encrypted: false })).toThrowError(TypeError);
    expect(() => secure({ ...agreed, remotePublicKey: fill(3, 1) })).toThrowError(RangeError);
    expect(() =>
      secure({ crypto: portableCrypto, initiator: true, handshake: false, authorize: () => true }),
    ).toThrowError(TypeError);
  });
});
