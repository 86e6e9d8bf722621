import { EMPTY, NEVER, of, Subject, VirtualTimeScheduler } from 'rxjs';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { isHypercoreError, LimitExceededError } from '../../lib/errors.js';
import { discoveryKey } from '../../lib/keys/discoveryKey.js';
import { data } from '../../lib/messages/data.js';
import { noData } from '../../lib/messages/noData.js';
import { HYPERCORE_PROTOCOL } from '../../lib/messages/protocolName.js';
import { type HostileEvent, HostilePeer } from '../../lib/testing/hostile/HostilePeer.js';
import type { Misbehaviour } from '../../lib/testing/hostile/Misbehaviour.js';
import { misbehaviours } from '../../lib/testing/hostile/misbehaviours.js';
import { rawMessage, rawOpen } from '../../lib/testing/hostile/rawPackets.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import { thrownBy } from '../secret/wire.js';
import { Battle, key, keysOf, repeating, small, told } from './Battle.js';

const scripted = (hooks: Partial<Misbehaviour>): Misbehaviour => ({
  name: 'scripted',
  does: 'what a spec says',
  phase: 'open',
  expected: { ends: 'nothing', code: null },
  ...hooks,
});

const types = (events: readonly HostileEvent[]): string[] => events.map(({ type }) => type);

describe('HostilePeer', () => {
  it('is an honest peer where it is not told to be another, in both roles and patterns', () => {
    const responder = portableCrypto.keyPair(fill(32, 5));
    for (const pattern of ['XX', 'IK'] as const) {
      for (const initiator of [true, false]) {
        const scheduler = new VirtualTimeScheduler(undefined, 100);
        const [here, there] = memoryPair({ scheduler });
        const knows = (dials: boolean) =>
          pattern === 'IK' && dials ? { remotePublicKey: responder.publicKey } : {};
        const keyPairOf = (dials: boolean) => (dials ? {} : { keyPair: responder });
        let protocol: Protocol | undefined;
        of(here)
          .pipe(
            hypercoreProtocol({
              crypto: repeating('a'),
              pattern,
              initiator: !initiator,
              scheduler,
              flushScheduler: scheduler,
              ...knows(!initiator),
              ...keyPairOf(!initiator),
            }),
          )
          .subscribe(started => (protocol = started));
        const seen: HostileEvent[] = [];
        const peer = new HostilePeer(there, {
          crypto: repeating('b'),
          pattern,
          initiator,
          ...knows(initiator),
          ...keyPairOf(initiator),
        });
        const subscription = peer.subscribe(event => seen.push(event));
        protocol?.opened.subscribe();
        scheduler.flush();
        expect(types(seen)).withContext(`${pattern} ${initiator}`).toEqual(['handshake', 'open']);
        expect(hex(peer.session.handshakeHash)).toBe(hex(protocol!.handshakeHash!));
        expect(hex(peer.session.remotePublicKey)).toBe(hex(protocol!.publicKey!));
        subscription.unsubscribe();
        protocol?.destroy();
      }
    }
  });

  it('proves that it knows a key, and talks', () => {
    const battle = new Battle({
      misbehaviour: scripted({
        opened: peer => {
          const id = discoveryKey(peer.crypto, key);
          peer.payload(
            rawOpen(1, { protocol: HYPERCORE_PROTOCOL, id, handshake: peer.greeting(key) }),
            rawMessage(1, 4, Uint8Array.of(9)),
          );
        },
      }),
    });
    battle.pass(100);
    expect(battle.log).toEqual(['handshake', 'channel']);
    expect(battle.messages).toEqual([noData({ request: 9 })]);
    battle.channel.next(data({ request: 1 }));
    battle.protocol.close();
    battle.pass(100);
    expect(types(battle.seen)).toEqual(['handshake', 'open', 'payload', 'payload', 'payload', 'end']);
    expect(battle.seen.at(-1)).toEqual({ type: 'end', failed: false });
  });

  it('does nothing before it is subscribed, and has one subscriber at a time', () => {
    const [, there] = memoryPair({ scheduler: new VirtualTimeScheduler() });
    const peer = new HostilePeer(there, { initiator: true, session: keysOf(true) });
    expect(there.queuedBytes).toBe(0);
    expect(thrownBy(() => peer.session)).toBeInstanceOf(TypeError);
    expect(thrownBy(() => peer.seal(fill(1, 1)))).toBeInstanceOf(TypeError);
    peer.bytes(fill(10, 1));
    peer.payload(fill(10, 1));
    peer.end();
    peer.cut();
    expect(there.queuedBytes).toBe(0);
    const subscription = peer.subscribe();
    expect(there.queuedBytes).toBe(59);
    let refused: unknown;
    peer.subscribe({ error: (error: unknown) => (refused = error) });
    expect(refused).toBeInstanceOf(TypeError);
    subscription.unsubscribe();
  });

  it('cuts the transport when it is unsubscribed, and forgets what it was about to do', () => {
    const scheduler = new VirtualTimeScheduler();
    const [here, there] = memoryPair({ scheduler });
    let failure: unknown;
    here.subscribe({ error: (error: unknown) => (failure = error) });
    const peer = new HostilePeer(there, {
      initiator: true,
      session: keysOf(true),
      scheduler,
      misbehaviour: scripted({ connected: self => self.drip(fill(100, 1), { everyMs: 10, bytesEach: 7 }) }),
    });
    const subscription = peer.subscribe();
    scheduler.schedule(() => subscription.unsubscribe(), 45);
    scheduler.flush();
    expect(scheduler.frame).toBe(45);
    expect(failure).toBeInstanceOf(Error);
    expect(scheduler.actions.length).toBe(0);
  });

  it('drips bytes at its pace, the last ones too', () => {
    const scheduler = new VirtualTimeScheduler();
    const [here, there] = memoryPair({ scheduler });
    const came: string[] = [];
    here.subscribe(chunk => came.push(`${scheduler.now()} ${hex(chunk)}`));
    new HostilePeer(there, {
      initiator: true,
      session: keysOf(true),
      scheduler,
      misbehaviour: scripted({
        connected: peer => peer.drip(unhex('0102030405'), { everyMs: 10, bytesEach: 2 }),
        header: peer => peer.bytes(unhex('ff')),
      }),
    }).subscribe();
    scheduler.flush();
    expect(came).toEqual(['10 0102', '20 0304', '30 05', '30 ff']);
  });

  it('goes on when an act is over, listens only then, and passes on its error', () => {
    const gate = new Subject<void>();
    const acts = { NEVER, EMPTY, gate };
    const heard: Record<string, string[]> = {};
    for (const [name, act] of Object.entries(acts)) {
      const battle = new Battle({ misbehaviour: scripted({ opened: () => act }) });
      battle.pass(100);
      battle.protocol.open(fill(32, 1));
      battle.pass(100);
      if (name === 'gate') {
        expect(types(battle.seen)).toEqual(['handshake', 'open']);
        gate.complete();
      }
      heard[name] = types(battle.seen);
    }
    expect(heard).toEqual({
      NEVER: ['handshake', 'open'],
      EMPTY: ['handshake', 'open', 'payload', 'payload'],
      gate: ['handshake', 'open', 'payload', 'payload'],
    });
    const [, there] = memoryPair({ scheduler: new VirtualTimeScheduler() });
    const mistake = new Error('a mistake in the script');
    const failing = new Subject<void>();
    let failure: unknown;
    new HostilePeer(there, {
      initiator: true,
      session: keysOf(true),
      misbehaviour: scripted({ connected: () => failing }),
    }).subscribe({ error: (error: unknown) => (failure = error) });
    failing.error(mistake);
    expect(failure).toBe(mistake);
  });

  it('does not fail over what it cannot read', () => {
    const scheduler = new VirtualTimeScheduler();
    for (const [session, frames] of [
      [keysOf(true), ['030000aabbcc']],
      [keysOf(true), [`380000${'00'.repeat(56)}`, '1400000000']],
      [keysOf(true), [`380000${'00'.repeat(56)}`, `200000${'00'.repeat(32)}`]],
      [undefined, [`600000${'ff'.repeat(96)}`]],
    ] as const) {
      const [here, there] = memoryPair({ scheduler });
      const seen: HostileEvent[] = [];
      new HostilePeer(there, {
        initiator: true,
        crypto: repeating('a'),
        ...(session !== undefined && { session }),
      }).subscribe(event => seen.push(event));
      for (const frame of [...frames, '010000ff']) here.next(unhex(frame));
      here.complete();
      scheduler.flush();
      expect(seen.at(-1)).toEqual({ type: 'end', failed: false });
      expect(types(seen)).not.toContain('payload');
    }
  });
});

describe('a hostile peer and what its victim decided', () => {
  it('is refused for its key, whether pinned or asked for', () => {
    const answers = [
      [{ remotePublicKey: fill(32, 1) }, 'ERR_REMOTE_KEY_MISMATCH'],
      [{ authorize: () => false }, 'ERR_REMOTE_KEY_REJECTED'],
      [{ authorize: () => EMPTY }, 'ERR_REMOTE_KEY_REJECTED'],
      [{ authorize: () => NEVER }, 'ERR_TIMEOUT'],
    ] as const;
    for (const [victim, code] of answers) {
      const battle = new Battle({ session: false, victim });
      battle.pass(50_000);
      expect(told(battle.failure)).toBe(`connection ${code}`);
      expect(battle.timers).toBe(0);
      expect(types(battle.seen)).toEqual(['handshake', 'end']);
    }
  });

  it('can talk while its key is being judged, but not without end', () => {
    const battle = new Battle({
      session: false,
      victim: { authorize: () => NEVER },
      limits: { ...small, maxEarlyBytes: 1000 },
      misbehaviour: scripted({ header: peer => peer.bytes(fill(1001, 0)) }),
    });
    battle.transport.pause = () => undefined; // as a transport that cannot
    battle.pass(100);
    expect(battle.failure).toEqual(new LimitExceededError('maxEarlyBytes', 1000, 1001));
  });

  it('that does not read cannot make it pile up more than maxOutboundBytes', () => {
    const flood = misbehaviours({ key }).find(({ name }) => name === 'flood of unknown protocols')!;
    const ear = misbehaviours({ key }).find(({ name }) => name === 'requests and no ear')!;
    const refusals = new Battle({
      misbehaviour: scripted({
        opened: peer => {
          peer.stopReading();
          return flood.opened?.(peer);
        },
      }),
      limits: { ...small, maxFailedOpens: 100_000, maxOutboundBytes: 10_000 },
    });
    const answers = new Battle({
      misbehaviour: ear,
      limits: { ...small, maxOutboundBytes: 1_000_000 },
      prepare: protocol =>
        protocol.open(key).subscribe({
          next: message => {
            if (message.type !== 'request') return;
            const value = new Uint8Array(10_000);
            protocol.open(key).next(data({ request: message.id, block: { index: 0, value, nodes: [] } }));
          },
          error: () => undefined, // it ends with its connection, of which the battle tells
        }),
    });
    for (const battle of [refusals, answers]) {
      battle.pass(1000);
      expect(told(battle.failure)).toBe('connection ERR_LIMIT_EXCEEDED maxOutboundBytes');
      const { received, allowed } = battle.failure as LimitExceededError;
      // What one turn gathers at most lies on top.
      expect(received - allowed).toBeLessThan(0x10000 + 100);
      expect(battle.timers).toBe(0);
    }
  });

  it('that floods an unopened channel is stopped before a limit is reached, and ignored when the channel is refused', () => {
    let paused = 0;
    const battle = new Battle({
      limits: {},
      misbehaviour: scripted({
        opened: peer => {
          peer.payload(rawOpen(1, { protocol: HYPERCORE_PROTOCOL, id: fill(32, 9) }));
          for (let i = 0; i < 5000; i++) peer.payload(rawMessage(1, 0, fill(100, 0)));
        },
      }),
    });
    const pause = battle.transport.pause!.bind(battle.transport);
    battle.transport.pause = () => {
      paused++;
      pause();
    };
    battle.pass(9_999);
    expect(paused).toBe(1);
    expect(battle.peer.transport.queuedBytes).toBeGreaterThan(400_000);
    battle.pass(100);
    expect(battle.peer.transport.queuedBytes).toBe(0);
    expect(battle.failure).toBeNull();
    expect(types(battle.seen).slice(-1)).toEqual(['payload']); // the refusal
  });

  it('that says what it hears proves nothing by it', () => {
    const parrot = scripted({ payload: (peer, payload) => peer.payload(payload) });
    for (const victimDials of [false, true]) {
      const battle = new Battle({ misbehaviour: parrot, victimDials });
      battle.pass(50_000);
      expect(told(battle.channelFailure)).toBe('channel ERR_CAPABILITY');
      expect(battle.failure).toBeNull();
      expect(battle.messages).toEqual([]);
    }
  });

  it('that drips its header within the time for it is welcome', () => {
    const stutterer = scripted({
      header: (peer, header) => {
        peer.announce(header.length);
        return peer.drip(header, { everyMs: 100, bytesEach: 28 });
      },
    });
    const battle = new Battle({ misbehaviour: stutterer });
    battle.pass(1000);
    expect(types(battle.seen)).toContain('open');
    expect(battle.failure).toBeNull();
  });

  it('never gets a word through without a proof, however it opens', () => {
    for (const misbehaviour of misbehaviours({ key, limits: small })) {
      if (misbehaviour.expected.code !== 'ERR_CAPABILITY') continue;
      const battle = new Battle({ misbehaviour });
      battle.pass(1000);
      expect(battle.messages).toEqual([]);
      expect(battle.log).not.toContain('channel');
      expect(isHypercoreError(battle.channelFailure)).toBeTrue();
    }
  });
});

describe('a hostile peer that says the right thing at the wrong time', () => {
  it('is refused when it says its handshake twice, whoever dialled', () => {
    const codes = [false, true].map(victimDials => {
      const battle = new Battle({
        session: false,
        victimDials,
        misbehaviour: scripted({
          handshake: (peer, message) => {
            peer.frame(message);
            peer.frame(message);
          },
        }),
      });
      battle.pass(50_000);
      expect(battle.timers).toBe(0);
      return told(battle.failure);
    });
    // What follows the last handshake message is taken for the stream header.
    expect(codes).toEqual(['connection ERR_HANDSHAKE_FAILED', 'connection ERR_STREAM_HEADER']);
  });

  it('is refused when it sends a payload before its header, the header late', () => {
    const battle = new Battle({
      misbehaviour: scripted({
        header: (peer, header) => {
          peer.payload(fill(39, 0));
          peer.frame(header);
        },
      }),
    });
    battle.pass(50_000);
    expect(told(battle.failure)).toBe('connection ERR_STREAM_HEADER');
    expect(battle.timers).toBe(0);
  });

  it('is refused when it talks garbage after it was told good-bye, and the connection is over', () => {
    const garbage: [string, (peer: HostilePeer) => void, string][] = [
      ['records', peer => peer.frame(fill(100, 0x5a)), 'connection ERR_DECRYPT_FAILED'],
      ['frames', peer => peer.frame(new Uint8Array(0)), 'connection ERR_FRAME_EMPTY'],
      ['payloads', peer => peer.payload(fill(100, 0xff)), 'connection ERR_BAD_VALUE'],
    ];
    for (const [what, say, code] of garbage) {
      let attacker: HostilePeer | undefined;
      const battle = new Battle({ misbehaviour: scripted({ opened: peer => void (attacker = peer) }) });
      battle.pass(100);
      battle.protocol.close();
      say(attacker!);
      battle.pass(50_000);
      expect(told(battle.failure)).withContext(what).toBe(code);
      expect(battle.protocol.channels).toEqual([]);
      expect(battle.timers).toBe(0);
    }
  });

  it('may send what is of no use after it was told good-bye, and the end is in order', () => {
    let attacker: HostilePeer | undefined;
    const battle = new Battle({ misbehaviour: scripted({ opened: peer => void (attacker = peer) }) });
    battle.pass(100);
    battle.protocol.close();
    attacker!.payload(rawMessage(1, 0, fill(8, 1)), rawMessage(9, 3, fill(8, 0xff)));
    battle.pass(50_000);
    expect(battle.failure).toBeNull();
    expect(battle.log.slice(-2)).toEqual(['events complete', 'closed']);
    expect(battle.timers).toBe(0);
  });
});
