import { fixed32 } from '../../lib/encoding/fixed.js';
import { rest } from '../../lib/encoding/rest.js';
import { BadValueError, isHypercoreError, MuxOpenError, MuxRejectError } from '../../lib/errors.js';
import { MuxState } from '../../lib/mux/MuxState.js';
import { ascii, fill, hex, unhex } from '../helpers/bytes.js';
import { MuxBench, openFrame } from './MuxBench.js';

describe('MuxState', () => {
  describe('channels', () => {
    it('connects both sides, whoever opens first, and tells the one that waited when its owner flushes', () => {
      const [a, b] = MuxBench.pair();
      const there = a.channel('a', 'p');
      b.mux.pair('p', null, request => {
        b.channel('b', 'p').open();
        request.settle();
      });
      there.open();
      there.send(0, 'hi');
      expect(there.opened).toBeTrue();
      expect(a.take()).toEqual(['000101017000', 'a open', '0100026869']);
      expect(b.take()).toEqual(['000101017000']);
      b.mux.flush();
      expect(b.take()).toEqual(['b open', 'b 0 hi']);
      there.send(2, unhex('aabb'));
      expect(b.take()).toEqual(['b 2 aabb']);
      expect([a.mux.size, b.mux.size]).toEqual([1, 1]);
    });

    it('announces a taken open to the owner, who flushes', () => {
      let queued = 0;
      const bench = new MuxBench({ onQueued: () => queued++ });
      bench.hold('p');
      bench.receive(openFrame('01'));
      expect(queued).toBe(0);
      const channel = bench.channel('a', 'p');
      expect([queued, channel.opened]).toEqual([1, false]);
      channel.open();
      expect(queued).toBe(1);
      bench.mux.flush();
      expect(bench.take()).toEqual(['000101017000', 'a open']);
      expect(channel.opened).toBeTrue();
    });

    it('takes an open that came between createChannel and open, which Protomux would leave waiting', () => {
      const bench = new MuxBench();
      bench.hold('p');
      const channel = bench.channel('a', 'p');
      bench.receive(openFrame('01'), '0100026869');
      channel.open();
      bench.requests[0].settle();
      bench.mux.flush();
      expect(bench.take()).toEqual(['000101017000', 'a open', 'a 0 hi']);
    });

    it('tells its caller of mistakes', () => {
      const bench = new MuxBench();
      const channel = bench.channel('a', 'p');
      expect(() => channel.send(0, 'x')).toThrowError(/open the channel/);
      channel.open();
      expect(() => channel.open()).toThrowError(/open already/);
      expect(() => channel.send(3, 'x')).toThrowError(RangeError);
      expect(() => channel.send(-1, 'x')).toThrowError(RangeError);
      expect(channel.send(1, 'ignored')).toBeTrue();
      expect(bench.take()).toEqual(['000101017000']);
      const output = { payload: () => undefined };
      expect(() => new MuxState({ output, headroom: -1 })).toThrowError(RangeError);
      expect(() => new MuxState({ output, tailroom: 0.5 })).toThrowError(RangeError);
      expect(() => new MuxState({ output, limits: { maxChannels: 0 } })).toThrowError(RangeError);
      expect(() => new MuxState({ output, packing: { maxBatchBytes: -1 } })).toThrowError(RangeError);
    });

    it('does nothing after the end', () => {
      const bench = new MuxBench();
      const channel = bench.channel('a', 'p');
      channel.open();
      channel.close();
      bench.take();
      channel.close();
      channel.open();
      expect(channel.send(0, 'x')).toBeFalse();
      expect([channel.closed, channel.opened, bench.take()]).toEqual([true, false, []]);
    });

    it('closes what was never opened without a word to the remote', () => {
      const bench = new MuxBench();
      bench.channel('a', 'p').close();
      expect(bench.take()).toEqual(['a local']);
    });

    it('copies the id', () => {
      const bench = new MuxBench();
      const id = unhex('aabb');
      const channel = bench.channel('a', 'p', { id });
      id.fill(0);
      expect(hex(channel.id!)).toBe('aabb');
      channel.open();
      expect(bench.take()).toEqual(['0001010170' + '02aabb']);
      bench.receive('0001010170' + '02aabb');
      expect(channel.opened).toBeTrue();
    });

    it('refuses a second channel for a key, by name and by alias, until the first is closed', () => {
      const { mux } = new MuxBench();
      const options = { messages: [], handlers: {} };
      const first = mux.createChannel({ protocol: 'p', aliases: ['old'], ...options })!;
      first.open();
      expect(mux.createChannel({ protocol: 'p', ...options })).toBeNull();
      expect(mux.createChannel({ protocol: 'p', id: new Uint8Array(0), ...options })).toBeNull();
      expect(mux.createChannel({ protocol: 'old', ...options })).toBeNull();
      expect(mux.createChannel({ protocol: 'p', id: fill(1, 1), ...options })).not.toBeNull();
      expect(mux.createChannel({ protocol: 'p', unique: false, ...options })).not.toBeNull();
      expect([mux.opened('p', null), mux.opened('old', null), mux.opened('q', null)]).toEqual([
        true,
        true,
        false,
      ]);
      first.close();
      expect([mux.opened('p', null), mux.opened('old', null)]).toEqual([false, false]);
      // The open is not answered yet, and so is not the key's last word; but it no longer forbids another.
      expect(mux.createChannel({ protocol: 'old', ...options })).not.toBeNull();
    });

    it('does not confuse protocol names and ids', () => {
      const bench = new MuxBench();
      bench.hold('p:q');
      bench.hold('p');
      bench.channel('a', 'p', { id: ascii('q') }).open();
      bench.take();
      bench.receive('000101' + '03' + hex(ascii('p:q')) + '00');
      expect(bench.take()).toEqual([]);
      expect(bench.requests.length).toBe(1);
    });

    it('opens 10,000 channels, closes them, and uses their ids again', () => {
      const [a, b] = MuxBench.pair({ onQueued: () => undefined });
      const idOf = (n: number): Uint8Array => new Uint8Array([n >> 8, n]);
      b.hold('p');
      for (const round of [1, 2]) {
        const channels = Array.from({ length: 10_000 }, (_, n) => {
          const [here, there] = [a.channel('a', 'p', { id: idOf(n) }), b.channel('b', 'p', { id: idOf(n) })];
          here.open();
          there.open();
          return here;
        });
        expect(channels.every(channel => channel.opened)).toBeTrue();
        expect([a.mux.size, b.mux.size]).toEqual([10_000, 10_000]);
        b.mux.flush();
        a.take();
        b.take();
        channels[9_999].send(0, 'x');
        a.mux.flush();
        // Last freed first: in the second round the last channel has the id that was freed first.
        expect(a.take()[0]).toBe(round === 1 ? 'fd1027' + '000178' : '01' + '000178');
        expect(b.take()).toEqual(['b 0 x']);
        for (const channel of channels) channel.close();
        expect([a.mux.size, b.mux.size]).toEqual([0, 0]);
        a.take();
        b.take();
      }
    });

    it('closes all of them in order', () => {
      const bench = new MuxBench();
      for (const name of ['a', 'b', 'c']) bench.channel(name, name).open();
      bench.take();
      bench.mux.closeAll();
      expect(bench.take()).toEqual(['000301', 'a local', '000302', 'b local', '000303', 'c local']);
    });

    it('tells whether the link takes more, and when it does again', () => {
      const bench = new MuxBench();
      const drained = (name: string) => ({ handlers: { ondrain: () => bench.log.push(`${name} drained`) } });
      const channels = ['a', 'b', 'c'].map(name => bench.channel(name, name, drained(name)));
      for (const channel of channels) channel.open();
      channels[1].close();
      bench.take();
      bench.mux.setDrained(false);
      bench.mux.setDrained(false);
      expect(channels[0].send(0, '')).toBeFalse();
      expect(bench.mux.drained).toBeFalse();
      bench.take();
      bench.mux.setDrained(true);
      bench.mux.setDrained(true);
      expect(bench.take()).toEqual(['a drained', 'c drained']);
      expect(channels[0].send(0, '')).toBeTrue();
    });
  });

  describe('ids', () => {
    it('lets the remote use free ids and the next one, and no other', () => {
      const cases: [string[], string, number][] = [
        [[], '00', 0],
        [[], '02', 2],
        [[openFrame('01')], '01', 1],
        [[openFrame('01')], '03', 3],
        [[openFrame('01'), '0001020171' + '00'], '01', 1],
        [[], 'ffffffffffffff1f00', 2 ** 53 - 1],
      ];
      for (const [before, channel, remoteId] of cases) {
        const bench = new MuxBench();
        bench.hold('p');
        bench.receive(...before);
        expect(() => bench.receive(openFrame(channel))).toThrow(new MuxOpenError(remoteId));
      }
    });

    it('lets the remote use an id again after its close or our reject, and ids beyond 65,536', () => {
      const bench = new MuxBench();
      for (let round = 0; round < 3; round++) bench.receive(openFrame('01'));
      expect(bench.take()).toEqual(['000201', '000201', '000201']);
      for (let n = 2; n <= 66_000; n++) {
        const id = n <= 0xfc ? [n] : n <= 0xffff ? [0xfd, n, n >> 8] : [0xfe, n, n >> 8, n >> 16, 0];
        bench.mux.receive(new Uint8Array([0, 1, ...id, 1, 0x70, 0]));
      }
      expect(bench.take().length).toBe(65_999);
      bench.channel('a', 'p').open();
      bench.receive(
        openFrame('fed1010100'),
        'fed1010100' + '000178',
        '0003fed1010100',
        'fed1010100' + '000179',
      );
      expect(bench.take()).toEqual(['000101017000', 'a open', 'a 0 x', 'a remote']);
      expect(() => bench.receive(openFrame('fed3010100'))).toThrowError(MuxOpenError);
    });

    it('keeps the id of a channel that was closed before the answer, until the answer', () => {
      for (const answer of [openFrame('01'), '000201']) {
        const bench = new MuxBench();
        const first = bench.channel('a', 'p');
        first.open();
        first.close();
        bench.channel('b', 'q').open();
        bench.receive(answer);
        bench.channel('c', 'r').open();
        bench.channel('d', 's').open();
        const opens = bench.take().filter(line => line.startsWith('0001'));
        expect(opens).toEqual(['000101017000', '000102017100', '000101017200', '000103017300']);
        // The answer is used up, and the remote's id is free.
        expect(() => bench.receive('000201', '000201')).toThrowError(MuxRejectError);
      }
    });

    it('refuses a reject of what does not wait for an answer', () => {
      for (const [frames, id] of [
        [['000200'], 0],
        [['000201'], 1],
        [['0002ffffffffffffff1f00'], 2 ** 53 - 1],
      ] as [string[], number][]) {
        expect(() => new MuxBench().receive(...frames)).toThrow(new MuxRejectError(id));
      }
      const bench = new MuxBench();
      bench.channel('a', 'p').open();
      bench.receive(openFrame('01'));
      expect(() => bench.receive('000201')).toThrow(new MuxRejectError(1));
    });
  });

  describe('pairing', () => {
    it('asks the handler of the exact id, else the one of the protocol, else the one for everything', () => {
      const bench = new MuxBench({ onUnpaired: request => bench.log.push(`any ${request.protocol}`) });
      bench.mux.pair('p', null, () => bench.log.push('protocol'));
      bench.mux.pair('p', unhex('aa'), () => bench.log.push('exact'));
      bench.receive(
        openFrame('01', '01aa'),
        openFrame('02', '01bb'),
        openFrame('03'),
        '000104' + '0171' + '00',
      );
      expect(bench.take()).toEqual(['exact', 'protocol', 'protocol', 'any q']);
      bench.mux.unpair('p', unhex('aa'));
      bench.receive(openFrame('05', '01aa'));
      bench.mux.unpair('p', null);
      bench.receive(openFrame('06', '01aa'));
      expect(bench.take()).toEqual(['protocol', 'any p']);
    });

    it('leaves an open parked until its request is settled, once', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01', '01aa'));
      const [request] = bench.requests;
      expect([request.protocol, hex(request.id!), request.parked]).toEqual(['p', 'aa', true]);
      request.settle();
      expect(request.parked).toBeFalse();
      request.settle();
      expect(bench.take()).toEqual(['000201']);
    });

    it('rejects only when every request for the key is settled', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01'), openFrame('02'), openFrame('03', '01aa'));
      bench.requests[1].settle();
      expect(bench.take()).toEqual([]);
      bench.requests[2].settle();
      expect(bench.take()).toEqual(['000203']);
      bench.requests[0].settle();
      expect(bench.take()).toEqual(['000201', '000202']);
    });

    it('remembers a close that comes while the open is parked', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01'), '0100026869', '000301');
      expect(bench.requests[0].parked).toBeFalse();
      const channel = bench.channel('a', 'p');
      bench.mux.flush();
      // The remote still waits for its answer: without it, it would take our open for one.
      channel.open();
      bench.requests[0].settle();
      bench.mux.flush();
      expect(bench.take()).toEqual(['000201', '000101017000']);
      bench.receive(openFrame('01'));
      expect(bench.take()).toEqual(['a open']);
    });

    it('answers an open that was closed while parked when its request is settled', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01'), '000301', '0100026869');
      expect(bench.take()).toEqual([]);
      bench.requests[0].settle();
      expect(bench.take()).toEqual(['000201']);
      bench.receive(openFrame('01'));
      expect(bench.requests.length).toBe(2);
    });

    it('owes no answer once the remote uses the id again without it, as the Rust crate does', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.hold('q');
      bench.receive(openFrame('01'), '000301', '000101' + '0171' + '00');
      bench.requests[0].settle();
      expect(bench.take()).toEqual([]);
      bench.requests[1].settle();
      expect(bench.take()).toEqual(['000201']);
    });

    it('rejects a taken open that is closed before it was opened here, from either side', () => {
      for (const remote of [true, false]) {
        const bench = new MuxBench();
        bench.hold('p');
        bench.receive(openFrame('01'), '0100026869');
        const channel = bench.channel('a', 'p');
        if (remote) bench.receive('000301');
        else channel.close();
        channel.open();
        bench.requests[0].settle();
        bench.mux.flush();
        expect(bench.take()).toEqual(['000201', remote ? 'a remote' : 'a local']);
      }
    });

    it('takes a waiting open by an alias, and opens under its own name', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01', '01aa'), '0100026869');
      const channel = bench.channel('a', 'new', { id: unhex('aa'), aliases: ['x', 'p'] });
      channel.open();
      bench.requests[0].settle();
      bench.mux.flush();
      expect(bench.take()).toEqual(['000101' + '036e6577' + '01aa', 'a open', 'a 0 hi']);
    });

    it('never rejects where a reject would be an error to the remote', () => {
      const bench = new MuxBench({ rejects: false });
      bench.receive(openFrame('01'), openFrame('02', '01aa'));
      bench.hold('p');
      bench.receive(openFrame('03', '01bb'), '000303', openFrame('03', '01bb'));
      for (const request of bench.requests) request.settle();
      expect(bench.take()).toEqual([]);
      const late = bench.channel('a', 'p');
      late.open();
      bench.mux.flush();
      expect(bench.take()).toEqual(['000101017000', 'a open']);
      bench.mux.rejects = true;
      bench.receive('000104' + '0171' + '00');
      expect(bench.take()).toEqual(['000204']);
    });
  });

  describe('handlers', () => {
    it('may open the same channel anew from onclose: the close has left by then', () => {
      const [a, b] = MuxBench.pair();
      const again = (bench: MuxBench, name: string) => ({
        handlers: {
          onclose: () => (bench.log.length < 12 ? bench.channel(`${name}2`, 'p').open() : undefined),
        },
      });
      a.hold('p');
      b.hold('p');
      const here = a.channel('a', 'p', again(a, 'a'));
      here.open();
      b.channel('b', 'p', again(b, 'b')).open();
      a.take();
      b.take();
      here.close();
      a.mux.flush();
      expect(a.take()).toEqual(['000301', 'a local', '000101017000', 'a2 open']);
      expect(b.take()).toEqual(['b remote', '000101017000', 'b2 open']);
      expect([a.mux.size, b.mux.size]).toEqual([1, 1]);
    });

    it('keep the order of what they send', () => {
      for (const onQueued of [undefined, () => undefined]) {
        const bench = new MuxBench(onQueued === undefined ? {} : { onQueued });
        const a = bench.channel('a', 'p', {
          handlers: {
            onopen: () => {
              a.send(0, '1');
              const b = bench.channel('b', 'q');
              b.open();
              b.send(0, '2');
              a.send(0, '3');
              a.close();
            },
          },
        });
        a.open();
        bench.receive(openFrame('01'));
        bench.mux.flush();
        expect(bench.take().filter(line => !/^[ab] /.test(line))).toEqual([
          '000101017000',
          '01000131',
          '000102017100',
          ...(onQueued === undefined ? ['02000132', '01000133'] : ['00000203000132000103000133']),
          '000301',
        ]);
      }
    });

    it('may end everything in the middle of a batch', () => {
      const bench = new MuxBench();
      const handlers = { onmessage: () => bench.mux.destroy() };
      bench.channel('a', 'p', { handlers }).open();
      bench.channel('b', 'q').open();
      bench.receive(openFrame('01'));
      bench.take();
      bench.receive(
        '0000' + '01' + '03000131' + '03000132' + '0000' + '06' + '010201' + '7100' + '00' + '02' + '0301',
      );
      expect(bench.take()).toEqual(['a 0 1', 'a destroyed', 'b destroyed']);
      bench.receive('ff', openFrame('07'));
      expect(bench.take()).toEqual([]);
    });

    it('may receive while they run', () => {
      const bench = new MuxBench();
      const handlers = {
        onmessage: (_type: number, value: unknown) => {
          if (value === '1') bench.receive('01000132');
        },
      };
      bench.channel('a', 'p', { handlers }).open();
      bench.receive(openFrame('01'), '0000' + '01' + '03000131' + '03000133');
      expect(bench.take().slice(2)).toEqual(['a 0 1', 'a 0 2', 'a 0 3']);
    });

    it('that throw are heard by whoever called, and everything else goes on', () => {
      const bench = new MuxBench();
      const thrown = new Error('handler');
      let failing = true;
      const fail = (): void => {
        if (failing) throw thrown;
      };
      bench.channel('a', 'p', { handlers: { onopen: fail, onmessage: fail, onclose: fail } }).open();
      bench.channel('b', 'q').open();
      bench.take();
      expect(() => bench.receive(openFrame('01'))).toThrow(thrown);
      expect(() => bench.receive('01000131')).toThrow(thrown);
      bench.receive('000102' + '0171' + '00');
      failing = false;
      bench.receive('01000132', '02000133');
      failing = true;
      expect(() => bench.receive('000301')).toThrow(thrown);
      expect(bench.mux.size).toBe(1);
      bench.channel('c', 'r').open();
      expect(bench.take()).toEqual([
        'a open',
        'a 0 1',
        'b open',
        'a 0 2',
        'b 0 3',
        'a remote',
        '000101017200',
      ]);
    });

    it('that throw during a delivery lose only what they were told', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01'), '01000131', '01000132');
      const onmessage = (_type: number, value: unknown): void => {
        if (value === '1') throw new Error('handler');
      };
      bench.channel('a', 'p', { handlers: { onmessage } }).open();
      expect(() => bench.mux.flush()).toThrowError('handler');
      bench.receive('01000133');
      bench.mux.flush();
      bench.receive('01000134');
      expect(bench.take().slice(1)).toEqual(['a open', 'a 0 1', 'a 0 2', 'a 0 3', 'a 0 4']);
    });

    it('never run inside createChannel or open', () => {
      const bench = new MuxBench();
      bench.hold('p');
      bench.receive(openFrame('01'), '01000131');
      const channel = bench.channel('a', 'p');
      channel.open();
      expect(bench.take()).toEqual(['000101017000']);
      bench.mux.flush();
      expect(bench.take()).toEqual(['a open', 'a 0 1']);
    });
  });

  describe('codecs', () => {
    it('that fail on a message or handshake fail typed, whoever wrote them', () => {
      const theirs = {
        preencode: () => undefined,
        encode: () => undefined,
        decode: () => {
          throw new Error('a secret');
        },
      };
      const bench = new MuxBench();
      bench.channel('a', 'p', { messages: [theirs] }).open();
      bench.receive(openFrame('01'));
      expect(() => bench.receive('0100aa')).toThrow(new BadValueError('message', 2, 'the codec refused it'));
      bench.channel('b', 'q', { handshake: fixed32 }).open(fill(32, 1));
      expect(() => bench.receive('000102' + '0171' + '00aabb')).toThrowMatching(
        error => isHypercoreError(error) && error.code === 'ERR_OUT_OF_BOUNDS',
      );
    });

    it('see no byte beyond their message', () => {
      const bench = new MuxBench();
      bench.channel('a', 'p', { messages: [fixed32] }).open();
      bench.receive(openFrame('01'));
      const body = '11'.repeat(31);
      expect(() =>
        bench.receive('0000' + '01' + '20' + '00' + body + '21' + '00' + body + '11'),
      ).toThrowMatching(error => isHypercoreError(error) && error.code === 'ERR_OUT_OF_BOUNDS');
    });

    it('that fail to write leave nothing behind', () => {
      const bench = new MuxBench();
      const channel = bench.channel('a', 'p', { handshake: fixed32, messages: [fixed32, rest] });
      expect(() => channel.open(fill(31, 0))).toThrowError(RangeError);
      expect([bench.mux.size, bench.mux.opened('p', null), bench.take()]).toEqual([0, false, []]);
      channel.open(fill(32, 0));
      expect(() => channel.send(0, fill(31, 0))).toThrowError(RangeError);
      channel.send(1, unhex('aa'));
      expect(bench.take().slice(1)).toEqual(['0101aa']);
    });
  });

  describe('destroy', () => {
    it('ends every channel, and everything after it is nothing', () => {
      const bench = new MuxBench({ onQueued: () => undefined });
      bench.hold('p');
      bench.receive(openFrame('01'), openFrame('02', '01aa'));
      const adopted = bench.channel('adopted', 'p');
      const created = bench.channel('created', 'q');
      const open = bench.channel('open', 'r');
      open.open();
      open.send(0, 'never leaves');
      bench.take();
      const cause = new Error('why');
      bench.mux.destroy(cause);
      bench.mux.destroy();
      expect(bench.take()).toEqual(['open destroyed', 'adopted destroyed']);
      expect(bench.mux.cause).toBe(cause);
      created.open();
      adopted.open();
      expect(bench.take()).toEqual(['created destroyed']);
      expect(open.send(0, 'x')).toBeFalse();
      for (const request of bench.requests) request.settle();
      bench.receive('01000131', openFrame('03'));
      bench.mux.flush();
      bench.mux.cork();
      bench.mux.uncork();
      expect(bench.take()).toEqual([]);
      expect(bench.mux.createChannel({ protocol: 's', messages: [], handlers: {} })).toBeNull();
      expect([bench.mux.size, bench.mux.destroyed]).toEqual([0, true]);
    });

    it('ends the others even if a handler throws', () => {
      const bench = new MuxBench();
      const onclose = (): void => {
        throw new Error('first');
      };
      bench.channel('a', 'p', { handlers: { onclose } }).open();
      bench.channel('b', 'q').open();
      bench.take();
      expect(() => bench.mux.destroy()).toThrowError('first');
      expect(bench.take()).toEqual(['a destroyed', 'b destroyed']);
    });
  });
});
