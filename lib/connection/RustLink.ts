import { asyncScheduler, Observable, type SchedulerLike, type Subscription, type Unsubscribable } from 'rxjs';
import { QuietTimer } from '../secret/QuietTimer.js';
import { HEADROOM, TAILROOM } from '../secret/SecureState.js';
import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';
import type { PayloadLink } from './PayloadLink.js';

/**
 * A link whose payloads the Rust crate 0.6 can read even where two of them reach it in one read: none is empty, and none has
 * a length that is a multiple of 256, whose prefix the crate takes for padding. And one that never leaves the crate 0.7
 * asleep over what it has received: it says nothing at the beginning and whenever it was silent for a while.
 *
 * @internal
 */
export class RustLink extends Observable<Uint8Array> implements PayloadLink {
  private readonly keepAlive: QuietTimer;

  constructor(
    /** Without a keep-alive of its own: that would be an empty payload. */
    private readonly link: PayloadLink,
    keepAliveMs: number,
    scheduler: SchedulerLike = asyncScheduler,
  ) {
    super(subscriber => {
      const opened: Subscription = link.opened.subscribe({
        next: () => {
          // The crate 0.7 tells of the handshake only when it has read something after it.
          this.sayNothing();
          this.keepAlive.start();
        },
        error: () => undefined,
      });
      subscriber.add(() => {
        opened.unsubscribe();
        this.keepAlive.stop();
      });
      subscriber.add(link.subscribe(subscriber));
    });
    this.keepAlive = new QuietTimer(scheduler, keepAliveMs, () => this.sayNothing());
  }

  get session(): Session | null {
    return this.link.session;
  }

  get opened(): Observable<Session | null> {
    return this.link.opened;
  }

  get writable(): Observable<boolean> {
    return this.link.writable;
  }

  watchWritable(next: (writable: boolean) => void): Unsubscribable {
    return this.link.watchWritable(next);
  }

  get allSent(): boolean {
    return this.link.allSent === true;
  }

  sendInPlace(buffer: Uint8Array, start: number, end: number): void {
    this.keepAlive.touch();
    if ((end - start) % 256 !== 0) return this.link.sendInPlace(buffer, start, end);
    const longer = withLongerNumber(buffer, start, end);
    return this.link.sendInPlace(longer, HEADROOM, longer.length - TAILROOM);
  }

  complete(): void {
    this.keepAlive.stop();
    this.link.complete();
  }

  error(error: unknown): void {
    this.link.error(error);
  }

  pause(): void {
    this.link.pause();
  }

  resume(): void {
    this.link.resume();
  }

  release(): Transport {
    this.keepAlive.stop();
    return this.link.release();
  }

  /** In a batch without an item, `00 00 01`, which every peer takes for that. */
  private sayNothing(): void {
    const buffer = new Uint8Array(HEADROOM + 3 + TAILROOM);
    buffer[HEADROOM + 2] = 1;
    this.link.sendInPlace(buffer, HEADROOM, HEADROOM + 3);
  }
}

/**
 * The same payload, two bytes longer: the number of its first channel is written in the next longer form of a
 * compact-encoding `uint`, which every decoder accepts.
 */
function withLongerNumber(buffer: Uint8Array, start: number, end: number): Uint8Array {
  // An ordinary message begins with its channel, everything else with 00 and what it is.
  const at = start + (buffer[start] === 0 ? 2 : 0);
  const first = buffer[at];
  const digits = first <= 0xfc ? 0 : first === 0xfd ? 2 : 4;
  const added = digits === 4 ? 4 : 2;
  const longer = new Uint8Array(HEADROOM + end - start + added + TAILROOM);
  longer.set(buffer.subarray(start, at), HEADROOM);
  const number = HEADROOM + at - start;
  longer[number] = digits === 0 ? 0xfd : digits === 2 ? 0xfe : 0xff;
  const value = digits === 0 ? buffer.subarray(at, at + 1) : buffer.subarray(at + 1, at + 1 + digits);
  longer.set(value, number + 1);
  const rest = digits === 0 ? at + 1 : at + 1 + digits;
  longer.set(buffer.subarray(rest, end), number + 1 + (digits === 0 ? 2 : digits === 2 ? 4 : 8));
  return longer;
}
