import { from, type Observable, Subject, take } from 'rxjs';
import { LimitExceededError, MuxBatchError, OutOfBoundsError } from '../../lib/errors.js';
import { decodePackets } from '../../lib/mux/decodePackets.js';
import type { Packet } from '../../lib/mux/Packet.js';
import { unhex } from '../helpers/bytes.js';
import { marbles } from '../helpers/marbles.js';

describe('decodePackets', () => {
  const none = new Uint8Array(0);
  const packets: Record<string, Packet> = {
    m: { type: 'message', channel: 1, messageType: 0, body: unhex('aabb') },
    n: { type: 'message', channel: 2, messageType: 300, body: none },
    o: { type: 'open', channel: 1, protocol: 'p', id: unhex('0102'), handshake: unhex('ff') },
    p: { type: 'open', channel: 2, protocol: 'p', id: null, handshake: none },
    r: { type: 'reject', channel: 3 },
    c: { type: 'close', channel: 1 },
  };
  const payloads: Record<string, Uint8Array> = {
    m: unhex('0100aabb'),
    n: unhex('02fd2c01'),
    o: unhex('0001010170020102ff'),
    p: unhex('000102017000'),
    r: unhex('000203'),
    c: unhex('000301'),
    e: unhex(''),
    u: unhex('0009ff'),
    b: unhex('0000' + '01' + '0300aabb' + '0002' + '03fd2c01' + '0000' + '020301'),
    x: unhex('0000' + '01' + '0300aabb' + '0900'),
    t: unhex('01'),
  };

  it('emits the packet of each payload, and completes with the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-m-n-o-p-r-c-|', payloads);
      const expected = '  -m-n-o-p-r-c-|';
      const subscribed = '^------------!';
      expectObservable(source.pipe(decodePackets())).toBe(expected, packets);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
  });

  it('takes batches apart, and emits nothing for an empty payload or an unknown control type', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-e-u-b------|', payloads);
      const expected = '  -----(mnc)--|';
      expectObservable(source.pipe(decodePackets())).toBe(expected, packets);
    });
  });

  it('fails on a malformed payload, after the packets before the fault', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-m-x----m-|', payloads);
      const expected = '  -m-(m#)';
      const subscribed = '^--!';
      const error = new MuxBatchError(7, 'an item of 9 bytes runs past the end');
      expectObservable(source.pipe(decodePackets())).toBe(expected, packets, error);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    });
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('t', payloads).pipe(decodePackets())).toBe(
        '#',
        {},
        new OutOfBoundsError('uint', 1),
      );
    });
  });

  it('holds the limits it is given', () => {
    marbles(({ hot, expectObservable }) => {
      const tooMany = new LimitExceededError('maxBatchItems', 2, 3);
      const result = hot('-b', payloads).pipe(decodePackets({ maxBatchItems: 2 }));
      expectObservable(result).toBe('-(mn#)', packets, tooMany);
    });
    expect(() => decodePackets({ maxBatchDepth: 0 })).toThrowError(RangeError);
  });

  it('passes never, empty and errors through', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      expectObservable(cold<Uint8Array>('-').pipe(decodePackets())).toBe('-');
      expectObservable(cold<Uint8Array>('|').pipe(decodePackets())).toBe('|');
      expectObservable(cold<Uint8Array>('#').pipe(decodePackets())).toBe('#');
      const source = hot('-m-#', payloads);
      expectObservable(source.pipe(decodePackets())).toBe('-m-#', packets);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves the source when its consumer leaves', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-m-b-m-|', payloads);
      const result = source.pipe(decodePackets());
      expectObservable(result, '^---!').toBe('-m-(mnc)', packets);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('stops a synchronous source, in the middle of a batch too', () => {
    let pulled = 0;
    function* source(): Generator<Uint8Array> {
      for (;;) {
        pulled++;
        yield payloads['b'];
      }
    }
    const seen: string[] = [];
    from(source())
      .pipe(decodePackets(), take(2))
      .subscribe(({ type }) => seen.push(type));
    expect([seen, pulled]).toEqual([['message', 'message'], 1]);
  });

  it('keeps the order when a consumer feeds the source', () => {
    const source = new Subject<Uint8Array>();
    const seen: string[] = [];
    source.pipe(decodePackets()).subscribe(packet => {
      seen.push(packet.type);
      if (seen.length === 1) source.next(payloads['r']);
    });
    source.next(payloads['b']);
    expect(seen).toEqual(['message', 'message', 'close', 'reject']);
  });

  it('shares no state between subscriptions', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-b-----|', payloads);
      const result: Observable<Packet> = source.pipe(decodePackets());
      expectObservable(result).toBe('    -(mnc)-|', packets);
      expectObservable(result, '--^').toBe('---(mnc)-|', packets);
      expectSubscriptions(source.subscriptions).toBe(['^------!', '--^------!']);
    });
  });

  it('gives ids and handshakes as copies, bodies as views of the payload', () => {
    const source = new Subject<Uint8Array>();
    const seen: Packet[] = [];
    source.pipe(decodePackets()).subscribe(packet => seen.push(packet));
    for (const name of ['o', 'm']) source.next(payloads[name].slice());
    const [open, message] = seen;
    if (open.type !== 'open' || message.type !== 'message') return fail('other packets');
    expect(open.id!.buffer.byteLength).toBe(2);
    expect(open.handshake.buffer.byteLength).toBe(1);
    expect(message.body.buffer.byteLength).toBe(4);
  });
});
