import { rest } from '../../../lib/encoding/rest.js';
import { text } from '../../../lib/encoding/text.js';
import { uint } from '../../../lib/encoding/uint.js';
import { multiplex, type MultiplexOptions, type Multiplexer } from '../../../lib/mux/Multiplexer.js';
import type { ProtocolChannel } from '../../../lib/mux/ProtocolChannel.js';
import { hex, unhex } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';
import { type OfficialChannel, type OfficialMux, officialProtomux, settled } from './OfficialProtomux.js';

const messages = { say: text, count: uint, raw: rest };
const definition = { protocol: 'live', messages };

/** The official end of a channel, noting what it is told. */
class Theirs {
  readonly heard: unknown[] = [];
  readonly channel: OfficialChannel | null;

  constructor(
    mux: OfficialMux,
    options: { protocol?: string; id?: Uint8Array; unique?: boolean; aliases?: string[] } = {},
  ) {
    const note = (type: string) => (value: unknown) =>
      this.heard.push([type, value instanceof Uint8Array ? hex(value) : value]);
    this.channel = mux.createChannel({
      protocol: 'live',
      handshake: uint,
      messages: [
        { encoding: text, onmessage: note('say') },
        { encoding: uint, onmessage: note('count') },
        { encoding: rest, onmessage: note('raw') },
      ],
      onopen: handshake => this.heard.push(['open', handshake]),
      onclose: isRemote => this.heard.push(['close', isRemote]),
      ...options,
    });
    this.channel?.open(7);
  }

  send(type: number, value: unknown): void {
    this.channel!.messages[type].send(value);
  }
}

type Ours = ProtocolChannel<typeof messages, number>;

function note(channel: Ours): unknown[] {
  const heard: unknown[] = [];
  channel.opened.subscribe({ next: handshake => heard.push(['open', handshake]), error: () => undefined });
  channel.subscribe({
    next: ({ type, value }) => heard.push([type, value instanceof Uint8Array ? hex(value) : value]),
    error: (error: { code: string }) => heard.push(error.code),
    complete: () => heard.push('complete'),
  });
  return heard;
}

describe('Multiplexer and the real Protomux', () => {
  let theirs: OfficialMux;
  let ours: Multiplexer;
  let errors: unknown[];

  const begin = (options: MultiplexOptions = {}): void => {
    const official = officialProtomux();
    theirs = official.mux;
    errors = official.errors;
    ours = multiplex(options)(official.link);
  };
  const open = (id?: Uint8Array): Ours =>
    ours.channel({ ...definition, handshake: uint, greeting: 3, ...(id === undefined ? {} : { id }) });

  for (const first of ['ours', 'theirs', 'both'] as const) {
    it(`opens a channel (first: ${first}), talks and closes`, async () => {
      begin();
      let channel!: Ours;
      let heard: unknown[] = [];
      let there!: Theirs;
      const openOurs = (): void => {
        channel = open();
        heard = note(channel);
      };
      if (first === 'ours') {
        theirs.pair({ protocol: 'live' }, () => {
          there = new Theirs(theirs);
        });
        openOurs();
      } else if (first === 'theirs') {
        ours.incoming.subscribe(incoming => {
          channel = incoming.accept({ ...definition, handshake: uint, greeting: 3 });
          heard = note(channel);
        });
        there = new Theirs(theirs);
      } else {
        openOurs();
        there = new Theirs(theirs);
      }
      await settled();
      expect([channel.isOpen, there.channel!.opened]).toEqual([true, true]);
      channel.next({ type: 'say', value: 'héllo' });
      channel.next({ type: 'count', value: 70_000 });
      channel.next({ type: 'raw', value: unhex('00ff') });
      there.send(0, 'hi');
      there.channel!.cork();
      there.send(1, 1);
      there.send(2, unhex('abcd'));
      there.channel!.uncork();
      await settled();
      expect(there.heard).toEqual([
        ['open', 3],
        ['say', 'héllo'],
        ['count', 70_000],
        ['raw', '00ff'],
      ]);
      expect(heard).toEqual([
        ['open', 7],
        ['say', 'hi'],
        ['count', 1],
        ['raw', 'abcd'],
      ]);
      if (first === 'ours') channel.complete();
      else there.channel!.close();
      await settled();
      expect(there.heard.at(-1)).toEqual(['close', first === 'ours']);
      expect(heard.at(-1)).toBe('complete');
      expect([ours.size, errors]).toEqual([0, []]);
    });
  }

  it('rejects and is rejected, and goes on', async () => {
    begin();
    const heard = note(open());
    await settled();
    expect(heard).toEqual(['ERR_CHANNEL_REJECTED']);
    const alone = new Theirs(theirs);
    await settled();
    expect(alone.heard).toEqual([['close', true]]);
    const channel = open();
    const there = new Theirs(theirs);
    await settled();
    expect([channel.isOpen, there.channel!.opened, errors]).toEqual([true, true, []]);
  });

  it('sends before the channel is open, in both directions', async () => {
    begin();
    theirs.pair({ protocol: 'live' }, async () => {
      await settled();
      late = new Theirs(theirs);
    });
    let late!: Theirs;
    const channel = open();
    for (let n = 0; n < 100; n++) channel.next({ type: 'count', value: n });
    await settled();
    await settled();
    expect(late.heard.length).toBe(101);
    expect(late.heard[100]).toEqual(['count', 99]);
    const heard: unknown[] = [];
    ours.incoming.subscribe(incoming => {
      setImmediate(() => heard.push(note(incoming.accept({ ...definition, handshake: uint, greeting: 3 }))));
    });
    const there = new Theirs(theirs, { id: unhex('01') });
    for (let n = 0; n < 100; n++) there.send(1, n);
    await settled();
    expect((heard[0] as unknown[]).length).toBe(101);
    expect((heard[0] as unknown[])[100]).toEqual(['count', 99]);
  });

  it('uses ids again, as the other side does', async () => {
    begin();
    for (let round = 0; round < 50; round++) {
      const channels = [1, 2, 3].map(n => open(new Uint8Array([n])));
      const others = [3, 1, 2].map(n => new Theirs(theirs, { id: new Uint8Array([n]) }));
      await settled();
      channels.forEach((channel, n) => channel.next({ type: 'count', value: n }));
      await settled();
      expect(others.map(other => other.heard[1])).toEqual([
        ['count', 2],
        ['count', 0],
        ['count', 1],
      ]);
      // Closed by either side, or by both at once.
      channels[0].complete();
      if (round % 2 === 0) others[1].channel!.close();
      others[0].channel!.close();
      channels[1].complete();
      await settled();
      expect(ours.size).toBe(0);
    }
    expect(errors).toEqual([]);
  });

  it('finds channels by alias, on either side', async () => {
    begin();
    const aliased = ours.channel({ ...definition, aliases: ['old'], handshake: uint, greeting: 3 });
    const old = new Theirs(theirs, { protocol: 'old', aliases: ['live'] });
    await settled();
    expect([aliased.isOpen, old.channel!.opened]).toEqual([true, true]);
    aliased.next({ type: 'say', value: 'x' });
    await settled();
    expect(old.heard.at(-1)).toEqual(['say', 'x']);
    expect(errors).toEqual([]);
  });

  it('pairs channels of one name in order', async () => {
    begin();
    const unique = { unique: false };
    const others = [new Theirs(theirs, unique), new Theirs(theirs, unique)];
    const [one, two] = [1, 2].map(() =>
      ours.channel({ ...definition, ...unique, handshake: uint, greeting: 3 }),
    );
    await settled();
    one.next({ type: 'say', value: 'one' });
    two.next({ type: 'say', value: 'two' });
    await settled();
    expect(others.map(other => other.heard.at(-1))).toEqual([
      ['say', 'one'],
      ['say', 'two'],
    ]);
  });

  it('keeps every message in order across channels and batches, however they are packed', async () => {
    const random = new Random('live Protomux');
    for (const packing of [
      {},
      { controlInBatches: true, unwrapSingle: false, overshoot: true, maxBatchBytes: 0x800000 },
      { channelsPerBatch: 'one', maxBatchBytes: 100 },
    ] as const) {
      begin({ packing });
      const channels = [0, 1, 2].map(n => open(new Uint8Array([n])));
      const others = [0, 1, 2].map(n => new Theirs(theirs, { id: new Uint8Array([n]) }));
      const heard = channels.map(note);
      await settled();
      const [sent, back]: [unknown[][], unknown[][]] = [
        [[], [], []],
        [[], [], []],
      ];
      for (let i = 0; i < 500; i++) {
        const n = random.integer(0, 2);
        const value = random.bytes(random.pick([0, 1, 250, 300, 5000]));
        if (random.integer(0, 1) === 0) {
          channels[n].next({ type: 'raw', value });
          sent[n].push(['raw', hex(value)]);
        } else {
          if (i % 5 === 0) theirs.cork();
          others[n].send(2, value);
          back[n].push(['raw', hex(value)]);
          if (i % 5 === 0) {
            others[n].send(1, i);
            back[n].push(['count', i]);
            theirs.uncork();
          }
        }
        if (random.integer(0, 20) === 0) await settled();
      }
      await settled();
      expect(others.map(other => other.heard.slice(1))).toEqual(sent as never);
      expect(heard.map(list => list.slice(1))).toEqual(back as never);
      expect(errors).toEqual([]);
    }
  });

  it('opens and closes 1,000 channels', async () => {
    begin();
    const ids = Array.from({ length: 1000 }, (_, n) => new Uint8Array([n >> 8, n]));
    const channels = ids.map(id => open(id));
    const others = ids.map(id => new Theirs(theirs, { id }));
    await settled();
    expect(channels.every(channel => channel.isOpen)).toBeTrue();
    expect(others.every(other => other.channel!.opened)).toBeTrue();
    for (const channel of channels) channel.complete();
    await settled();
    expect(others.every(other => other.channel!.closed)).toBeTrue();
    expect([ours.size, errors]).toEqual([0, []]);
  });

  it('ends with the stream of the other side, and ends it', async () => {
    begin();
    const heard = note(open());
    new Theirs(theirs);
    await settled();
    theirs.stream.destroy();
    ours.close();
    expect(heard.at(-1)).toBe('complete');
    begin();
    const there = new Theirs(theirs);
    open();
    await settled();
    ours.close();
    await settled();
    expect(there.heard.at(-1)).toEqual(['close', true]);
    expect([theirs.stream.readableEnded, errors]).toEqual([true, []]);
  });
});
