import { EMPTY, ignoreElements, race, type Observable, Subject, take } from 'rxjs';
import type { Protocol } from '../../lib/connection/Protocol.js';

/** As much of a protocol as is followed from outside: `opened` and `closed` as given, and `close`, which ends it in order. */
export function fakeProtocol(
  opened: Observable<unknown>,
  closed: Observable<unknown> = EMPTY,
  endedByRemote = false,
): Protocol {
  const closing = new Subject<never>();
  const fake = {
    opened: opened.pipe(take(1)),
    closed: race(closed, closing).pipe(ignoreElements()),
    endedByRemote,
    remotePublicKey: null,
    close: () => closing.complete(),
  };
  return fake as unknown as Protocol;
}
