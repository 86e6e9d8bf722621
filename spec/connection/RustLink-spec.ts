import { EMPTY, NEVER, Observable, of, Subject, Subscription, VirtualTimeScheduler } from 'rxjs';
import type { PayloadLink } from '../../lib/connection/PayloadLink.js';
import { RustLink } from '../../lib/connection/RustLink.js';
import { decodePackets } from '../../lib/mux/decodePackets.js';
import { HEADROOM, TAILROOM } from '../../lib/secret/SecureState.js';
import type { Session } from '../../lib/secret/Session.js';
import { concat, hex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';

/** A link that notes what it is given. */
class Probe extends Observable<Uint8Array> implements PayloadLink {
  readonly sent: Uint8Array[] = [];
  readonly log: string[] = [];
  readonly session = null;
  readonly writable = NEVER;

  constructor(
    readonly opened: Observable<Session | null>,
    inbound: Observable<Uint8Array> = NEVER,
  ) {
    super(subscriber => inbound.subscribe(subscriber));
  }

  watchWritable(): Subscription {
    return Subscription.EMPTY;
  }

  sendInPlace(buffer: Uint8Array, start: number, end: number): void {
    if (start < HEADROOM || end + TAILROOM > buffer.length) throw new RangeError('no room');
    this.sent.push(buffer.slice(start, end));
  }

  complete(): void {
    this.log.push('complete');
  }

  error(): void {
    this.log.push('error');
  }

  pause(): void {
    this.log.push('pause');
  }

  resume(): void {
    this.log.push('resume');
  }

  release(): never {
    throw new Error('released');
  }
}

/** A payload in a buffer with room around it. */
function inRoom(payload: Uint8Array): [Uint8Array, number, number] {
  const buffer = concat(new Uint8Array(HEADROOM), payload, new Uint8Array(TAILROOM));
  return [buffer, HEADROOM, HEADROOM + payload.length];
}

/** What a payload says, so that two ways to write it compare equal. */
function meaningOf(payload: Uint8Array): unknown {
  const packets: unknown[] = [];
  of(payload)
    .pipe(decodePackets())
    .subscribe(packet => packets.push(comparable(packet)));
  return packets;
}

const filled = (start: readonly number[], length: number): Uint8Array => {
  const payload = new Uint8Array(length).fill(1);
  payload.set(start);
  return payload;
};

describe('RustLink', () => {
  let time: VirtualTimeScheduler;

  beforeEach(() => {
    time = new VirtualTimeScheduler();
    time.maxFrames = 25_000;
  });

  it('passes on payloads of other lengths untouched, in the buffer they came in', () => {
    const probe = new Probe(NEVER);
    const link = new RustLink(probe, 0, time);
    for (const length of [2, 255, 257, 511]) {
      const payload = filled([1, 9], length);
      link.sendInPlace(...inRoom(payload));
      expect(hex(probe.sent.pop() ?? new Uint8Array())).toBe(hex(payload));
    }
  });

  const starts: readonly (readonly [string, readonly number[]])[] = [
    ['a message', [1, 9]],
    ['a message on a large channel', [0xfd, 0x2c, 0x01, 9]],
    ['a message on a very large channel', [0xfe, 0, 0, 1, 0, 9]],
    ['a batch', [0, 0, 5, 0xfc, 9, ...new Array<number>(0xfb).fill(1)]],
    ['a batch of a large channel', [0, 0, 0xfd, 0x2c, 0x01, 0xfa, 9, ...new Array<number>(0xf9).fill(1)]],
    ['an open', [0, 1, 7, 1, 97, 0]],
  ];
  for (const [what, start] of starts) {
    it(`lengthens a payload of 256 bytes without changing what it says: ${what}`, () => {
      const probe = new Probe(NEVER);
      const payload = filled(start, 256);
      const meaning = meaningOf(payload);
      new RustLink(probe, 0, time).sendInPlace(...inRoom(payload));
      const [sent] = probe.sent;
      expect(sent.length).toBe(start[0] === 0xfe ? 260 : 258);
      expect(meaningOf(sent)).toEqual(meaning);
    });
  }

  it('says nothing in a batch without items when the session opens, and whenever it was silent for too long', () => {
    const opened = new Subject<Session | null>();
    const probe = new Probe(opened);
    const link = new RustLink(probe, 5_000, time);
    const subscription = link.subscribe();
    time.schedule(() => opened.next(null), 1_000);
    time.schedule(() => link.sendInPlace(...inRoom(filled([1, 9], 3))), 8_000);
    const sentAt = (at: number, ...payloads: string[]): unknown =>
      time.schedule(() => expect(probe.sent.map(hex)).withContext(`${at}`).toEqual(payloads), at);
    sentAt(999);
    sentAt(1_001, '000001');
    sentAt(5_999, '000001');
    sentAt(6_001, '000001', '000001');
    sentAt(12_999, '000001', '000001', '010901');
    sentAt(13_001, '000001', '000001', '010901', '000001');
    time.schedule(() => subscription.unsubscribe(), 14_000);
    time.flush();
    expect(probe.sent.length).toBe(4);
    expect(meaningOf(probe.sent[0])).toEqual([]);
  });

  it('has no keep-alive where there is to be none, nor after the end', () => {
    for (const [keepAliveMs, end] of [
      [0, false],
      [100, true],
    ] as const) {
      const probe = new Probe(of(null));
      const link = new RustLink(probe, keepAliveMs, time);
      link.subscribe();
      if (end) link.complete();
      time.flush();
      expect(probe.sent.length).toBe(1); // when the session opened
    }
  });

  it('passes on everything else', () => {
    const probe = new Probe(EMPTY, of(Uint8Array.of(1), Uint8Array.of(2)));
    const link = new RustLink(probe, 0, time);
    const got: number[] = [];
    link.subscribe({ next: ([byte]) => got.push(byte), complete: () => got.push(-1) });
    link.pause();
    link.resume();
    link.complete();
    link.error(new Error('enough'));
    expect(got).toEqual([1, 2, -1]);
    expect(probe.log).toEqual(['pause', 'resume', 'complete', 'error']);
    expect(() => link.release()).toThrowError('released');
    expect([link.session, link.opened, link.writable]).toEqual([null, probe.opened, probe.writable]);
  });
});
