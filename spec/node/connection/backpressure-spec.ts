import { connect, type Socket } from 'node:net';
import { firstValueFrom, of } from 'rxjs';
import type { Channel } from '../../../lib/connection/Channel.js';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../../lib/connection/Protocol.js';
import { pullFrom } from '../../../lib/connection/pullFrom.js';
import { sendTo } from '../../../lib/connection/sendTo.js';
import { sodiumNativeCrypto } from '../../../lib/crypto/sodiumNative/sodiumNative.js';
import { extension } from '../../../lib/messages/extension.js';
import { ofType } from '../../../lib/messages/ofType.js';
import { request } from '../../../lib/messages/request.js';
import { nodeDuplex } from '../../../lib/transports/nodeDuplex.js';
import { Peer } from '../../interop/support/Peer.js';
import { long, sized } from './longRuns.js';
import { held, type Held, mebibytes } from './memory.js';

const MiB = 2 ** 20;
const blockBytes = 0x10000;
const blocks = 16;

interface Connection {
  readonly peer: Peer;
  readonly socket: Socket;
  readonly protocol: Protocol;
  readonly channel: Channel;
}

/** A hypercore 11 with a small core, and a channel of it over a TCP socket that can be looked at. */
async function connected(): Promise<Connection> {
  const peer = await Peer.start(11);
  const { key } = await peer.command('create', { core: 'theirs', seed: '07'.repeat(32), manifest: true });
  await peer.command('append', { core: 'theirs', count: blocks, size: blockBytes });
  const { port } = await peer.command('listen', {});
  const socket = connect({ port, noDelay: true });
  const crypto = await sodiumNativeCrypto();
  let protocol!: Protocol;
  of(nodeDuplex(socket))
    .pipe(hypercoreProtocol({ initiator: true, crypto }))
    .subscribe(made => (protocol = made));
  const channel = protocol.open(Buffer.from(key, 'hex'));
  await firstValueFrom(channel.opened);
  return { peer, socket, protocol, channel };
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** How far apart the smallest and the largest are, as a part of the smallest. */
const spread = (samples: readonly number[]): number => Math.max(...samples) / Math.min(...samples) - 1;

describe('back-pressure, over TCP with hypercore 11', () => {
  const open: Connection[] = [];
  const start = async (): Promise<Connection> => {
    const connection = await connected();
    open.push(connection);
    return connection;
  };

  afterEach(async () => {
    for (const { protocol } of open.splice(0)) protocol.destroy();
    await Peer.stopAll();
  });

  const inbound = sized(64, 1024) * MiB;
  const stopMs = sized(1500, 5000);
  it(
    `reads ${inbound / MiB} MiB, stops for ${stopMs} ms amid it, and holds no more meanwhile`,
    async () => {
      const { channel, socket } = await start();
      const count = inbound / blockBytes;
      const data = pullFrom(channel, { of: channel.pipe(ofType('data')) })[Symbol.asyncIterator]();
      let asked = data.next();
      // All of it is asked for at once, so that the peer has it all to send.
      for (let i = 0; i < count; i++) {
        channel.next(request({ id: i + 1, block: { index: i % blocks, nodes: 0 } }));
      }
      const samples: Held[] = [];
      let bytes = 0;
      for (let n = 1; n <= count; n++) {
        const step = await asked;
        if (step.done === true) return fail('the channel ended');
        bytes += step.value.block?.value.length ?? 0;
        if (n === Math.floor(count / 4)) {
          await pause(300); // what was under way arrives
          const before = socket.bytesRead;
          const first = held();
          for (let elapsed = 0; elapsed < stopMs; elapsed += 500) {
            await pause(500);
            samples.push(held());
          }
          expect(socket.bytesRead).toBe(before);
          const last = samples.at(-1)!;
          expect(Math.abs(last.heap + last.buffers - first.heap - first.buffers)).toBeLessThan(
            (first.heap + first.buffers) / 10,
          );
        }
        if (n > count / 8 && n % Math.floor(count / 16) === 0) samples.push(held());
        if (n < count) asked = data.next();
      }
      expect(bytes).toBe(inbound);
      const heaps = samples.map(sample => sample.heap);
      const buffers = Math.max(...samples.map(sample => sample.buffers));
      console.log(
        `  read ${mebibytes(bytes)}: heap ${mebibytes(Math.min(...heaps))} to ${mebibytes(Math.max(...heaps))}, ` +
          `buffers at most ${mebibytes(buffers)}`,
      );
      expect(spread(heaps)).toBeLessThan(0.1);
      // A peer's batch is 8 MiB: those that wait here, and the one that is arriving.
      expect(buffers).toBeLessThan(48 * MiB);
      await data.return?.();
    },
    long ? 180_000 : 30_000,
  );

  const outbound = sized(64, 1024) * MiB;
  it(
    `sends up to ${outbound / MiB} MiB from a source that waits, to a peer that is stopped for ${stopMs} ms amid it`,
    async () => {
      const { channel, peer, socket } = await start();
      const payload = new Uint8Array(blockBytes);
      const count = outbound / blockBytes;
      let made = 0;
      function* source() {
        while (made < count) {
          made++;
          yield extension({ name: 'flood', payload });
        }
      }
      let handed = 0;
      const done = new Promise<void>((resolve, reject) => {
        sendTo(channel)(source()).subscribe({
          next: () => handed++,
          error: reject,
          complete: resolve,
        });
      });
      const samples: Held[] = [];
      while (handed < count / 4) await pause(5);
      process.kill(peer.pid, 'SIGSTOP');
      try {
        await pause(300);
        const before = made;
        for (let elapsed = 0; elapsed < stopMs; elapsed += 500) {
          await pause(500);
          samples.push(held());
          expect(socket.writableLength).toBeLessThan(MiB);
        }
        expect(made).toBe(before);
        expect(made).toBeLessThan(count);
      } finally {
        process.kill(peer.pid, 'SIGCONT');
      }
      await done;
      samples.push(held());
      expect(handed).toBe(count);
      const all = samples.map(sample => sample.heap + sample.buffers);
      console.log(
        `  sent ${mebibytes(outbound)}: ${mebibytes(Math.min(...all))} to ${mebibytes(Math.max(...all))} held`,
      );
      expect(spread(samples.map(sample => sample.heap))).toBeLessThan(0.1);
    },
    long ? 180_000 : 30_000,
  );
});
