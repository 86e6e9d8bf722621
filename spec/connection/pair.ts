import { of, type Observable, Subscription } from 'rxjs';
import { hypercoreProtocol, type ProtocolOptions } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { patienceMs } from '../support/patience.js';

/** Two protocols joined in memory, and what each of them tells. */
export interface ProtocolPair {
  readonly a: Protocol;
  readonly b: Protocol;
  readonly log: string[];
  readonly links: readonly [Transport, Transport];
  /** Unsubscribing it tears both down. */
  readonly subscription: Subscription;
}

export type PairOptions = Omit<ProtocolOptions, 'initiator'>;

/** Joins an initiator `a` and a responder `b`. Their events go to one log. */
export function protocolPair(optionsA: PairOptions = {}, optionsB: PairOptions = optionsA): ProtocolPair {
  const links = memoryPair();
  const log: string[] = [];
  const subscription = new Subscription();
  const start = (name: string, link: Transport, options: ProtocolOptions): Protocol => {
    let started: Protocol | undefined;
    const protocol$: Observable<Protocol> = of(link).pipe(hypercoreProtocol(options));
    subscription.add(
      protocol$.subscribe(protocol => {
        started = protocol;
        protocol.events.subscribe({
          next: event => log.push(`${name} ${event.type}`),
          error: (error: { code?: string; message: string }) =>
            log.push(`${name} ${error.code ?? error.message}`),
          complete: () => log.push(`${name} complete`),
        });
      }),
    );
    return started!;
  };
  const a = start('a', links[0], { ...optionsA, initiator: true });
  const b = start('b', links[1], { ...optionsB, initiator: false });
  return { a, b, log, links, subscription };
}

/** Waits until a condition holds; for long, because a busy machine may take its time. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = Date.now(); !(await condition());) {
    if (Date.now() - start > patienceMs) throw new Error('the condition did not become true in time');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
