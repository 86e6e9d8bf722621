import { firstValueFrom, lastValueFrom, map, of, retry, Subject, Subscription, take, toArray } from 'rxjs';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import { paced } from '../../lib/connection/paced.js';
import { pullFrom } from '../../lib/connection/pullFrom.js';
import type { CoreProgress } from '../../lib/replication/CoreProgress.js';
import { createPeer, type Peer } from '../../lib/replication/Peer.js';
import { replicate } from '../../lib/replication/replicate.js';
import type { ReplicationLimits } from '../../lib/replication/ReplicationLimits.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { ascii } from '../helpers/bytes.js';
import { protocolPair, until } from '../connection/pair.js';

const seed = new Uint8Array(32).fill(7);
const bytes = (count: number, first = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => Uint8Array.of(first + n, 1, 2));

describe('replication: Peer', () => {
  const peers: Peer[] = [];
  const left = new Subscription();
  const peer = (limits: Partial<ReplicationLimits> = {}): Peer => {
    const made = createPeer({ limits });
    peers.push(made);
    return made;
  };
  const join = (a: Peer, b: Peer) => {
    const pair = protocolPair();
    left.add(pair.subscription);
    return { ...pair, replicatingA: a.replicate(pair.a), replicatingB: b.replicate(pair.b) };
  };
  afterEach(async () => {
    await Promise.all(peers.splice(0).map(one => one.close()));
  });
  afterAll(() => left.unsubscribe());

  const writing = async (count: number) => {
    const writer = peer();
    const core = writer.core({ seed });
    if (count > 0) await core.append(bytes(count));
    await core.ready();
    return { writer, core };
  };

  it('reads a core, as it is and as it grows', async () => {
    const { writer, core } = await writing(5);
    const reader = peer();
    join(writer, reader);
    const copy = reader.core(core.key);
    const past = await lastValueFrom(copy.blocks().pipe(toArray()));
    expect(past.map(({ index, value }) => [index, value[0]])).toEqual([0, 1, 2, 3, 4].map(n => [n, n]));
    const live = lastValueFrom(copy.blocks({ live: true, start: 4 }).pipe(take(3), toArray()));
    await core.append(bytes(2, 5));
    expect((await live).map(({ index }) => index)).toEqual([4, 5, 6]);
    expect(copy.contiguousLength).toBe(7);
  });

  it('is the same object for the same core, until that is closed', async () => {
    const one = peer();
    const core = one.core(seed);
    expect(one.core(seed)).toBe(core);
    expect(one.core({ key: seed })).toBe(core);
    await core.close();
    expect(one.core(seed)).not.toBe(core);
    await one.close();
    expect(() => one.core(seed)).toThrowError(TypeError);
  });

  it('opens a core anew when the one that is being closed has let go of its files', async () => {
    const one = createPeer({ storage: memoryStorage() });
    const core = one.core({ seed });
    await core.append(bytes(3));
    const order: string[] = [];
    core.events.subscribe({ complete: () => order.push('events') });
    const closing = core.close().then(() => order.push('closed'));
    const next = one.core({ seed });
    expect(next).not.toBe(core);
    await next.ready();
    expect(order).toEqual(['events', 'closed']);
    expect(one.core({ seed })).toBe(next);
    expect(next.length).toBe(3);
    await closing;
    // Whoever closes a second time, or the peer, waits as well.
    const again = [next.close(), next.close(), one.close()];
    for (const end of again) await end;
    expect(() => next.log.session()).toThrowMatching(
      error => (error as { code: string }).code === 'ERR_LOG_CLOSED',
    );
  });

  it('says of a core that is closed that it is, whatever it is asked', async () => {
    const { core } = await writing(2);
    await core.close();
    const closed = jasmine.objectContaining({ code: 'ERR_LOG_CLOSED' });
    const asked: Promise<unknown>[] = [
      core.append(bytes(1)),
      core.clear(0),
      core.has(0),
      core.get(0),
      core.seek(0),
      core.push(0),
      core.update(),
      lastValueFrom(core.blocks()),
      lastValueFrom(core.download()),
    ];
    for (const answer of asked) await expectAsync(answer).toBeRejectedWith(closed);
  });

  it('replicates cores over connections, whichever came first', async () => {
    const { writer, core } = await writing(3);
    const second = writer.core({ seed: new Uint8Array(32).fill(8) });
    const reader = peer();
    const early = reader.core(core.key);
    await early.ready();
    const { b } = join(writer, reader);
    expect((await early.get(2))[0]).toBe(2);
    await second.append(bytes(4));
    const late = reader.core(second.key);
    expect((await late.get(3))[0]).toBe(3);
    expect(b.channels.length).toBe(2);
  });

  it('refuses what it does not know, at once', async () => {
    const { writer, core } = await writing(3);
    const reader = peer();
    const { log } = join(writer, reader);
    await until(() => log.includes('a close'));
    // Once it knows the core, that is opened from here.
    expect((await reader.core(core.key).get(0))[0]).toBe(0);
  });

  it('leaves extensions on the same channel to the application', async () => {
    const { writer, core } = await writing(1);
    const reader = peer();
    const { a, b } = join(writer, reader);
    await reader.core(core.key).get(0);
    const heard = firstValueFrom(b.open(core.key).extension('chat'));
    a.open(core.key).extension('chat').next(ascii('hello'));
    expect(await heard).toEqual(ascii('hello'));
  });

  it('ends with its subscription, and leaves the connection open', async () => {
    const { writer, core } = await writing(1);
    const reader = peer();
    const { b, replicatingB } = join(writer, reader);
    const copy = reader.core(core.key);
    await copy.get(0);
    replicatingB.unsubscribe();
    expect(b.channels).toEqual([]);
    await core.append(bytes(1, 1));
    await expectAsync(copy.get(1, { timeoutMs: 50 })).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_TIMEOUT' }),
    );
    reader.replicate(b);
    expect((await copy.get(1))[0]).toBe(1);
  });

  it('dials again through retry', async () => {
    const { writer, core } = await writing(3);
    const reader = peer();
    let dials = 0;
    const dialling = of(null).pipe(
      map(() => {
        dials++;
        const [here, there] = memoryPair();
        left.add(
          of(there)
            .pipe(hypercoreProtocol({ initiator: false }))
            .subscribe(protocol => {
              writer.replicate(protocol);
              protocol.events.subscribe({ error: () => undefined });
              protocol.closed.subscribe({ error: () => undefined });
            }),
        );
        return here;
      }),
      hypercoreProtocol({ initiator: true }),
      replicate(reader),
      retry({ delay: 1 }),
    );
    const copy = reader.core(core.key);
    let protocols = 0;
    const subscription = dialling.subscribe(protocol => {
      if (++protocols === 1) copy.get(0).then(() => protocol.destroy(new Error('cut')), fail);
    });
    await copy.get(0);
    await until(() => dials === 2);
    await core.append(bytes(1, 3));
    expect((await copy.get(3))[0]).toBe(3);
    subscription.unsubscribe();
  });

  describe('blocks', () => {
    it('of a core without remotes are those that are here', async () => {
      const { core } = await writing(3);
      expect((await lastValueFrom(core.blocks({ start: 1 }).pipe(toArray()))).length).toBe(2);
      expect(await lastValueFrom(core.blocks({ start: 3 }).pipe(toArray()))).toEqual([]);
    });

    it('refuse options that make no sense at once', async () => {
      const { core } = await writing(0);
      for (const options of [{ start: -1 }, { start: 2, end: 1 }, { window: 0 }, { start: 0.5 }]) {
        expect(() => core.blocks(options)).toThrowError(RangeError);
      }
    });

    it('are the same for every subscriber, each from its own start', async () => {
      const { core } = await writing(4);
      const blocks = core.blocks();
      const twice = [blocks, blocks].map(one =>
        lastValueFrom(
          one.pipe(
            map(({ index }) => index),
            toArray(),
          ),
        ),
      );
      expect(await Promise.all(twice)).toEqual([
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ]);
    });

    it('stop with their subscriber, and take requests back', async () => {
      const { writer, core } = await writing(40);
      const reader = peer();
      const { b } = join(writer, reader);
      const copy = reader.core(core.key);
      const early = copy.blocks({ live: true }).subscribe(() => fail('emitted'));
      early.unsubscribe();
      await copy.update();
      expect(
        await lastValueFrom(
          copy.blocks().pipe(
            take(2),
            map(({ index }) => index),
            toArray(),
          ),
        ),
      ).toEqual([0, 1]);
      b.pause(); // from here on nothing is answered
      const stalled = copy.blocks({ start: 30, window: 5 }).subscribe();
      const inFlight = () => firstValueFrom(copy.progress.pipe(map(progress => progress.inFlight)));
      await new Promise(resolve => setTimeout(resolve, 5));
      stalled.unsubscribe();
      expect(await inFlight()).toBe(0);
    });

    it('are asked for as fast as they are taken', async () => {
      const { writer, core } = await writing(200);
      const reader = peer();
      join(writer, reader);
      const copy = reader.core(core.key);
      let most = 0;
      let next = 0;
      for await (const { index } of pullFrom(copy.blocks({ window: 8 }), { highWaterMark: 1 })) {
        expect(index).toBe(next++);
        if (index % 20 === 0) await new Promise(resolve => setTimeout(resolve, 5));
        most = Math.max(most, copy.contiguousLength - index);
      }
      expect(next).toBe(200);
      expect(most).toBeLessThanOrEqual(8 + 2);
    });

    it('wait for work that takes its time, and lose none', async () => {
      const { writer, core } = await writing(100);
      const reader = peer();
      join(writer, reader);
      const copy = reader.core(core.key);
      const blocks = copy.blocks({ window: 4 });
      let most = 0;
      const worked = blocks.pipe(
        paced(
          blocks,
          async ({ index }) => {
            await Promise.resolve();
            most = Math.max(most, copy.contiguousLength - index);
            return index;
          },
          { highWaterMark: 2, concurrent: 2 },
        ),
        toArray(),
      );
      const indexes = await lastValueFrom(worked);
      expect(indexes).toEqual([...Array(100).keys()]);
      expect(most).toBeLessThanOrEqual(4 + 2 + 2 + 1);
    });

    it('go on at a cut that comes while a block is being read', async () => {
      const { writer, core } = await writing(10);
      const reader = peer();
      join(writer, reader);
      const copy = reader.core(core.key);
      await lastValueFrom(copy.download({ end: 10, live: true }), { defaultValue: null });
      const { core: log } = copy.log;
      const get = log.get.bind(log);
      const read = new Subject<void>();
      log.get = async index => {
        const block = await get(index);
        if (index === 3 && copy.fork === 0) await firstValueFrom(read);
        return block;
      };
      const seen: string[] = [];
      const subscription = copy
        .blocks({ live: true })
        .subscribe(({ index, value, fork }) => seen.push(`${fork}:${index}:${value[0]}`));
      await until(() => seen.length === 3);
      await core.truncate(1);
      await core.append(bytes(4, 100));
      await until(() => copy.fork === 1 && copy.length === 5);
      read.next();
      await until(() => seen.length === 7);
      expect(seen.join(' ')).toBe('0:0:0 0:1:1 0:2:2 1:1:100 1:2:101 1:3:102 1:4:103');
      subscription.unsubscribe();
    });

    it('fail when the core is closed', async () => {
      const { core } = await writing(1);
      const reading = lastValueFrom(core.blocks({ live: true }));
      await core.ready();
      await new Promise(resolve => setTimeout(resolve, 5));
      await core.close();
      await expectAsync(reading).toBeRejectedWith(jasmine.objectContaining({ code: 'ERR_LOG_CLOSED' }));
    });
  });

  it('downloads a row and completes, whole', async () => {
    const { writer, core } = await writing(30);
    const reader = peer();
    join(writer, reader);
    const copy = reader.core(core.key);
    await lastValueFrom(copy.download({ start: 5, end: 25 }), { defaultValue: null });
    expect(await copy.has(4)).toBe(false);
    expect(await copy.has(5)).toBe(true);
    expect(await copy.has(24)).toBe(true);
    expect(await copy.has(25)).toBe(false);
  });

  it('gets what is not here from nobody when told so', async () => {
    const { writer, core } = await writing(3);
    const reader = peer();
    join(writer, reader);
    const copy = reader.core(core.key);
    await copy.update();
    await expectAsync(copy.get(1, { wait: false })).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_BLOCK_NOT_AVAILABLE' }),
    );
    expect(() => copy.get(-1)).toThrowError(RangeError);
  });

  it('updates at once where there is nobody, and else when the longer tree is proved', async () => {
    const { writer, core } = await writing(3);
    const reader = peer();
    const copy = reader.core(core.key);
    expect(await copy.update()).toBe(false);
    join(writer, reader);
    expect(await copy.update()).toBe(true);
    expect(copy.length).toBe(3);
    expect(await copy.update()).toBe(false);
  });

  it('tells how far it is', async () => {
    const { writer, core } = await writing(50);
    const reader = peer({ progressIntervalMs: 1 });
    join(writer, reader);
    const copy = reader.core(core.key);
    const seen: CoreProgress[] = [];
    const telling = copy.progress.subscribe(progress => seen.push(progress));
    await lastValueFrom(copy.download(), { defaultValue: null });
    await until(() => seen.at(-1)?.have === 50);
    await until(() => seen.at(-1)?.rateDown === 0);
    telling.unsubscribe();
    const last = seen.at(-1);
    expect(last).toEqual({
      localLength: 50,
      remoteLength: 50,
      have: 50,
      wanted: 0,
      inFlight: 0,
      bytesDown: 150,
      bytesUp: 0,
      rateDown: 0,
      rateUp: 0,
      peers: 1,
    });
    expect(seen.some(({ rateDown }) => rateDown > 0)).toBe(true);
    expect((await firstValueFrom(core.progress)).bytesUp).toBe(150);
  });
});
