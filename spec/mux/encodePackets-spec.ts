import { concat, from, map, NEVER, queueScheduler, range, Subject, take, throwError } from 'rxjs';
import { decodePackets } from '../../lib/mux/decodePackets.js';
import { encodePackets } from '../../lib/mux/encodePackets.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';

describe('encodePackets', () => {
  const packets: Record<string, Packet> = {
    a: { type: 'message', channel: 1, messageType: 0, body: unhex('aa') },
    b: { type: 'message', channel: 2, messageType: 1, body: unhex('bb') },
    o: { type: 'open', channel: 1, protocol: 'p', id: unhex('0102'), handshake: unhex('ff') },
    r: { type: 'reject', channel: 3 },
    c: { type: 'close', channel: 1 },
  };
  const payloads: Record<string, Uint8Array> = {
    a: unhex('0100aa'),
    b: unhex('0201bb'),
    o: unhex('0001010170020102ff'),
    r: unhex('000203'),
    c: unhex('000301'),
    x: unhex('0000010200aa00020201bb'),
    y: unhex('0000020201bb0201bb'),
  };

  it('emits a payload for what arrives in one turn, and completes with the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-(ab)-b-|', packets);
      const expected = '  -a-x----b-|';
      const subscribed = '^---------!';
      expectObservable(source.pipe(encodePackets())).toBe(expected, payloads);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('lets what is gathered leave when the source completes', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('-(ab|)', packets).pipe(encodePackets())).toBe('-(x|)', payloads);
    });
  });

  it('keeps the order of messages and control packets', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-(oabrbbc)-|', packets);
      const expected = '  -(oxryc)---|';
      expectObservable(source.pipe(encodePackets())).toBe(expected, payloads);
    });
  });

  it('packs as it is told', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('    -(abb)-|', packets);
      const onePer = encodePackets({ channelsPerBatch: 'one' });
      expectObservable(source.pipe(onePer)).toBe('-(ay)--|', payloads);
      const small = encodePackets({ maxBatchBytes: 3 });
      expectObservable(source.pipe(small)).toBe('-(abb)-|', payloads);
    });
    expect(() => encodePackets({ maxBatchBytes: 0 })).toThrowError(RangeError);
  });

  it('passes never and empty through, and errors at once, without what is gathered', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Packet>('-').pipe(encodePackets())).toBe('-');
      expectObservable(cold<Packet>('|').pipe(encodePackets())).toBe('|');
      expectObservable(cold<Packet>('#').pipe(encodePackets())).toBe('#');
      const source = hot('-a-(a#)', packets);
      expectObservable(source.pipe(encodePackets())).toBe('-a-#', payloads);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves the source when its consumer leaves, and forgets the turn', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-(ab)-|', packets);
      expectObservable(source.pipe(encodePackets()), '^-!').toBe('-a', payloads);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('stops a synchronous source with its consumer', () => {
    let pulled = 0;
    function* source(): Generator<Packet> {
      for (;;) {
        pulled++;
        yield { type: 'message', channel: 1, messageType: 0, body: fill(200, 1) };
      }
    }
    let seen = 0;
    from(source())
      .pipe(encodePackets({ maxBatchBytes: 1000 }), take(3))
      .subscribe(() => seen++);
    // Four messages fit into a payload; the fifth lets it go.
    expect([seen, pulled]).toEqual([3, 13]);
  });

  it('gathers without bound on time but not on bytes', () => {
    const sizes: number[] = [];
    range(0, 10_000)
      .pipe(
        map((): Packet => ({ type: 'message', channel: 1, messageType: 0, body: fill(100, 1) })),
        encodePackets(),
      )
      .subscribe(payload => sizes.push(payload.length));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(0x10000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000 * 102 + sizes.length * 3);
    expect(sizes.length).toBe(16);
  });

  it('keeps the order when a consumer feeds the source, on any scheduler', () => {
    for (const [options, order] of [
      [{ maxBatchBytes: 5 }, 'a b r a'],
      [{ scheduler: queueScheduler }, 'a r a b'],
    ] as const) {
      const source = new Subject<Packet>();
      const seen: string[] = [];
      source.pipe(encodePackets(options)).subscribe({
        next: payload => {
          seen.push(hex(payload));
          if (seen.length === 1) source.next(packets['r']);
          if (seen.length === 2) source.next(packets['a']);
        },
        complete: () => seen.push('complete'),
      });
      source.next(packets['a']);
      source.next(packets['b']);
      source.complete();
      expect(seen).toEqual([...order.split(' ').map(name => hex(payloads[name])), 'complete']);
    }
  });

  it('shares no state between subscriptions', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-(ab)-|', packets);
      const result = source.pipe(encodePackets());
      expectObservable(result).toBe('       -x----|', payloads);
      expectObservable(result, '---^').toBe('----x----|', payloads);
      expectSubscriptions(source.subscriptions).toBe(['^-----!', '---^-----!']);
    });
  });

  it('copies the bytes of a packet when it arrives', () => {
    const source = new Subject<Packet>();
    const seen: string[] = [];
    source.pipe(encodePackets()).subscribe(payload => seen.push(hex(payload)));
    const body = unhex('aa');
    source.next({ type: 'message', channel: 1, messageType: 0, body });
    body[0] = 0;
    source.complete();
    expect(seen).toEqual(['0100aa']);
  });

  it('is undone by decodePackets', () => {
    const seen: Packet[] = [];
    const all = ['o', 'a', 'b', 'b', 'r', 'c'].map(name => packets[name]);
    from(all)
      .pipe(encodePackets({ controlInBatches: true }), decodePackets())
      .subscribe(packet => seen.push(packet));
    expect(seen.map(packet => JSON.stringify(packet))).toEqual(all.map(packet => JSON.stringify(packet)));
  });

  it('ends its turn in a microtask unless told otherwise', async () => {
    const seen: string[] = [];
    const subscription = concat(from([packets['a'], packets['b']]), NEVER)
      .pipe(encodePackets())
      .subscribe(payload => seen.push(hex(payload)));
    expect(seen).toEqual([]);
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual([hex(payloads['x'])]);
    subscription.unsubscribe();
  });

  it('emits nothing for a source that fails in its first turn', () => {
    const seen: unknown[] = [];
    concat(
      from([packets['a']]),
      throwError(() => 'failed'),
    )
      .pipe(encodePackets())
      .subscribe({ next: payload => seen.push(payload), error: error => seen.push(error) });
    expect(seen).toEqual(['failed']);
  });
});
