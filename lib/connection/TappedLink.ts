import { Observable, tap as alongside, type Unsubscribable } from 'rxjs';
import type { Session } from '../secret/Session.js';
import type { Transport } from '../transports/Transport.js';
import type { PayloadLink } from './PayloadLink.js';

/**
 * Is shown every payload of a connection, for an inspector or a recording; see {@link ProtocolOptions.tap}.
 *
 * What it sees is what encryption hides from everybody else: the blocks, and in each open the capability, which is as
 * good as a secret while the connection lasts. Do not log it as it is.
 *
 * @public
 */
export interface WireTap {
  /**
   * A payload came in, decrypted and before its messages are delivered, or goes out, before it is encrypted: one packet,
   * or a batch of them. Empty records, which keep the connection alive, are not shown. The bytes are lent: read them in
   * this call, copy what you keep and write nothing. It must not throw.
   */
  payload(direction: 'in' | 'out', payload: Uint8Array): void;
}

/** A link of payloads that shows them to a tap; otherwise the link it is given. @internal */
export class TappedLink extends Observable<Uint8Array> implements PayloadLink {
  constructor(
    private readonly link: PayloadLink,
    private readonly tap: WireTap,
  ) {
    super(subscriber => link.pipe(alongside(payload => tap.payload('in', payload))).subscribe(subscriber));
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
    this.tap.payload('out', buffer.subarray(start, end));
    this.link.sendInPlace(buffer, start, end);
  }

  complete(): void {
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
    return this.link.release();
  }
}
