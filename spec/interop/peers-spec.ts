import { createHash } from 'node:crypto';
import { blockBytes } from './peers/blockBytes.mjs';
import { Peer, type HypercoreVersion } from './support/Peer.js';

const seed = '07'.repeat(32);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The harness proves itself on the real peers alone, so that a failure with ours is known to be ours. */
describe('interop: the peers among themselves', () => {
  afterEach(() => Peer.stopAll());
  afterAll(() => expect(Peer.alive).toBe(0));

  const pairs: [HypercoreVersion, HypercoreVersion, boolean][] = [
    [10, 10, false],
    [11, 11, true],
    [10, 11, false],
    [11, 10, true],
    [11, 10, false],
  ];
  for (const [writing, reading, manifest] of pairs) {
    it(`${writing} → ${reading}, a ${manifest ? 'manifest' : 'compat'} core`, async () => {
      const [writer, reader] = await Promise.all([Peer.start(writing), Peer.start(reading)]);
      const { key } = await writer.command('create', { core: 'a', seed, manifest });
      await writer.command('append', { core: 'a', count: 4, size: 100 });
      const { port } = await writer.command('listen', {});
      await reader.command('open', { core: 'b', key });
      const { connection } = await reader.command('dial', { port });

      const [here, there] = await Promise.all([writer.event('handshake'), reader.event('handshake')]);
      expect(here.remotePublicKey).toBe(there.publicKey);
      expect(there.remotePublicKey).toBe(here.publicKey);
      expect(here.handshakeHash).toBe(there.handshakeHash);

      await reader.event('append', ({ length }) => length === 4);
      const digests = [0, 1, 2, 3].map(index => sha256(blockBytes(index, 100)));
      const whole = await reader.command('download', { core: 'b', end: 4 });
      expect(whole).toEqual(
        jasmine.objectContaining({
          count: 4,
          byteLength: 400,
          sha256: sha256(Buffer.from(digests.join(''))),
        }),
      );
      for (const [index, digest] of digests.entries()) {
        expect((await reader.event('block')).sha256).toBe(digest);
        expect((await reader.command('get', { core: 'b', index })).sha256).toBe(digest);
      }

      await writer.command('append', { core: 'a', count: 1, size: 9 });
      await reader.event('append', ({ length }) => length === 5);
      expect((await reader.command('get', { core: 'b', index: 4 })).sha256).toBe(sha256(blockBytes(4, 9)));

      await writer.command('extension', { core: 'a', extension: 'note' });
      await reader.command('extension', { core: 'b', extension: 'note' });
      await reader.command('send', { core: 'b', extension: 'note', data: '0102' });
      expect((await writer.event('extension')).data).toBe('0102');

      await reader.command('end', { connection });
      expect((await writer.event('closed')).error).toBeNull();
    });
  }

  it('two cores on one connection, and one of them closes', async () => {
    const [writer, reader] = await Promise.all([Peer.start(11), Peer.start(11)]);
    const names = ['a', 'b'];
    const { port } = await writer.command('listen', {});
    for (const [n, core] of names.entries()) {
      const { key } = await writer.command('create', { core, seed: `0${n + 1}`.repeat(32) });
      await writer.command('append', { core, count: n + 1, size: 10, seed: n });
      await reader.command('open', { core, key });
    }
    await reader.command('dial', { port });
    for (const [n, core] of names.entries()) {
      const { sha256: digest } = await reader.command('get', { core, index: n });
      expect(digest).toBe(sha256(blockBytes(n, 10, n)));
    }
    await writer.command('close', { core: 'a' });
    await reader.event('peer-remove', ({ core }) => core === 'a');
    expect((await reader.command('peers', { core: 'b' })).peers.length).toBe(1);
  });

  it('reports the discovery key that nobody has', async () => {
    const [one, other] = await Promise.all([Peer.start(10), Peer.start(11)]);
    const { discoveryKey } = await one.command('create', { core: 'a', seed });
    const { port } = await other.command('listen', {});
    await one.command('dial', { port });
    expect((await other.event('discovery-key')).discoveryKey).toBe(discoveryKey);
  });

  it('says what a dead peer had printed', async () => {
    const peer = await Peer.start(10);
    const waiting = peer.event('append');
    await peer.kill();
    await expectAsync(waiting).toBeRejectedWithError(/hypercore 10 peer .*ended \(SIGKILL\)[^]*ready/);
    await expectAsync(peer.event('ready')).toBeRejectedWithError(/has ended/);
    expect(Peer.alive).toBe(0);
  });

  it('gives up at the deadline, and passes on what failed in the peer', async () => {
    const peer = await Peer.start(11);
    await expectAsync(peer.event('append', () => true, 20)).toBeRejectedWithError(
      /waited 20 ms for the event/,
    );
    await expectAsync(peer.command('info', { core: 'none' })).toBeRejectedWithError(/no core is called none/);
  });
});
