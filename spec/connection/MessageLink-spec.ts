import { NEVER, of, Subject, VirtualTimeScheduler } from 'rxjs';
import type { Limits } from '../../lib/limits.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import { MessageLink, type MessageLinkOptions } from '../../lib/connection/MessageLink.js';
import type { SecuredTransport } from '../../lib/connection/SecuredTransport.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import {
  FrameTooLargeError,
  RemoteKeyMismatchError,
  RemoteKeyRejectedError,
  TransportFailedError,
} from '../../lib/errors.js';
import { fill, hex } from '../helpers/bytes.js';

function setUp(limits: Partial<Limits> = {}, more: Partial<MessageLinkOptions> = {}) {
  const scheduler = new VirtualTimeScheduler();
  const inbound = new Subject<Uint8Array>();
  const log: string[] = [];
  const session = {
    initiator: true,
    publicKey: fill(32, 1),
    remotePublicKey: fill(32, 2),
    handshakeHash: fill(64, 3),
  };
  const queue = { bytes: 0 };
  const transport = Object.assign(new Subject<Uint8Array>(), {
    session,
    subscribe: inbound.subscribe.bind(inbound),
    next: (chunk: Uint8Array) => log.push(`sent ${hex(chunk)}`),
    complete: () => log.push('ended'),
    error: () => log.push('torn down'),
    pause: () => log.push('paused'),
    resume: () => log.push('resumed'),
  }) as unknown as SecuredTransport;
  Object.defineProperty(transport, 'queuedBytes', { get: () => queue.bytes });
  const link = new MessageLink(transport, {
    crypto: portableCrypto,
    ...more,
    limits: { maxFrameBytes: 4, closeTimeoutMs: 50, ...limits },
    scheduler,
  });
  const heard: string[] = [];
  const subscribe = () =>
    link.subscribe({
      next: payload => heard.push(hex(payload)),
      error: (error: { code: string }) => heard.push(error.code),
      complete: () => heard.push('complete'),
    });
  return { link, inbound, log, heard, scheduler, session, subscribe, queue };
}

describe('MessageLink', () => {
  it('is open once it is subscribed and passes payloads as they are', () => {
    const { link, inbound, log, heard, session, subscribe } = setUp();
    expect(inbound.observed).toBeFalse();
    const opened: unknown[] = [];
    link.opened.subscribe(value => opened.push(value));
    expect(opened).toEqual([]);
    subscribe();
    expect(opened).toEqual([session]);
    inbound.next(fill(4, 7));
    inbound.next(fill(0, 7)); // a keep-alive that its maker let through
    link.sendInPlace(fill(10, 9), 4, 6);
    link.pause();
    link.resume();
    expect(heard).toEqual(['07070707']);
    expect(log).toEqual(['sent 0909', 'paused', 'resumed']);
  });

  it('holds the remote to the pin and the authorizer, as on any connection', () => {
    const pinned = setUp({}, { remotePublicKey: fill(32, 9) });
    pinned.subscribe();
    expect(pinned.heard).toEqual([new RemoteKeyMismatchError().code]);
    expect(pinned.log).toEqual(['torn down']);

    const right = setUp({}, { remotePublicKey: fill(32, 2), authorize: key => key[0] === 2 });
    right.subscribe();
    right.inbound.next(fill(1, 7));
    expect(right.heard).toEqual(['07']);

    const refused = setUp({}, { authorize: () => false });
    refused.subscribe();
    expect(refused.heard).toEqual([new RemoteKeyRejectedError().code]);

    const verdict = new Subject<boolean>();
    const asked = setUp({}, { authorize: () => verdict });
    const opened: unknown[] = [];
    asked.link.opened.subscribe(value => opened.push(value));
    asked.subscribe();
    asked.inbound.next(fill(1, 7)); // waits for the verdict
    expect([opened, asked.heard]).toEqual([[], []]);
    verdict.next(true);
    expect(opened.length).toBe(1);
    expect(asked.heard).toEqual(['07']);

    const silent = setUp({}, { authorize: () => NEVER });
    silent.subscribe();
    silent.scheduler.flush();
    expect(silent.heard).toEqual(['ERR_TIMEOUT']);
    expect(silent.scheduler.now()).toBe(15_000);
  });

  it('waits as long as it takes with closeTimeoutMs 0', () => {
    const { link, heard, scheduler, subscribe } = setUp({ closeTimeoutMs: 0 });
    subscribe();
    link.complete();
    scheduler.flush();
    expect(heard).toEqual([]);
  });

  it('refuses a session of the other role', () => {
    const errors: unknown[] = [];
    const transport = Object.assign(new Subject<Uint8Array>(), {
      session: {
        initiator: true,
        publicKey: fill(32, 1),
        remotePublicKey: fill(32, 2),
        handshakeHash: fill(64, 3),
      },
    });
    of(transport)
      .pipe(hypercoreProtocol({ initiator: false }))
      .subscribe({ error: error => errors.push(error) });
    expect(errors).toEqual([jasmine.any(TypeError)]);
  });

  it('refuses a payload above maxFrameBytes and tears down', () => {
    const { inbound, log, heard, subscribe } = setUp();
    subscribe();
    inbound.next(fill(5, 7));
    expect(heard).toEqual([new FrameTooLargeError(5, 4).code]);
    expect(log).toEqual(['torn down']);
    expect(inbound.observed).toBeFalse();
  });

  it('ends in order: asks, waits for the remote, and cuts after closeTimeoutMs', () => {
    const answered = setUp();
    answered.subscribe();
    answered.link.complete();
    answered.link.complete();
    expect(answered.log).toEqual(['ended']);
    answered.inbound.complete();
    expect(answered.heard).toEqual(['complete']);
    answered.scheduler.flush();
    expect(answered.scheduler.now()).toBe(0); // its timer is gone

    const silent = setUp();
    silent.subscribe();
    silent.link.complete();
    silent.scheduler.flush();
    expect(silent.scheduler.now()).toBe(50);
    expect(silent.heard).toEqual(['complete']);
    expect(silent.log).toEqual(['ended', 'torn down']);
  });

  it('reports an end it did not ask for, and a failure, typed', () => {
    const ended = setUp();
    ended.subscribe();
    ended.inbound.complete();
    expect(ended.heard).toEqual(['ERR_TRANSPORT_CLOSED']);
    const failed = setUp();
    failed.subscribe();
    failed.inbound.error(new Error('reset'));
    expect(failed.heard).toEqual([new TransportFailedError().code]);
  });

  it('tears down on unsubscription, and leaves a released transport alone', () => {
    const cut = setUp();
    cut.subscribe().unsubscribe();
    expect(cut.log).toEqual(['torn down']);
    const released = setUp();
    const subscription = released.subscribe();
    expect(released.link.release()).toBeDefined();
    subscription.unsubscribe();
    expect(released.log).toEqual([]);
    expect(released.inbound.observed).toBeFalse();
  });

  it('emits nothing while paused, whatever its transport does, and then all of it in order', () => {
    const { link, inbound, log, heard, subscribe } = setUp();
    subscribe();
    link.pause();
    inbound.next(fill(1, 1));
    inbound.next(fill(1, 2));
    expect(heard).toEqual([]);
    link.resume();
    inbound.next(fill(1, 3));
    expect(heard).toEqual(['01', '02', '03']);
    expect(log).toEqual(['paused', 'resumed']);
  });

  it('stops again where a payload makes its receiver pause, and keeps what comes meanwhile behind the rest', () => {
    const { link, inbound, log, heard, subscribe } = setUp();
    subscribe();
    link.pause();
    for (const byte of [1, 2, 3]) inbound.next(fill(1, byte));
    const pausing = link as unknown as { subscriber: { next(payload: Uint8Array): void } };
    const next = pausing.subscriber.next.bind(pausing.subscriber);
    pausing.subscriber.next = payload => {
      next(payload);
      if (payload[0] === 1) inbound.next(fill(1, 4));
      if (payload[0] === 2) link.pause();
    };
    link.resume();
    expect(heard).toEqual(['01', '02']);
    link.resume();
    expect(heard).toEqual(['01', '02', '03', '04']);
    expect(log).toEqual(['paused', 'paused', 'resumed']);
  });

  it('holds up to maxEarlyBytes, and an end until what it holds is read', () => {
    const full = setUp({ maxEarlyBytes: 6 });
    full.subscribe();
    full.link.pause();
    full.inbound.next(fill(3, 1));
    full.inbound.next(fill(3, 1));
    expect(full.heard).toEqual([]);
    full.inbound.next(fill(1, 1));
    expect(full.heard).toEqual(['ERR_LIMIT_EXCEEDED']);
    expect(full.inbound.observed).toBeFalse();

    const ended = setUp();
    ended.subscribe();
    ended.link.pause();
    ended.inbound.next(fill(1, 1));
    ended.inbound.complete();
    expect(ended.heard).toEqual([]);
    ended.link.resume();
    expect(ended.heard).toEqual(['01', 'ERR_TRANSPORT_CLOSED']);
  });

  it('fails when more than maxOutboundBytes wait in the transport', () => {
    const { link, heard, subscribe, queue } = setUp({ maxOutboundBytes: 10 });
    subscribe();
    queue.bytes = 10;
    link.sendInPlace(fill(8, 1), 4, 5);
    expect(heard).toEqual([]);
    queue.bytes = 11;
    link.sendInPlace(fill(8, 1), 4, 5);
    expect(heard).toEqual(['ERR_LIMIT_EXCEEDED']);
  });

  it('hands what it holds to the next owner of its transport', () => {
    const { link, inbound, log, heard, subscribe } = setUp();
    const subscription = subscribe();
    link.pause();
    inbound.next(fill(1, 1));
    inbound.next(fill(1, 2));
    const released = link.release();
    subscription.unsubscribe();
    inbound.next(fill(1, 3));
    const later: string[] = [];
    released.subscribe({ next: payload => later.push(hex(payload)), complete: () => later.push('complete') });
    inbound.next(fill(1, 4));
    inbound.complete();
    expect(later).toEqual(['01', '02', '03', '04', 'complete']);
    expect(heard).toEqual([]);
    expect(log).toEqual(['paused', 'paused', 'resumed']);
  });
});
