import { concat, finalize, NEVER, Observable, of, Subject, take, throwError } from 'rxjs';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';

const options = { initiator: true, handshake: false } as const;

/** What is told of the connections over a source, in order; and the protocols. */
function listen(source: Observable<Transport>) {
  const told: string[] = [];
  const protocols: Protocol[] = [];
  const subscription = source.pipe(hypercoreProtocol(options)).subscribe({
    next: protocol => {
      protocols.push(protocol);
      told.push('protocol');
      protocol.closed.subscribe({ complete: () => told.push('closed'), error: () => told.push('failed') });
    },
    error: (error: Error) => told.push(error.message),
    complete: () => told.push('complete'),
  });
  return { told, protocols, subscription };
}

describe('the connections of hypercoreProtocol', () => {
  it('complete after the source and the last of them, whichever came first', () => {
    const transports = new Subject<Transport>();
    const { told, protocols } = listen(transports);
    for (let i = 0; i < 3; i++) transports.next(memoryPair()[0]);
    protocols[1].destroy();
    protocols[0].destroy();
    transports.next(memoryPair()[0]);
    transports.complete();
    protocols[3].destroy();
    expect(told).not.toContain('complete');
    protocols[2].destroy();
    expect(told.filter(what => what === 'closed').length).toBe(4);
    expect(told.at(-1)).toBe('complete');
  });

  it('complete at once with an empty source, and never with one that goes on', () => {
    expect(listen(of()).told).toEqual(['complete']);
    expect(listen(NEVER).told).toEqual([]);
    const { told, protocols } = listen(concat(of(memoryPair()[0]), NEVER));
    protocols[0].destroy();
    expect(told).toEqual(['protocol', 'closed']);
  });

  it('are torn down by unsubscribing, all of them and nothing twice', () => {
    const transports = new Subject<Transport>();
    const { told, subscription } = listen(transports);
    for (let i = 0; i < 3; i++) transports.next(memoryPair()[0]);
    subscription.unsubscribe();
    expect(told).toEqual(['protocol', 'protocol', 'protocol', 'closed', 'closed', 'closed']);
    expect(transports.observed).toBeFalse();
  });

  it('are torn down by an error of the source, which passes through', () => {
    const { told } = listen(
      concat(
        of(memoryPair()[0]),
        throwError(() => new Error('the source')),
      ),
    );
    expect(told).toEqual(['protocol', 'the source', 'closed']);
  });

  it('let go of a source that completed, while they live', () => {
    let finalized = 0;
    const { subscription } = listen(of(memoryPair()[0]).pipe(finalize(() => finalized++)));
    expect(finalized).toBe(1);
    subscription.unsubscribe();
    expect(finalized).toBe(1);
  });

  it('take no more of a synchronous source than the subscriber wants', () => {
    let taken = 0;
    const source = new Observable<Transport>(subscriber => {
      for (let i = 0; i < 5 && !subscriber.closed; i++) {
        taken++;
        subscriber.next(memoryPair()[0]);
      }
      subscriber.complete();
    });
    const protocols: Protocol[] = [];
    source.pipe(hypercoreProtocol(options), take(1)).subscribe(protocol => protocols.push(protocol));
    expect(taken).toBe(1);
    let closed = false;
    protocols[0].closed.subscribe({ complete: () => (closed = true) });
    expect(closed).toBeTrue();
  });

  it('fail with a transport of the other role, as with any mistake that shows only then', () => {
    const session = { initiator: false } as never;
    const { told } = listen(of(Object.assign(memoryPair()[0], { session })));
    expect(told).toEqual(['the session has the other role']);
  });
});
