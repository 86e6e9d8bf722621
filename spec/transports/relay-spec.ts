import { BehaviorSubject, NEVER, Observable, type Observer, Subject } from 'rxjs';
import { TransportFailedError } from '../../lib/errors.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { relay, type RelayOptions } from '../../lib/transports/relay.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { fill } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';

/** A transport of which the link is in the hands of the spec. */
class Fake extends Observable<Uint8Array> implements Observer<Uint8Array> {
  readonly inbound = new Subject<Uint8Array>();
  readonly calls: string[] = [];
  bytes = 0;

  constructor(readonly throws?: Error) {
    super(subscriber => this.inbound.subscribe(subscriber));
  }

  next(chunk: Uint8Array): void {
    if (this.throws !== undefined) throw this.throws;
    this.bytes += chunk.length;
  }

  complete(): void {
    this.calls.push('complete');
  }

  error(error: { code?: string; message: string }): void {
    this.calls.push(`error ${error.code ?? error.message}`);
  }
}

/** A link that can be stopped, and says so when it is. */
class Pausable extends Fake implements Transport {
  readonly writable = new BehaviorSubject(true);

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }
}

/** What a relay ended with, as far as it has. */
function joined(a: Transport, b: Transport, options?: RelayOptions) {
  const ends: unknown[] = [];
  const subscription = relay(a, b, options).subscribe({
    error: error => ends.push(error),
    complete: () => ends.push('complete'),
  });
  return { ends, subscription };
}

describe('relay', () => {
  it('carries both directions and completes when both have ended', async () => {
    const [a, left] = memoryPair();
    const [right, b] = memoryPair();
    const got: Record<string, number[]> = { a: [], b: [] };
    const done: string[] = [];
    a.subscribe({ next: chunk => got['a'].push(...chunk), complete: () => done.push('a') });
    b.subscribe({ next: chunk => got['b'].push(...chunk), complete: () => done.push('b') });
    const { ends } = joined(left, right);
    for (let i = 0; i < 50; i++) {
      a.next(new Uint8Array([i]));
      b.next(new Uint8Array([100 + i]));
    }
    a.complete();
    await new Promise(resolve => setTimeout(resolve));
    expect(done).toEqual(['b']);
    expect(ends).toEqual([]);
    b.next(new Uint8Array([200])); // the other direction goes on
    b.complete();
    await new Promise(resolve => setTimeout(resolve));
    expect(done).toEqual(['b', 'a']);
    expect(ends).toEqual(['complete']);
    const row = (from: number): number[] => Array.from({ length: 50 }, (_, i) => from + i);
    expect(got).toEqual({ a: [...row(100), 200], b: row(0) });
  });

  it('does nothing before it is subscribed, and tears down both when it is unsubscribed', () => {
    const [a, b] = [new Fake(), new Fake()];
    const cold = relay(a, b);
    expect(a.inbound.observed || b.inbound.observed).toBeFalse();
    const subscription = cold.subscribe();
    expect(a.inbound.observed && b.inbound.observed).toBeTrue();
    subscription.unsubscribe();
    expect([a.calls, b.calls]).toEqual([['error ERR_TRANSPORT_CLOSED'], ['error ERR_TRANSPORT_CLOSED']]);
    expect(a.inbound.observed || b.inbound.observed).toBeFalse();
  });

  it('fails with what either side failed with, and hands the same error to both', () => {
    for (const failing of [0, 1]) {
      const ends = [new Fake(), new Fake()];
      const error = new TransportFailedError(new Error('unplugged'));
      const relayed = joined(ends[0], ends[1]);
      ends[failing].inbound.error(error);
      expect(relayed.ends).toEqual([error]);
      for (const { calls, inbound } of ends) {
        expect(calls).toEqual(['error ERR_TRANSPORT_FAILED']);
        expect(inbound.observed).toBeFalse();
      }
    }
  });

  it('fails when one side has failed before it was subscribed, and never subscribes to the other', () => {
    const [a, b] = [new Fake(), new Fake()];
    let subscribed = 0;
    const watched = new Observable<Uint8Array>(() => void subscribed++);
    a.inbound.error(new TransportFailedError());
    const { ends } = joined(a, Object.assign(watched, { next: () => 0, complete: () => 0, error: () => 0 }));
    expect(ends).toEqual([jasmine.any(TransportFailedError)]);
    expect(subscribed).toBe(0);
    expect(b.calls).toEqual([]);
  });

  it('fails when what it gives to a side is thrown back', () => {
    const [a, b] = [new Fake(), new Fake(new Error('no more'))];
    const { ends } = joined(a, b);
    a.inbound.next(fill(1, 1));
    expect((ends[0] as TransportFailedError).cause).toBe(b.throws);
    expect([a.calls, b.calls]).toEqual([['error ERR_TRANSPORT_FAILED'], ['error ERR_TRANSPORT_FAILED']]);
  });

  it('gives up when only one direction has ended for closeTimeoutMs; with 0, never', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const [closeTimeoutMs, outcome, seen] of [
        [20, '-- 20ms #', '^ 21ms !'],
        [0, '-', '^'],
      ] as const) {
        const ended = cold<Uint8Array>('--|');
        const open = cold<Uint8Array>('-');
        const side = (source: Observable<Uint8Array>): Transport =>
          Object.assign(new Observable<Uint8Array>(subscriber => source.subscribe(subscriber)), {
            next: () => undefined,
            complete: () => undefined,
            error: () => undefined,
          });
        expectObservable(relay(side(ended), side(open), { closeTimeoutMs })).toBe(
          outcome,
          undefined,
          jasmine.objectContaining({ phase: 'close', afterMs: closeTimeoutMs }),
        );
        expectSubscriptions(open.subscriptions).toBe(seen);
      }
    });
  });

  it('stops the side that sends while the other takes no more', () => {
    const [a, b] = [new Pausable(), new Pausable()];
    const { subscription } = joined(a, b);
    a.calls.length = b.calls.length = 0;
    b.writable.next(false);
    expect([a.calls, b.calls]).toEqual([['pause'], []]);
    b.writable.next(true);
    expect([a.calls, b.calls]).toEqual([['pause', 'resume'], []]);
    subscription.unsubscribe();
    expect(a.writable.observed || b.writable.observed).toBeFalse();
  });

  it('ends both when a side that cannot be stopped sends one byte more than the other may keep', () => {
    // One that counts what it keeps, and one that only says when it takes no more.
    class Counting extends Pausable {
      get queuedBytes(): number {
        return this.bytes;
      }
    }
    for (const Sink of [Counting, Pausable]) {
      const [source, sink] = [new Fake(), new Sink()];
      const { ends } = joined(source, sink, { maxOutboundBytes: 1000 });
      sink.writable.next(false);
      source.inbound.next(fill(600, 1));
      source.inbound.next(fill(400, 1));
      expect(ends).toEqual([]);
      source.inbound.next(fill(1, 1));
      const [error] = ends as [{ limit: string; allowed: number; received: number }];
      expect(error).toEqual(
        jasmine.objectContaining({ limit: 'maxOutboundBytes', allowed: 1000, received: 1001 }),
      );
      expect(source.calls).toEqual(['error ERR_LIMIT_EXCEEDED']);
      expect(sink.calls.at(-1)).toBe('error ERR_LIMIT_EXCEEDED');
      expect(source.inbound.observed).toBeFalse();
    }
  });

  it('counts anew when the other side has taken what it kept', () => {
    const [source, sink] = [new Fake(), new Pausable()];
    const { ends } = joined(source, sink, { maxOutboundBytes: 1000 });
    for (let round = 0; round < 5; round++) {
      sink.writable.next(false);
      source.inbound.next(fill(1000, 1));
      sink.writable.next(true);
      source.inbound.next(fill(5000, 1));
    }
    expect(ends).toEqual([]);
    expect(sink.bytes).toBe(30_000);
  });

  it('refuses numbers that make no sense', () => {
    const wrong: RelayOptions[] = [
      { closeTimeoutMs: -1 },
      { closeTimeoutMs: 2 ** 31 },
      { closeTimeoutMs: NaN },
      { maxOutboundBytes: 0 },
      { maxOutboundBytes: Infinity },
    ];
    const link = Object.assign(NEVER, { next: () => 0, complete: () => 0, error: () => 0 });
    for (const options of wrong)
      expect(() => relay(link, link, options))
        .withContext(JSON.stringify(options))
        .toThrowError(RangeError);
  });
});
