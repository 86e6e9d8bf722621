import { Subscription } from 'rxjs';
import { TransportClosedError } from '../errors.js';
import type { Protocol } from './Protocol.js';

/** Tells when a protocol is open and when it has ended: by this side's doing (null), or with what ended it. @internal */
export function followProtocol(
  protocol: Protocol,
  tell: { readonly open: () => void; readonly ended: (error: unknown) => void },
): Subscription {
  const subscription = new Subscription();
  // Its failure is that of the connection.
  subscription.add(protocol.opened.subscribe({ next: tell.open, error: () => undefined }));
  subscription.add(
    protocol.closed.subscribe({
      error: tell.ended,
      complete: () => tell.ended(protocol.endedByRemote ? new TransportClosedError('open') : null),
    }),
  );
  return subscription;
}
