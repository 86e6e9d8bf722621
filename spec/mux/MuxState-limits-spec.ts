import { LimitExceededError } from '../../lib/errors.js';
import type { Limits } from '../../lib/limits.js';
import { ascii, concat, fill, hex, unhex } from '../helpers/bytes.js';
import { MuxBench, openFrame } from './MuxBench.js';

/** A message on the remote's channel 1, of type 2, whose body has that length. */
const message = (length: number): string => '0102' + '77'.repeat(length);

function held(limits: Partial<Limits>): MuxBench {
  const bench = new MuxBench({ limits });
  bench.hold('p');
  return bench;
}

describe('MuxState and its limits', () => {
  it('opens as many channels as maxChannels, counting ids that wait for an answer, and not one more', () => {
    const bench = new MuxBench({ limits: { maxChannels: 2 } });
    const [a, b] = ['a', 'b', 'c'].map(name => bench.channel(name, name));
    a.open();
    b.open();
    const refusal = new LimitExceededError('maxChannels', 2, 3, 'channel');
    expect(() => bench.channel('d', 'd')).toThrow(refusal);
    a.close();
    expect(() => bench.channel('d', 'd')).toThrow(refusal);
    bench.receive('000201');
    const c = bench.channel('d', 'd');
    const e = bench.channel('e', 'e');
    c.open();
    expect(() => e.open()).toThrow(refusal);
    expect(bench.mux.size).toBe(2);
  });

  it('leaves as many opens unanswered as maxUnansweredOpens, closed ones included, and not one more', () => {
    const bench = held({ maxUnansweredOpens: 3 });
    bench.receive(openFrame('01'), openFrame('02', '01aa'), openFrame('03', '01bb'));
    expect(() => bench.receive(openFrame('04', '01cc'))).toThrow(
      new LimitExceededError('maxUnansweredOpens', 3, 4),
    );
    bench.receive('000303');
    expect(() => bench.receive(openFrame('04', '01cc'))).toThrow(
      new LimitExceededError('maxUnansweredOpens', 3, 4),
    );
    bench.requests[2].settle();
    bench.receive(openFrame('04', '01cc'));
    bench.channel('a', 'p');
    bench.receive(openFrame('03', '01dd'));
    expect(() => bench.receive(openFrame('05', '01ee'))).toThrow(
      new LimitExceededError('maxUnansweredOpens', 3, 4),
    );
    for (const request of bench.requests) request.settle();
    for (let n = 0; n < 10; n++) bench.receive('000105' + '0171' + '00');
  });

  it('counts nothing that is answered at once', () => {
    const bench = new MuxBench({ limits: { maxUnansweredOpens: 1 } });
    for (let n = 1; n < 200; n++) bench.receive(openFrame(n.toString(16).padStart(2, '0')));
    expect(bench.take().length).toBe(199);
  });

  it('keeps as many early messages per channel as maxEarlyMessages, and not one more', () => {
    const bench = held({ maxEarlyMessages: 3 });
    bench.receive(openFrame('01'), message(1), message(1), message(1), openFrame('02', '01aa'), '0200');
    expect(() => bench.receive(message(0))).toThrow(new LimitExceededError('maxEarlyMessages', 3, 4));
  });

  it('keeps as many early messages in all as maxTotalEarlyMessages, and not one more', () => {
    const bench = held({ maxTotalEarlyMessages: 3 });
    bench.receive(openFrame('01'), openFrame('02', '01aa'), message(1), message(1), '0200');
    expect(() => bench.receive('0200')).toThrow(new LimitExceededError('maxTotalEarlyMessages', 3, 4));
    bench.receive('000302', message(1));
    expect(() => bench.receive(message(1))).toThrow(new LimitExceededError('maxTotalEarlyMessages', 3, 4));
  });

  it('keeps as many early bytes for a channel as maxChannelEarlyBytes, and not one more', () => {
    const bench = held({ maxChannelEarlyBytes: 1100 });
    bench.receive(openFrame('01'), openFrame('02', '01aa'), message(38), '0202' + '77'.repeat(588));
    expect(() => bench.receive(message(39))).toThrow(
      new LimitExceededError('maxChannelEarlyBytes', 1100, 1101),
    );
    bench.receive(message(38));
    expect(() => bench.receive('0200')).toThrow(new LimitExceededError('maxChannelEarlyBytes', 1100, 1612));
  });

  it('tells of every open that it refuses, before the remote hears of it', () => {
    const log: string[] = [];
    const bench = new MuxBench({ onRefused: () => log.push(`refused, ${bench.log.length} sent`) });
    bench.hold('p');
    bench.receive('000101' + '0171' + '00', openFrame('02'), openFrame('03', '01aa'));
    expect(log).toEqual(['refused, 0 sent']);
    bench.requests[0].settle();
    bench.channel('a', 'p', { id: unhex('aa') }).open();
    bench.requests[1].settle();
    expect(log).toEqual(['refused, 0 sent', 'refused, 1 sent']);
  });

  it('keeps as many early bytes as maxEarlyBytes, 512 more for each message, and not one more', () => {
    const bench = held({ maxEarlyBytes: 2000 });
    bench.receive(openFrame('01'), openFrame('02', '01aa'), message(400), '0202' + '77'.repeat(64));
    expect(() => bench.receive(message(1))).toThrow(new LimitExceededError('maxEarlyBytes', 2000, 2001));
    bench.receive(message(0));
    bench.requests[0].settle();
    expect(bench.take()).toEqual(['000201']);
    bench.receive('0202' + '77'.repeat(2000 - 576 - 512));
  });

  it('refuses an id as long as a payload by the bytes it would keep', () => {
    const bench = held({ maxNameBytes: 4_000_000 });
    const id = new Uint8Array(4_000_000).fill(0x3a);
    const payload = concat(unhex('0001010170fe00093d00'), id);
    expect(() => bench.mux.receive(payload)).toThrowMatching(
      error => (error as LimitExceededError).limit === 'maxEarlyBytes',
    );
  });

  it('tells keys apart whose names and ids run into each other', () => {
    const bench = new MuxBench();
    const keys: [string, Uint8Array | null][] = [
      ['p', null],
      ['p:', null],
      [':p', null],
      ['0:p', null],
      ['p', ascii('p')],
      ['pp', null],
      ['pp', ascii('p')],
      ['p', ascii('pp')],
      ['p', ascii(':')],
      ['p', ascii('1:')],
    ];
    for (const [i, [protocol, id]] of keys.entries()) {
      bench.channel(`${i}`, protocol, { id }).open();
      for (const [j, [other, otherId]] of keys.entries()) {
        expect(bench.mux.opened(other, otherId))
          .withContext(`${i} ${j}`)
          .toBe(j <= i);
      }
    }
  });

  it('counts the bytes of opens beyond 512 each as early bytes', () => {
    const handshake = (length: number): string => '77'.repeat(length);
    const bench = held({ maxEarlyBytes: 1000 });
    bench.receive(openFrame('01', '00', handshake(511)), openFrame('02', '01aa', handshake(510)));
    bench.receive(openFrame('03', '01bb', handshake(1510)));
    expect(() => bench.receive('000104' + 'fd0102' + '70'.repeat(513) + '00')).toThrow(
      new LimitExceededError('maxEarlyBytes', 1000, 1001),
    );
    bench.requests[2].settle();
    bench.receive('000103' + 'fd0102' + '70'.repeat(513) + '00');
  });

  it('delivers to a channel that only waits for its turn, rather than exceed a limit', () => {
    const bench = held({ maxEarlyMessages: 2 });
    bench.receive(openFrame('01'), '01000131');
    bench.channel('a', 'p').open();
    bench.receive('01000132');
    expect(bench.take()).toEqual(['000101017000']);
    bench.receive('01000133', '01000134');
    bench.mux.flush();
    expect(bench.take()).toEqual(['a open', 'a 0 1', 'a 0 2', 'a 0 3', 'a 0 4']);
  });

  it('asks for a pause above 32,768 early bytes and ends it at 32,768, however they go', () => {
    const ways: [string, (bench: MuxBench) => void][] = [
      ['rejected', bench => bench.requests[0].settle()],
      ['closed by the remote', bench => bench.receive('000301')],
      ['taken and closed', bench => bench.channel('a', 'p').close()],
      [
        'delivered',
        bench => {
          bench.channel('a', 'p').open();
          bench.mux.flush();
        },
      ],
    ];
    for (const [way, go] of ways) {
      const bench = held({});
      bench.receive(
        openFrame('01'),
        openFrame('02', '01aa'),
        '0202' + '77'.repeat(32_768 - 512 - 612),
        message(100),
      );
      expect(bench.take()).withContext(way).toEqual([]);
      bench.receive('0200');
      expect(bench.take()).withContext(way).toEqual(['pause']);
      go(bench);
      expect(bench.take().filter(line => line === 'resume').length)
        .withContext(way)
        .toBe(1);
    }
  });

  it('keeps no large payload alive for a small early message', () => {
    const bench = held({});
    bench.receive(openFrame('01'));
    const body = fill(100, 5);
    const payload = new Uint8Array(1_000_000);
    payload.set([1, 2], 500_000);
    payload.set(body, 500_002);
    bench.mux.receive(payload.subarray(500_000, 500_102));
    const exact = new Uint8Array(1002).fill(6);
    exact.set([1, 2]);
    bench.mux.receive(exact);
    const seen: Uint8Array[] = [];
    bench
      .channel('a', 'p', { handlers: { onmessage: (_type, value) => seen.push(value as Uint8Array) } })
      .open();
    bench.mux.flush();
    expect(seen.map(hex)).toEqual([hex(body), '06'.repeat(1000)]);
    expect(seen[0].buffer.byteLength).toBe(100);
    expect(seen[1].buffer).withContext('a view where it holds little').toBe(exact.buffer);
  });
});
