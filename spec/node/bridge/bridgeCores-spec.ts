import RAM from 'random-access-memory';
import Hypercore from 'hypercore-10';
import Hypercore11 from 'hypercore-11';
import { filter, firstValueFrom, map, NEVER, type Subscription, take, toArray } from 'rxjs';
import { WebSocket } from 'ws';
import type { BridgeEvent } from '../../../lib/bridge/BridgeEvent.js';
import { bridgeCores, type BridgeOptions } from '../../../lib/bridge/bridgeCores.js';
import { connectionState } from '../../../lib/connection/connectionState.js';
import { hypercoreProtocol, type ProtocolOptions } from '../../../lib/connection/hypercoreProtocol.js';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { keyPairFromSeed } from '../../../lib/keys/keyPair.js';
import { synchronize } from '../../../lib/messages/synchronize.js';
import { webSocketConnect } from '../../../lib/transports/webSocketConnect.js';
import { until } from '../../connection/pair.js';

describe('bridgeCores', () => {
  const events: BridgeEvent[] = [];
  let core: Hypercore;
  let other: Hypercore;
  let bridge: Subscription | undefined;

  beforeEach(async () => {
    events.length = 0;
    [core, other] = [0, 1].map(() => new Hypercore(() => new RAM(), null));
    await core.ready();
    await other.ready();
    await core.append([new Uint8Array([1])]);
  });

  afterEach(async () => {
    bridge?.unsubscribe();
    await core.close();
    await other.close();
  });

  async function start(options: Omit<BridgeOptions, 'port' | 'server'> = {}): Promise<string> {
    bridge = bridgeCores({ cores: [core], ...options, port: 0 }).subscribe(event => events.push(event));
    await until(() => events.length > 0);
    const [first] = events;
    return first.type === 'listening' ? `ws://127.0.0.1:${first.address.port}` : '';
  }

  const dial = (url: string, options: Partial<ProtocolOptions> = {}) =>
    webSocketConnect(url, { WebSocket }).pipe(hypercoreProtocol({ initiator: true, ...options }));
  const types = (): string[] => events.map(({ type }) => type);

  it('tells of a connection from its beginning to its end', async () => {
    const url = await start();
    const opened = await firstValueFrom(
      dial(url).pipe(
        map(protocol => protocol.open(core.key)),
        take(1),
      ),
    ).catch((error: unknown) => error);
    expect(opened).toBeDefined();
    const subscription = dial(url).subscribe(protocol =>
      protocol.open(core.key).subscribe({ error: () => undefined }),
    );
    await until(() => types().includes('core'));
    subscription.unsubscribe();
    await until(() => types().filter(type => type === 'close').length === 2);
    const second = events
      .filter(event => 'connection' in event && event.connection === 2)
      .map(({ type }) => type);
    expect(second).toEqual(['connection', 'handshake', 'core', 'close']);
    await until(() => core.peers.length === 0);
  });

  for (const [version, Class] of [
    [10, Hypercore],
    [11, Hypercore11],
  ] as const) {
    it(`is who its key pair says, so that a page can insist on it, with hypercore ${version}`, async () => {
      const [keyPair, another] = [3, 4].map(byte =>
        keyPairFromSeed(portableCrypto, new Uint8Array(32).fill(byte)),
      );
      const url = await start({ cores: [], Hypercore: Class as never, keyPair });
      const outcomes: string[] = [];
      for (const { publicKey: remotePublicKey } of [keyPair, another, keyPair]) {
        const connection = connectionState(dial(url, { remotePublicKey }));
        const state = await firstValueFrom(
          connection.pipe(filter(({ status }) => status === 'open' || status === 'closed')),
        );
        if (state.status === 'open') expect(state.remotePublicKey).toEqual(remotePublicKey);
        outcomes.push(state.status === 'closed' ? (state.error as { code: string }).code : state.status);
      }
      expect(outcomes).toEqual(['open', 'ERR_REMOTE_KEY_MISMATCH', 'open']);
    });
  }

  it('refuses halves of different key pairs at once', () => {
    const [one, other] = [3, 4].map(byte => keyPairFromSeed(portableCrypto, new Uint8Array(32).fill(byte)));
    const keyPair = { ...one, publicKey: other.publicKey };
    expect(() => bridgeCores({ cores: [core], port: 0, keyPair })).toThrowError(RangeError);
  });

  it('rejects a core that is not there, finds one by lookup, and shows none that is not asked for', async () => {
    const url = await start({
      lookup: discoveryKey => (discoveryKey[0] === other.discoveryKey[0] ? other : null),
    });
    const codes: string[] = [];
    const seen: string[] = [];
    const subscription = dial(url).subscribe(protocol => {
      protocol.events.subscribe({ next: ({ type }) => seen.push(type), error: () => undefined });
      protocol
        .open(new Uint8Array(32).fill(9))
        .subscribe({ error: ({ code }: { code: string }) => codes.push(code) });
      protocol.open(other.key).subscribe({ error: () => undefined });
    });
    await until(() => codes.length === 1 && seen.includes('channel'));
    expect(codes).toEqual(['ERR_CHANNEL_REJECTED']);
    expect(seen).not.toContain('discovery-key');
    subscription.unsubscribe();
  });

  it('lets nobody see a core whom the authorizer has not let in', async () => {
    let asked = 0;
    const url = await start({
      authorize: key => {
        asked += key.length;
        return NEVER;
      },
      authorizeTimeoutMs: 100,
    });
    let got = 0;
    const closed = await new Promise<{ closeCode?: number }>(resolve =>
      dial(url).subscribe(protocol => {
        const channel = protocol.open(core.key);
        channel.subscribe({ next: () => got++, error: () => undefined });
        channel.next(synchronize({ length: 0 }));
        protocol.closed.subscribe({ error: resolve });
      }),
    );
    expect({ asked, got, code: closed.closeCode }).toEqual({ asked: 32, got: 0, code: 1008 });
    await until(() => types().includes('close'));
    expect(types()).toEqual(['listening', 'connection', 'close']);
  });

  it('ends a connection that asks for one core more than maxCores, and no other', async () => {
    const url = await start({ maxCores: 3 });
    const keys = (count: number): Uint8Array[] =>
      Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i));
    const outcome: string[] = [];
    for (const count of [3, 4]) {
      const subscription = dial(url).subscribe(protocol => {
        for (const key of keys(count)) protocol.open(key).subscribe({ error: () => undefined });
        protocol.closed.subscribe({ error: () => outcome.push(`${count} closed`) });
      });
      if (count === 4) await until(() => outcome.length > 0);
      else await new Promise(resolve => setTimeout(resolve, 200));
      expect(outcome.length).toBe(count - 3);
      subscription.unsubscribe();
    }
    expect(outcome).toEqual(['4 closed']);
    const close = events.find(
      event => event.type === 'close' && (event.error as { limit?: string }).limit === 'maxCores',
    );
    expect(close).toBeDefined();
  });

  it('gives up a page that says nothing, and one that speaks nonsense', async () => {
    const url = await start({ handshakeTimeoutMs: 60 });
    const silent = new WebSocket(url);
    const closed: string[] = [];
    silent.on('close', () => closed.push('silent')).on('error', () => undefined);
    const babbling = new WebSocket(url);
    babbling.on('close', () => closed.push('babbling')).on('error', () => undefined);
    babbling.on('open', () => babbling.send(new Uint8Array(1000).fill(0xff)));
    await until(() => closed.length === 2);
    await until(() => types().filter(type => type === 'close').length === 2);
    expect(core.peers.length).toBe(0);
  });

  it('keeps nothing of pages that go away at any step', async () => {
    const url = await start();
    for (let step = 0; step < 12; step++) {
      await new Promise<void>(resolve => {
        const socket = new WebSocket(url);
        socket.on('error', () => undefined).on('close', () => resolve());
        if (step === 0) socket.terminate();
        else
          webSocketConnect(url, { WebSocket })
            .pipe(hypercoreProtocol({ initiator: true }))
            .subscribe(protocol => {
              protocol.open(core.key).subscribe({ error: () => undefined });
              protocol.closed.subscribe({ error: () => undefined });
              setTimeout(() => {
                protocol.destroy();
                socket.terminate();
              }, step * 3);
            });
      });
    }
    const open = (): number =>
      types().filter(type => type === 'connection').length - types().filter(type => type === 'close').length;
    await until(() => open() === 0 && core.peers.length === 0);
    expect(open()).toBe(0);
  });

  it('ends everything on unsubscription, and leaves the cores open', async () => {
    const url = await start();
    const ended = new Promise<string>(resolve =>
      dial(url).subscribe(protocol => {
        protocol.open(core.key).subscribe({ error: ({ code }: { code: string }) => resolve(code) });
        protocol.events
          .pipe(
            filter(({ type }) => type === 'channel'),
            take(1),
            toArray(),
          )
          .subscribe({ next: () => bridge?.unsubscribe(), error: () => undefined });
      }),
    );
    expect(await ended).toBe('ERR_CHANNEL_CLOSED');
    expect(await core.has(0)).toBeTrue();
  });

  it('ends a connection that says nothing for idleTimeoutMs, and none that says it is there', async () => {
    const url = await start({ idleTimeoutMs: 500 });
    const ended: string[] = [];
    for (const [name, keepAliveMs] of [
      ['silent', 0],
      ['there', 100],
    ] as const) {
      const limits = { keepAliveMs };
      webSocketConnect(url, { WebSocket })
        .pipe(hypercoreProtocol({ initiator: true, limits }))
        .subscribe(protocol => {
          protocol.open(core.key).subscribe({ error: () => undefined });
          protocol.closed.subscribe({ error: () => ended.push(name), complete: () => ended.push(name) });
        });
    }
    await until(() => ended.length > 0);
    expect(ended).toEqual(['silent']);
  });

  it('takes maxConnections pages, and not one more', async () => {
    const url = await start({ maxConnections: 2 });
    const codes: string[] = [];
    const subscriptions = [0, 1].map(() => dial(url).subscribe());
    await until(() => types().filter(type => type === 'handshake').length === 2);
    dial(url).subscribe({ error: ({ code }: { code: string }) => codes.push(code) });
    await until(() => codes.length > 0);
    expect(codes).toEqual(['ERR_TRANSPORT_FAILED']);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('complains at once of numbers that make no sense', () => {
    const names = ['maxCores', 'maxConnections', 'maxPayloadBytes', 'maxInboundBytes'] as const;
    const times = ['authorizeTimeoutMs', 'handshakeTimeoutMs', 'idleTimeoutMs'] as const;
    const wrong = [
      ...names.flatMap(name => [0, -1, 1.5, NaN, Infinity].map(value => ({ [name]: value }))),
      ...times.flatMap(name => [-1, 1.5, NaN, Infinity, 2 ** 31].map(value => ({ [name]: value }))),
    ];
    for (const options of wrong)
      expect(() => bridgeCores({ cores: [core], port: 0, ...options }))
        .withContext(JSON.stringify(options))
        .toThrowError(RangeError);
  });

  it('needs a core, or the class of one', () => {
    expect(() => bridgeCores({ port: 0 })).toThrowError(TypeError);
    expect(() => bridgeCores({ port: 0, cores: [], Hypercore: Hypercore as never })).not.toThrow();
  });
});
