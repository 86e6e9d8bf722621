import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  type Channel,
  extension,
  hypercoreProtocol,
  nodeDuplex,
  ofType,
  type Protocol,
  pullFrom,
  request,
  sendTo,
} from 'rx-hypercore';
import { sodiumNativeCrypto } from 'rx-hypercore/crypto/sodium-native';
import { firstValueFrom, of, type Subscription } from 'rxjs';
import { serveBlocks } from '../../demo/blocks/serveBlocks.js';
import { hex } from '../helpers/bytes.js';
import { distinctBlocks } from './support/generatedBlocks.js';
import { long, sized } from './support/longRuns.js';
import { described, held, type Held, spread } from './support/memory.js';
import { Peer } from './support/Peer.js';
import { ProofSource } from './support/ProofSource.js';
import { patienceMs } from '../support/patience.js';

const MiB = 2 ** 20;
const blockBytes = 0x10000;
const theirBlocks = 16;
/** How much there is to send in each spec, and for how long its reader stops. */
const bytes = sized(64, 1024) * MiB;
const count = bytes / blockBytes;
const stopMs = sized(1500, 5000);
const deadlineMs = sized(2 * patienceMs, 300_000);
const seed = '07'.repeat(32);

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** A hypercore 11 in its own process, and a channel to it over a TCP socket that can be looked at. */
class Meeting {
  static async of(peer: Peer, key: string): Promise<Meeting> {
    const { port } = await peer.command('listen', {});
    const socket = connect({ port, noDelay: true });
    const crypto = await sodiumNativeCrypto();
    let protocol!: Protocol;
    const subscription = of(nodeDuplex(socket))
      .pipe(hypercoreProtocol({ initiator: true, crypto }))
      .subscribe(made => (protocol = made));
    const channel = protocol.open(Buffer.from(key, 'hex'));
    await firstValueFrom(channel.opened);
    const { connection } = await peer.event('connection');
    return new Meeting(peer, socket, subscription, protocol, channel, connection);
  }

  /** While the transfer runs, and not while it stands still. */
  readonly running: Held[] = [];
  private last = 0;

  private constructor(
    readonly peer: Peer,
    readonly socket: Socket,
    readonly subscription: Subscription,
    readonly protocol: Protocol,
    readonly channel: Channel,
    readonly connection: number,
  ) {}

  /** Takes a sample at each sixteenth of the way, from an eighth on: before that buffers grow to their sizes. */
  progress(done: number): void {
    const step = Math.floor((done * 16) / count);
    if (step === this.last) return;
    this.last = step;
    if (step >= 2) this.running.push(held());
  }

  /** What is held while nobody reads, which is flat; what `moving` tells must not move. */
  async standstill(what: string, moving: () => number | Promise<number>): Promise<void> {
    await pause(500); // what was under way arrives
    const before = await moving();
    const samples = [held()];
    for (let elapsed = 0; elapsed < stopMs; elapsed += 500) {
      await pause(500);
      samples.push(held());
    }
    expect(await moving())
      .withContext(what)
      .toBe(before);
    console.log(`  ${what} for ${stopMs} ms: ${described(samples)}`);
    for (const name of ['heap', 'external'] as const) {
      expect(spread(samples.map(sample => sample[name])))
        .withContext(`${name} while ${what}`)
        .toBeLessThan(0.1);
    }
    // The allocator gives pages back when it likes, so these may become fewer.
    expect(Math.max(...samples.map(({ rss }) => rss))).toBeLessThan(samples[0].rss * 1.1);
  }

  /** What was held while it ran. */
  verify(what: string): void {
    const { running } = this;
    console.log(`  ${what} ${bytes / MiB} MiB: ${described(running)}`);
    expect(running.length).toBeGreaterThan(8);
    expect(spread(running.map(({ heap }) => heap)))
      .withContext('heap')
      .toBeLessThan(0.1);
  }
}

describe('back-pressure, over TCP with hypercore 11', () => {
  const open: Meeting[] = [];
  const meet = async (peer: Peer, key: string): Promise<Meeting> => {
    const meeting = await Meeting.of(peer, key);
    open.push(meeting);
    return meeting;
  };

  afterEach(async () => {
    for (const { subscription } of open.splice(0)) subscription.unsubscribe();
    await Peer.stopAll();
  });

  it(
    `stops a peer that has ${bytes / MiB} MiB to send when our reader stops, and then reads the rest`,
    async () => {
      const peer = await Peer.start(11);
      const { key } = await peer.command('create', { core: 'theirs', seed, manifest: true });
      await peer.command('append', { core: 'theirs', count: theirBlocks, size: blockBytes });
      const meeting = await meet(peer, key);
      const { channel, connection, socket } = meeting;
      const data = pullFrom(channel, { of: channel.pipe(ofType('data')) })[Symbol.asyncIterator]();
      let asked = data.next();
      // All of it is asked for at once, so that the peer has it all to send.
      for (let i = 0; i < count; i++) {
        channel.next(request({ id: i + 1, block: { index: i % theirBlocks, nodes: 0 } }));
      }
      // The peer answers a few at a time, and not quite in the order in which it was asked.
      const arrived: number[] = [];
      channel.pipe(ofType('data')).subscribe(({ request: id }) => arrived.push(id));
      const open = new Set(Array.from({ length: count }, (_, i) => i + 1));
      for (let n = 1; n <= count; n++) {
        const step = await asked;
        if (step.done === true) return fail('the channel ended');
        const { request: id, block } = step.value;
        const fits = block?.index === (id - 1) % theirBlocks && block.value.length === blockBytes;
        if (!fits || id !== arrived[n - 1] || !open.delete(id)) return fail(`${id} came as number ${n}`);
        if (n === Math.floor(count / 4)) {
          await meeting.standstill('our reader stands still', () => socket.bytesRead);
          const { sent } = await peer.command('traffic', { connection });
          await pause(100);
          expect((await peer.command('traffic', { connection })).sent).toBe(sent);
        }
        meeting.progress(n);
        if (n < count) asked = data.next();
      }
      meeting.verify('read');
      expect(open.size).toBe(0);
      // A peer's batch is 8 MiB: those that wait here, and the one that is arriving.
      expect(Math.max(...meeting.running.map(({ external }) => external))).toBeLessThan(64 * MiB);
      await data.return?.();
    },
    deadlineMs,
  );

  for (const how of long ? (['does not read', 'is stopped by the system'] as const) : ['does not read']) {
    it(
      `sends up to ${bytes / MiB} MiB from a source that waits, to a peer that ${how} amid it`,
      async () => {
        const peer = await Peer.start(11);
        const { key } = await peer.command('create', { core: 'theirs', seed, manifest: true });
        const meeting = await meet(peer, key);
        const { channel, connection, socket } = meeting;
        const payload = new Uint8Array(blockBytes);
        let made = 0;
        async function* source() {
          while (made < count) {
            if (made % 16 === 0) await Promise.resolve();
            made++;
            yield extension({ name: 'flood', payload });
          }
        }
        const stopped = sized(16, 256);
        let handed = 0;
        let stop = (): void => undefined;
        const reached = new Promise<void>(resolve => (stop = resolve));
        const done = new Promise<void>((resolve, reject) => {
          sendTo(channel)(source()).subscribe({
            next: () => {
              meeting.progress(++handed);
              if (handed === stopped) stop();
            },
            error: reject,
            complete: resolve,
          });
        });
        await reached;
        const reads = how === 'does not read';
        if (reads) await peer.command('stopReading', { connection });
        else process.kill(peer.pid, 'SIGSTOP');
        try {
          await meeting.standstill(`the peer ${how}`, () => made);
          expect(made).toBeLessThan(count);
          expect(socket.writableLength).toBeLessThan(MiB);
        } finally {
          if (reads) await peer.command('readOn', { connection });
          else process.kill(peer.pid, 'SIGCONT');
        }
        await done;
        expect(handed).toBe(count);
        const all = (): boolean => socket.bytesWritten - socket.writableLength >= bytes;
        while (!all()) await pause(10);
        while ((await peer.command('traffic', { connection })).received < socket.bytesWritten)
          await pause(10);
        meeting.verify('sent');
      },
      deadlineMs,
    );
  }

  it(
    `serves ${bytes / MiB} MiB to a peer that does not read for a while amid it, and then has every block`,
    async () => {
      const source = await ProofSource.create({ seed, generated: blockBytes });
      await source.generate(count, blockBytes);
      const peer = await Peer.start(11);
      await peer.command('open', { core: 'ours', key: hex(source.key) });
      const meeting = await meet(peer, hex(source.key));
      const { channel, connection, socket } = meeting;
      let served = 0;
      let reach = (): void => undefined;
      const reached = new Promise<void>(resolve => (reach = resolve));
      const serving = serveBlocks(channel, source).subscribe(() => {
        meeting.progress(++served);
        if (served === Math.floor(count / 4)) reach();
      });
      await peer.event('append', ({ length }) => length === count);
      const whole = peer.command('download', { core: 'ours', end: count }, deadlineMs);
      await reached;
      await peer.command('stopReading', { connection });
      await meeting.standstill('the peer does not read', () => served);
      expect(served).toBeLessThan(count);
      expect(socket.writableLength).toBeLessThan(2 * MiB);
      await peer.command('readOn', { connection });
      const digests = distinctBlocks(blockBytes).map(block =>
        createHash('sha256').update(block).digest('hex'),
      );
      const expected = createHash('sha256');
      for (let index = 0; index < count; index++) expected.update(digests[index % digests.length]);
      expect(await whole).toEqual(
        jasmine.objectContaining({ count, byteLength: bytes, sha256: expected.digest('hex') }),
      );
      meeting.verify('served');
      serving.unsubscribe();
      await source.close();
    },
    deadlineMs,
  );
});
