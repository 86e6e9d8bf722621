import { type AddressInfo } from 'node:net';
import { lastValueFrom, Subject, switchMap, takeUntil, timer, toArray } from 'rxjs';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../../lib/connection/Protocol.js';
import { sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import type { Limits } from '../../../lib/limits.js';
import { cancel } from '../../../lib/messages/cancel.js';
import { HostilePeer } from '../../../lib/testing/hostile/HostilePeer.js';
import { misbehaviours } from '../../../lib/testing/hostile/misbehaviours.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import { fill } from '../../helpers/bytes.js';
import { until } from '../../connection/pair.js';

const key = fill(32, 7);

/** The waits are short, but for the one that a slow machine may not take for a flood's end; floods are short, too. */
const limits: Partial<Limits> = {
  handshakeTimeoutMs: 300,
  idleTimeoutMs: 1000,
  keepAliveMs: 50,
  answerTimeoutMs: 5_000,
  maxUnansweredOpens: 2_000,
  maxFailedOpens: 2_000,
  closeTimeoutMs: 100,
};

interface Victim {
  readonly protocol: Protocol;
  failure: { code?: string; limit?: string; message?: string } | null;
  channelFailure: { code?: string } | null;
  closed: boolean;
}

describe('a server on TCP and its hostile peers', () => {
  let crypto: CryptoBackend;
  let port = 0;
  const victims: Victim[] = [];
  const stop = new Subject<void>();

  beforeAll(async () => {
    crypto = await sodiumNativeCrypto();
    const address = new Promise<AddressInfo>(resolve => {
      tcpListen({ port: 0, listening: resolve })
        .pipe(hypercoreProtocol({ crypto, initiator: false, limits }), takeUntil(stop))
        .subscribe(protocol => {
          const victim: Victim = { protocol, failure: null, channelFailure: null, closed: false };
          victims.push(victim);
          protocol.closed.subscribe({
            error: (error: Victim['failure']) => (victim.failure = error),
            complete: () => (victim.closed = true),
          });
          const channel = protocol.open(key);
          channel.subscribe({
            next: message => message.type === 'cancel' && channel.next(message),
            error: (error: Victim['channelFailure']) => (victim.channelFailure = error),
          });
        });
    });
    ({ port } = await address);
  });

  afterAll(() => stop.next());

  it('ends each with the right code, while an honest one goes on undisturbed', async () => {
    const answers: number[] = [];
    const left = new Subject<void>();
    let asked = 0;
    let failed: unknown = null;
    tcpConnect({ port })
      .pipe(hypercoreProtocol({ crypto, initiator: true, limits: { keepAliveMs: 50 } }), takeUntil(left))
      .subscribe(protocol => {
        protocol.closed.subscribe({ error: (error: unknown) => (failed = error) });
        const channel = protocol.open(key);
        channel.subscribe(message => {
          if (message.type !== 'cancel') return;
          answers.push(message.request);
          setTimeout(() => channel.next(cancel({ request: ++asked })), 1);
        });
        channel.next(cancel({ request: ++asked }));
      });
    await until(() => answers.length > 0);

    for (const misbehaviour of misbehaviours({ key, limits })) {
      const { name, expected } = misbehaviour;
      if (name === 'frame dripped') continue; // a race against a real clock
      const before = answers.length;
      const number = victims.length;
      const lasts = expected.ends === 'connection' ? 5_000 : 250;
      const seen = await lastValueFrom(
        tcpConnect({ port }).pipe(
          switchMap(transport => new HostilePeer(transport, { crypto, initiator: true, misbehaviour })),
          takeUntil(timer(lasts)),
          toArray(),
        ),
      );
      const victim = victims[number];
      if (expected.ends === 'connection') {
        await until(() => victim.failure !== null);
        // A socket that is cut off shows itself to the other side as ended.
        const code = name === 'cut in a record' ? 'ERR_FRAME_TRUNCATED' : expected.code;
        expect([victim.failure?.code, expected.limit && victim.failure?.limit])
          .withContext(name)
          .toEqual([code ?? undefined, expected.limit]);
        expect(victim.channelFailure?.code).withContext(name).toBe('ERR_CHANNEL_CLOSED');
        if (name !== 'cut in a record') expect(seen.at(-1)?.type).withContext(name).toBe('end');
      } else {
        expect(seen.map(({ type }) => type))
          .withContext(name)
          .not.toContain('end');
        if (expected.ends === 'channel')
          expect(victim.channelFailure?.code).withContext(name).toBe(expected.code!);
        await until(() => victim.failure !== null || victim.closed); // the hostile peer left
      }
      await until(() => answers.length > before);
    }
    expect(failed).toBeNull();
    expect(answers).toEqual(answers.map((_, i) => i + 1));
    left.next();
    await until(() => victims.every(({ failure, closed }) => failure !== null || closed));
  });
});
