import {
  asapScheduler,
  BehaviorSubject,
  Observable,
  queueScheduler,
  Subject,
  take,
  VirtualTimeScheduler,
} from 'rxjs';
import { rest } from '../../lib/encoding/rest.js';
import { text } from '../../lib/encoding/text.js';
import { uint } from '../../lib/encoding/uint.js';
import { ChannelClosedError, ChannelRejectedError, MuxBatchError, MuxOpenError } from '../../lib/errors.js';
import {
  type IncomingOpen,
  multiplex,
  type MultiplexOptions,
  type Multiplexer,
} from '../../lib/mux/Multiplexer.js';
import { comparable, marbles } from '../helpers/marbles.js';
import { hex, unhex } from '../helpers/bytes.js';
import { linkPair } from './linkPair.js';

const chat = { protocol: 'chat', messages: { say: text, skipped: null, count: uint, raw: rest } };

const turn = async (): Promise<void> => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};

function connected(options: MultiplexOptions = {}): {
  a: Multiplexer;
  b: Multiplexer;
  links: ReturnType<typeof linkPair>;
} {
  const links = linkPair();
  return { a: multiplex(options)(links[0]), b: multiplex(options)(links[1]), links };
}

function listen<T>(source: Observable<T>): unknown[] {
  const heard: unknown[] = [];
  source.subscribe({
    next: value => heard.push(value),
    error: error => heard.push(error),
    complete: () => heard.push('complete'),
  });
  return heard;
}

describe('Multiplexer', () => {
  it('talks on a channel that both sides open', async () => {
    const { a, b } = connected();
    const [here, there] = [a.channel(chat), b.channel(chat)];
    const heard = listen(there);
    const opened = listen(here.opened);
    here.next({ type: 'say', value: 'hello' });
    here.next({ type: 'count', value: 300 });
    expect(heard).toEqual([]);
    await turn();
    expect(opened).toEqual([undefined, 'complete']);
    expect([here.isOpen, there.isOpen, a.size]).toEqual([true, true, 1]);
    expect(heard).toEqual([
      { type: 'say', value: 'hello' },
      { type: 'count', value: 300 },
    ]);
    here.complete();
    await turn();
    expect(heard.at(-1)).toBe('complete');
    expect([a.size, b.size]).toEqual([0, 0]);
  });

  it('gathers what is sent in one turn into one payload, across channels', async () => {
    const { a, b, links } = connected();
    const one = a.channel(chat);
    const two = a.channel({ ...chat, id: unhex('02') });
    b.channel(chat);
    b.channel({ ...chat, id: unhex('02') });
    await turn();
    links[0].sent.length = 0;
    one.next({ type: 'say', value: 'x' });
    two.next({ type: 'say', value: 'y' });
    one.sendBatch([
      { type: 'count', value: 1 },
      { type: 'count', value: 2 },
    ]);
    await turn();
    expect(links[0].sent.map(hex)).toEqual([
      '0000' + '01' + '03000178' + '0002' + '03000179' + '0001' + '020201' + '020202',
    ]);
  });

  it('exchanges greetings', async () => {
    const { a, b } = connected();
    const definition = { ...chat, handshake: text };
    const here = a.channel({ ...definition, greeting: 'from a' });
    const there = b.channel({ ...definition, greeting: 'from b' });
    const heard = [listen(here.opened), listen(there.opened)];
    await turn();
    expect(heard).toEqual([
      ['from b', 'complete'],
      ['from a', 'complete'],
    ]);
    expect(listen(here.opened)).withContext('replays').toEqual(['from b', 'complete']);
  });

  it('connects whoever comes late within the turn, and rejects otherwise', async () => {
    const { a, b } = connected();
    const here = a.channel(chat);
    const heard = listen(here);
    const there = b.channel(chat);
    await turn();
    expect([here.isOpen, there.isOpen, heard]).toEqual([true, true, []]);
    const alone = a.channel({ ...chat, id: unhex('07') });
    const reason = [listen(alone), listen(alone.opened)];
    await turn();
    expect(reason.map(comparable)).toEqual([
      [comparable(new ChannelRejectedError())],
      [comparable(new ChannelRejectedError())],
    ] as never);
    expect(a.size).toBe(1);
  });

  it('tells what the remote opened alone: it can be accepted, under another name too, or rejected', async () => {
    const { a, b } = connected();
    const seen: IncomingOpen[] = [];
    const heard: unknown[] = [];
    b.incoming.subscribe(incoming => {
      seen.push(incoming);
      if (incoming.id?.[0] === 1) incoming.accept(chat).subscribe(message => heard.push(message));
      if (incoming.id?.[0] === 2)
        incoming.accept({ ...chat, protocol: 'talk' }).subscribe(message => heard.push(message));
      if (incoming.id?.[0] === 3) incoming.reject();
    });
    const channels = [1, 2, 3].map(n => {
      const aliases = ['talk'];
      const channel = a.channel({ ...chat, id: new Uint8Array([n]), aliases });
      channel.next({ type: 'count', value: n });
      return channel;
    });
    const ends = channels.map(channel => listen(channel));
    await turn();
    expect(seen.map(({ protocol, id }) => [protocol, hex(id!)])).toEqual([
      ['chat', '01'],
      ['chat', '02'],
      ['chat', '03'],
    ]);
    expect(heard).toEqual([
      { type: 'count', value: 1 },
      { type: 'count', value: 2 },
    ]);
    expect(channels.map(channel => channel.isOpen)).toEqual([true, true, false]);
    expect(ends.map(end => end.length)).toEqual([0, 0, 1]);
  });

  it('replays what is undecided to a late subscriber, and rejects it when the time is up', () => {
    const scheduler = new VirtualTimeScheduler();
    const { a, b } = connected({ flushScheduler: queueScheduler, limits: { answerTimeoutMs: 1000 } });
    a.close();
    const links = linkPair();
    const here = multiplex({ flushScheduler: queueScheduler })(links[0]);
    const there = multiplex({ flushScheduler: queueScheduler, scheduler, limits: { answerTimeoutMs: 1000 } })(
      links[1],
    );
    const seen = listen(there.incoming);
    const heard = listen(here.channel(chat));
    const late = listen(there.incoming);
    expect([seen.length, late.length]).toEqual([1, 1]);
    scheduler.schedule(() => expect(heard).toEqual([]), 999);
    scheduler.flush();
    expect(scheduler.frame).toBe(1000);
    expect(heard.map(comparable)).toEqual([comparable(new ChannelRejectedError())]);
    expect(listen(there.incoming)).toEqual([]);
    expect(b.size).toBe(0);
  });

  it('keeps no timer for an open that was decided, and nothing of a storm of opens that are taken back', () => {
    const scheduler = new VirtualTimeScheduler();
    const [here, there] = linkPair();
    const mux = multiplex({ scheduler, flushScheduler: queueScheduler })(here);
    const incoming: IncomingOpen[] = [];
    mux.incoming.subscribe(open => incoming.push(open));
    const timers = (): number => scheduler.actions.filter(action => !action.closed).length;
    there.next(unhex('000101017000'));
    expect(timers()).toBe(1);
    incoming[0].reject();
    expect(timers()).toBe(0);
    for (let i = 0; i < 1000; i++) {
      there.next(unhex('000101017100'));
      there.next(unhex('000301'));
    }
    expect(incoming.length).toBe(1001);
    expect(timers()).toBeLessThanOrEqual(64);
    expect(listen(mux.incoming)).toEqual([]);
    mux.destroy();
    expect(timers()).toBe(0);
  });

  it('leaves opens unanswered where rejects are errors', async () => {
    const links = linkPair();
    multiplex({ rejects: false })(links[1]);
    const heard = listen(multiplex()(links[0]).channel(chat));
    await turn();
    expect([heard, links[1].sent]).toEqual([[], []]);
  });

  it('refuses a second channel for a key, and any after the end', () => {
    const { a } = connected();
    a.channel(chat);
    expect(() => a.channel(chat)).toThrowError(TypeError);
    a.channel({ ...chat, unique: false });
    a.close();
    expect(() => a.channel({ ...chat, id: unhex('01') })).toThrowError(TypeError);
  });

  it('ends in order: channels complete, then the link, and the remote follows', async () => {
    const { a, b } = connected();
    const heard = [a, b].map(mux => listen(mux.channel(chat)));
    const closed = [a, b].map(mux => listen(mux.closed));
    await turn();
    a.close();
    a.close();
    await turn();
    expect(heard).toEqual([['complete'], ['complete']]);
    expect(closed).toEqual([['complete'], ['complete']]);
    expect(listen(a.closed)).toEqual(['complete']);
    expect(listen(a.drained)).toEqual(['complete']);
  });

  it('fails with its link', async () => {
    const [link, remote] = linkPair();
    const mux = multiplex()(link);
    const heard = [listen(mux.channel(chat)), listen(mux.incoming), listen(mux.closed)];
    await turn();
    remote.error('gone');
    expect(heard.map(comparable)).toEqual([
      [comparable(new ChannelClosedError('gone'))],
      ['complete'],
      ['gone'],
    ] as never);
  });

  it('tells its channels if the link ends before them', async () => {
    const [link, remote] = linkPair();
    const mux = multiplex()(link);
    const channel = mux.channel(chat);
    const heard = [listen(channel), listen(channel.opened), listen(mux.closed)];
    await turn();
    remote.complete();
    const ended = comparable(new ChannelClosedError());
    expect(heard.map(comparable)).toEqual([[ended], [ended], ['complete']] as never);
  });

  it('tears the link down when the remote violates the protocol, at once or when it is delivered', async () => {
    const [link, remote] = linkPair();
    const mux = multiplex()(link);
    const told = listen(remote);
    const heard = listen(mux.channel(chat));
    remote.next(unhex('000100017000'));
    const error = new MuxOpenError(0);
    expect(comparable(heard)).toEqual(comparable([new ChannelClosedError(error)]));
    expect(comparable(told.slice(1))).toEqual(comparable([error]));

    const [link2, remote2] = linkPair();
    const mux2 = multiplex()(link2);
    const closed = listen(mux2.closed);
    remote2.next(unhex('000101' + '0463686174' + '00'));
    remote2.next(unhex('010005'));
    mux2.channel(chat);
    await turn();
    expect((closed[0] as { code?: string }).code).toBe('ERR_OUT_OF_BOUNDS');
  });

  it('ends with the error it is destroyed with', () => {
    const { a, b } = connected();
    const heard = [listen(a.channel(chat)), listen(a.closed), listen(b.closed)];
    const error = new MuxBatchError(0, 'for example');
    a.destroy(error);
    a.destroy();
    expect(comparable(heard)).toEqual(comparable([[new ChannelClosedError(error)], [error], [error]]));
  });

  it('ends even if the link had ended before', () => {
    for (const end of [
      (link: Subject<Uint8Array>) => link.complete(),
      (link: Subject<Uint8Array>) => link.error('x'),
    ]) {
      const link = new Subject<Uint8Array>();
      end(link);
      const mux = multiplex()(link);
      expect(listen(mux.closed).length).toBe(1);
      expect(() => mux.channel(chat)).toThrowError(TypeError);
    }
  });

  it('says whether the link takes more', async () => {
    const drained = new BehaviorSubject(true);
    const [link] = linkPair();
    const mux = multiplex({ drained })(link);
    const channel = mux.channel(chat);
    const heard = [listen(mux.drained), listen(channel.drained)];
    drained.next(false);
    drained.next(false);
    drained.next(true);
    channel.complete();
    drained.next(false);
    expect(heard).toEqual([
      [true, false, true, false],
      [true, false, true, 'complete'],
    ]);
    mux.close();
    expect(drained.observed).toBeFalse();
  });

  it('passes the wish to pause on', async () => {
    const [link, remote] = linkPair();
    const pressure: boolean[] = [];
    const mux = multiplex({ onPressure: paused => pressure.push(paused) })(link);
    mux.incoming.subscribe();
    remote.next(unhex('000101' + '0463686174' + '00'));
    remote.next(unhex('0103' + '00'.repeat(40_000)));
    expect(pressure).toEqual([true]);
    mux.channel(chat).pipe(take(1)).subscribe();
    await turn();
    expect(pressure).toEqual([true, false]);
  });

  it('lets go of the link and of its timers when it ends', () => {
    const link = new Subject<Uint8Array>();
    const scheduler = new VirtualTimeScheduler();
    const mux = multiplex({ flushScheduler: queueScheduler, scheduler })(link);
    mux.incoming.subscribe();
    link.next(unhex('000101' + '0463686174' + '00'));
    expect([link.observed, scheduler.actions.length]).toEqual([true, 1]);
    mux.destroy('over');
    expect([link.observed, scheduler.actions.length]).toEqual([false, 0]);
  });

  it('takes payloads in marbles', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const payloads = {
        o: unhex('000101' + '0463686174' + '00'),
        h: unhex('01000568656c6c6f'),
        b: unhex('0000' + '01' + '03000178' + '020207'),
        c: unhex('000301'),
      };
      const messages = {
        h: { type: 'say', value: 'hello' },
        x: { type: 'say', value: 'x' },
        n: { type: 'count', value: 7 },
      };
      const source = hot<Uint8Array>('-o-h-b---c-', payloads);
      const expected = '              ---h-(xn)|';
      const link = Object.assign(new Observable<Uint8Array>(subscriber => source.subscribe(subscriber)), {
        next: () => undefined,
        error: () => undefined,
        complete: () => undefined,
      });
      const mux = multiplex({ flushScheduler: asapScheduler })(link);
      expectObservable(mux.channel(chat)).toBe(expected, messages);
      expectSubscriptions(source.subscriptions).toBe('^');
    });
  });
});
