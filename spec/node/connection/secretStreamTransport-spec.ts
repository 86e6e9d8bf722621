import { connect, type Socket } from 'node:net';
import { createRequire } from 'node:module';
import { firstValueFrom, lastValueFrom, mergeMap, of, take, tap, toArray } from 'rxjs';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../../lib/connection/Protocol.js';
import {
  type SecretStream as Stream,
  secretStreamTransport,
} from '../../../lib/connection/secretStreamTransport.js';
import { portableCrypto } from '../../../lib/crypto/portable/portable.js';
import { memoryPair } from '../../../lib/transports/memoryPair.js';
import { ofType } from '../../../lib/messages/ofType.js';
import { request } from '../../../lib/messages/request.js';
import { synchronize } from '../../../lib/messages/synchronize.js';
import { hex } from '../../helpers/bytes.js';
import { socketPair } from '../secret/secretStream.js';

const require = createRequire(import.meta.url);

interface OfficialStream extends Stream {
  on(event: string, listener: (...args: never[]) => void): this;
  end(): void;
  destroy(): void;
  readonly destroying: boolean;
}
const SecretStream = require('@hyperswarm/secret-stream') as new (
  initiator: boolean,
  raw: Socket,
) => OfficialStream;

interface OfficialCore {
  readonly key: Uint8Array;
  ready(): Promise<void>;
  append(blocks: readonly string[]): Promise<unknown>;
  replicate(stream: OfficialStream): unknown;
  close(): Promise<void>;
}
const Hypercore = require('hypercore-10') as new (storage: unknown) => OfficialCore;
const RAM: unknown = require('random-access-memory');

/** Two ends of a TCP connection, each under a secret stream of the official package. */
async function secretStreams(): Promise<{ here: OfficialStream; there: OfficialStream; end: () => void }> {
  const [near, far] = await socketPair();
  const here = new SecretStream(true, near);
  const there = new SecretStream(false, far);
  for (const stream of [here, there]) stream.on('error', () => undefined);
  const end = (): void => {
    here.destroy();
    there.destroy();
  };
  return { here, there, end };
}

describe('secretStreamTransport', () => {
  it('replicates with a real hypercore over a connection that is encrypted and framed already', async () => {
    const { here, there, end } = await secretStreams();
    const core = new Hypercore(RAM);
    await core.ready();
    await core.append(['a', 'bb', 'ccc', 'dddd']);
    core.replicate(there);
    let seen: Protocol | undefined;
    const blocks = await lastValueFrom(
      secretStreamTransport(here).pipe(
        hypercoreProtocol({ initiator: here.isInitiator }),
        tap(protocol => (seen = protocol)),
        mergeMap(protocol => {
          const channel = protocol.open(core.key);
          channel.next(synchronize());
          channel.pipe(ofType('synchronize'), take(1)).subscribe(({ length }) => {
            channel.next(request({ id: 1, upgrade: { start: 0, length } }));
            for (let i = 0; i < length; i++)
              channel.next(request({ id: i + 2, block: { index: i, nodes: 0 } }));
          });
          return channel.pipe(ofType('data'));
        }),
        take(5),
        toArray(),
      ),
    );
    const texts = blocks.flatMap(({ block }) =>
      block === null ? [] : [Buffer.from(block.value).toString()],
    );
    expect(texts).toEqual(['a', 'bb', 'ccc', 'dddd']);
    expect(hex(seen!.remotePublicKey!)).toBe(hex(there.publicKey!));
    expect(hex(seen!.handshakeHash!)).toBe(hex(there.handshakeHash!));
    expect(here.destroying).toBeTrue(); // the pipeline ended, and the stream with it
    await core.close();
    end();
  });

  it('ends in order when this side closes, and the stream closes with it', async () => {
    const { here, there, end } = await secretStreams();
    const log: string[] = [];
    there.on('end', () => {
      log.push('remote end');
      there.end();
    });
    there.on('data', () => log.push('remote data'));
    const closed = new Promise(resolve => here.on('close', () => resolve('closed')));
    const protocol = await new Promise<Protocol>(resolve => {
      secretStreamTransport(here)
        .pipe(hypercoreProtocol({ initiator: true }))
        .subscribe({ next: resolve, complete: () => log.push('complete') });
    });
    protocol.close();
    expect(await closed).toBe('closed');
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(log).toContain('remote end');
    expect(log).toContain('complete');
    end();
  });

  it('errors with ERR_HANDSHAKE_FAILED if the stream ends before it is open', async () => {
    const socket = connect(1, '127.0.0.1'); // nobody listens there
    const stream = new SecretStream(true, socket);
    stream.on('error', () => undefined);
    const outcome = await firstValueFrom(secretStreamTransport(stream)).catch((error: unknown) => error);
    expect((outcome as { code: string }).code).toBe('ERR_HANDSHAKE_FAILED');
  });

  it('errors at once with a stream that is gone already', async () => {
    const { here, end } = await secretStreams();
    await here.opened;
    const closed = new Promise<void>(resolve => here.on('close', resolve));
    end();
    await closed;
    const outcome = await firstValueFrom(secretStreamTransport(here)).catch((error: unknown) => error);
    expect((outcome as { code: string }).code).toBe('ERR_HANDSHAKE_FAILED');
  });

  it('errors channels with ERR_CHANNEL_CLOSED when the remote vanishes', async () => {
    const { here, there, end } = await secretStreams();
    const outcome = new Promise(resolve => {
      secretStreamTransport(here)
        .pipe(
          hypercoreProtocol({ initiator: true }),
          mergeMap(protocol => protocol.open(new Uint8Array(32))),
        )
        .subscribe({ error: resolve });
    });
    await there.opened;
    setTimeout(() => there.destroy(), 20);
    expect(((await outcome) as { code: string }).code).toBe('ERR_CHANNEL_CLOSED');
    end();
  });
});

describe('Buffers as input', () => {
  it('are copied where they are kept: Buffer.prototype.slice would be a view of the caller’s bytes', () => {
    const [link] = memoryPair();
    const key = Buffer.alloc(32, 3);
    of(link)
      .pipe(hypercoreProtocol({ initiator: true, handshake: false }))
      .subscribe(protocol => {
        const channel = protocol.open(key);
        key.fill(0);
        expect(hex(channel.key)).toBe('03'.repeat(32));
      })
      .unsubscribe();
  });

  it('stay as they were when a session made elsewhere is given as Buffers and wiped', () => {
    const { publicKey } = portableCrypto.keyPair(new Uint8Array(32));
    const session = {
      initiator: true,
      publicKey: Buffer.from(publicKey),
      remotePublicKey: Buffer.from(publicKey),
      handshakeHash: Buffer.alloc(64, 1),
      tx: Buffer.alloc(32, 2),
      rx: Buffer.alloc(32, 4),
    };
    const [link] = memoryPair();
    of(link)
      .pipe(hypercoreProtocol({ initiator: true, session }))
      .subscribe()
      .unsubscribe();
    expect(hex(session.tx)).toBe('02'.repeat(32));
    expect(hex(session.rx)).toBe('04'.repeat(32));
  });
});
