import { type Observable, Subscription } from 'rxjs';
import type { TransportPair } from '../../lib/testing/transportCompliance.js';
import type { Transport } from '../../lib/transports/Transport.js';

/** Opens two ends that find each other, and closes them with the pair. */
export async function openedPair(
  one: Observable<Transport>,
  other: Observable<Transport>,
  dispose: () => void,
): Promise<TransportPair> {
  const open = new Subscription();
  const opened = (end: Observable<Transport>): Promise<Transport> =>
    new Promise((resolve, reject) => open.add(end.subscribe({ next: resolve, error: reject })));
  const [a, b] = await Promise.all([opened(one), opened(other)]);
  return {
    a,
    b,
    dispose: () => {
      open.unsubscribe();
      dispose();
    },
  };
}
