import { BehaviorSubject, map, of } from 'rxjs';
import { hypercoreProtocol, type Protocol, range, want } from 'rx-hypercore';
import { decodePackets } from 'rx-hypercore/operators';
import { memoryPair } from 'rx-hypercore/testing';
import type { LinkCondition } from '../../../../demo/page/link/LinkConditions.js';
import { SlowLane } from '../../../../demo/page/link/SlowLane.js';
import { WatchedTransport } from '../../../../demo/page/link/WatchedTransport.js';
import { RecordedConnection } from '../../../../demo/page/wire/RecordedConnection.js';
import type { WireEntry } from '../../../../demo/page/wire/WireEntry.js';
import { fill, hex } from '../../../helpers/bytes.js';

const key = fill(32, 9);

describe('demo: a slow lane', () => {
  beforeEach(() => jasmine.clock().install());
  afterEach(() => jasmine.clock().uninstall());

  it('keeps the order, and the rate', () => {
    const passed: number[] = [];
    const lane = new SlowLane(chunk => passed.push(...chunk));
    const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
    lane.push(bytes.subarray(0, 10));
    expect(passed.length).toBe(10);
    lane.setRate(100);
    lane.push(bytes.subarray(10, 60));
    lane.push(bytes.subarray(60));
    expect(lane.queuedBytes).toBe(90);
    jasmine.clock().tick(500);
    expect(passed.length).toBe(60);
    jasmine.clock().tick(10_000);
    expect(passed).toEqual([...bytes]);
    expect(lane.queuedBytes).toBe(0);
  });

  it('lets what waits pass when it is fast again, and nothing once it is cleared', () => {
    const passed: number[] = [];
    const lane = new SlowLane(chunk => passed.push(...chunk));
    lane.setRate(20);
    lane.push(Uint8Array.of(1, 2, 3));
    lane.setRate(null);
    expect(passed).toEqual([1, 2, 3]);
    lane.setRate(20);
    lane.push(Uint8Array.of(4));
    lane.clear();
    jasmine.clock().tick(1_000);
    expect(passed).toEqual([1, 2, 3]);
  });
});

describe('demo: a connection that is recorded', () => {
  function start() {
    const entries: Omit<WireEntry, 'id' | 'at'>[] = [];
    const counted = { in: 0, out: 0 };
    const secrets: string[] = [];
    const conditions = new BehaviorSubject<LinkCondition>('open');
    const recorder = new RecordedConnection(
      entry => entries.push(entry),
      (direction, bytes) => (counted[direction] += bytes),
    );
    const [near, far] = memoryPair();
    const protocols: Protocol[] = [];
    of(near)
      .pipe(
        map(transport => new WatchedTransport(transport, conditions, recorder)),
        hypercoreProtocol({
          initiator: true,
          tap: {
            payload: (direction, payload) => {
              // The capability is what the handshake of an open ends with.
              of(payload.slice())
                .pipe(decodePackets())
                .subscribe(packet => {
                  if (packet.type === 'open') secrets.push(hex(packet.handshake.slice(-32)));
                });
              recorder.payload(direction, payload);
            },
          },
        }),
      )
      .subscribe(protocol => protocols.push(protocol));
    of(far)
      .pipe(hypercoreProtocol({ initiator: false }))
      .subscribe(protocol => protocols.push(protocol));
    const [ours, theirs] = protocols;
    for (const protocol of protocols) protocol.events.subscribe({ error: () => undefined });
    return { entries, counted, secrets, conditions, ours, theirs };
  }

  const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50));

  it('names what crosses it, counts its bytes, and hides capabilities', async () => {
    const { entries, counted, secrets, ours, theirs } = start();
    const channel = ours.open(key);
    theirs.open(key).next(range({ start: 3, length: 2 }));
    channel.extension('greeting').next(Uint8Array.of(104, 105));
    channel.next(want({ start: 0, length: 32 }));
    await settle();
    const told = entries.map(({ direction, type, summary }) => `${direction} ${type} ${summary}`.trim());
    expect(told.filter(line => /noise|header/.test(line)).map(line => line.split(' who')[0])).toEqual([
      'out noise e',
      'in noise e, ee, s, es',
      'out noise s, se',
      'out stream header',
      'in stream header',
    ]);
    expect(told).toContain('in range 3 to 4');
    expect(told).toContain('out want 0 to 31');
    expect(told).toContain('out extension greeting, 2 B');
    const frames = entries.filter(({ kind }) => kind === 'frame' || kind === 'handshake');
    const sum = frames
      .filter(({ direction }) => direction === 'out')
      .reduce((bytes, frame) => bytes + frame.bytes, 0);
    expect(counted.out).toBe(sum);
    expect(secrets.length).toBe(2);
    const shown = JSON.stringify(entries);
    expect(shown).toContain('hidden (33 bytes with flags)');
    for (const secret of [...secrets, hex(key)]) expect(shown).not.toContain(secret.slice(0, 8));
    ours.close();
  });

  it('fails when it is cut, at both ends', async () => {
    const { conditions, ours, theirs } = start();
    const [channel, other] = [ours.open(key), theirs.open(key)];
    await settle();
    expect(channel.isOpen).toBeTrue();
    const codes: unknown[] = [];
    for (const one of [channel, other])
      one.subscribe({ error: (error: { code: string }) => codes.push(error.code) });
    conditions.next('cut');
    await settle();
    expect(codes).toEqual(['ERR_CHANNEL_CLOSED', 'ERR_CHANNEL_CLOSED']);
  });
});
