import { Observable, Subject } from 'rxjs';
import type { Duplex } from '../../lib/Duplex.js';

/** Two ends of a link in memory; what was sent is kept as well. */
export interface LinkEnd extends Observable<Uint8Array> {
  readonly sent: Uint8Array[];
  next(payload: Uint8Array): void;
  error(error: unknown): void;
  complete(): void;
}

export function linkPair(): [LinkEnd & Duplex<Uint8Array>, LinkEnd & Duplex<Uint8Array>] {
  const there = new Subject<Uint8Array>();
  const back = new Subject<Uint8Array>();
  return [end(back, there), end(there, back)];
}

function end(inbound: Subject<Uint8Array>, outbound: Subject<Uint8Array>): LinkEnd & Duplex<Uint8Array> {
  const sent: Uint8Array[] = [];
  return Object.assign(new Observable<Uint8Array>(subscriber => inbound.subscribe(subscriber)), {
    sent,
    next: (payload: Uint8Array) => {
      sent.push(payload.slice());
      outbound.next(payload.slice());
    },
    error: (error: unknown) => outbound.error(error),
    complete: () => outbound.complete(),
  });
}
