import { Subject, VirtualTimeScheduler } from 'rxjs';
import { MessageLink } from '../../lib/connection/MessageLink.js';
import type { SecuredTransport } from '../../lib/connection/SecuredTransport.js';
import { FrameTooLargeError, TransportFailedError } from '../../lib/errors.js';
import { fill, hex } from '../helpers/bytes.js';

function setUp() {
  const scheduler = new VirtualTimeScheduler();
  const inbound = new Subject<Uint8Array>();
  const log: string[] = [];
  const session = {
    initiator: true,
    publicKey: fill(32, 1),
    remotePublicKey: fill(32, 2),
    handshakeHash: fill(64, 3),
  };
  const transport = Object.assign(new Subject<Uint8Array>(), {
    session,
    subscribe: inbound.subscribe.bind(inbound),
    next: (chunk: Uint8Array) => log.push(`sent ${hex(chunk)}`),
    complete: () => log.push('ended'),
    error: () => log.push('torn down'),
    pause: () => log.push('paused'),
    resume: () => log.push('resumed'),
  }) as unknown as SecuredTransport;
  const link = new MessageLink(transport, { limits: { maxFrameBytes: 4, closeTimeoutMs: 50 }, scheduler });
  const heard: string[] = [];
  const subscribe = () =>
    link.subscribe({
      next: payload => heard.push(hex(payload)),
      error: (error: { code: string }) => heard.push(error.code),
      complete: () => heard.push('complete'),
    });
  return { link, inbound, log, heard, scheduler, session, subscribe };
}

describe('MessageLink', () => {
  it('is open from the start and passes payloads as they are', () => {
    const { link, inbound, log, heard, session, subscribe } = setUp();
    expect(inbound.observed).toBeFalse();
    const opened: unknown[] = [];
    link.opened.subscribe(value => opened.push(value));
    expect(opened).toEqual([session]);
    subscribe();
    inbound.next(fill(4, 7));
    inbound.next(fill(0, 7)); // a keep-alive that its maker let through
    link.sendInPlace(fill(10, 9), 4, 6);
    link.pause();
    link.resume();
    expect(heard).toEqual(['07070707']);
    expect(log).toEqual(['sent 0909', 'paused', 'resumed']);
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
});
