// A core of 100,000 blocks, written by one version, read by us and handed on to the other.
import { bestCrypto } from 'rx-hypercore/crypto';
import { createPeer } from 'rx-hypercore/log';
import { unhex } from '../helpers/bytes.js';
import { OurSide } from './support/OurSide.js';
import { Peer } from './support/Peer.js';
import { sha256, written } from './support/writtenBlocks.js';

const COUNT = 100_000;
const SIZE = 100;
const deadlineMs = 300_000;

describe('interop: a core of 100,000 blocks', () => {
  afterEach(async () => {
    OurSide.dropAll();
    await Peer.stopAll();
  });

  for (const [from, to] of [
    [10, 11],
    [11, 10],
  ] as const) {
    it(
      `from hypercore ${from} to us, and from us to hypercore ${to}`,
      async () => {
        const crypto = await bestCrypto();
        const writer = await Peer.start(from);
        const manifest = from === 11;
        const { key } = await writer.command('create', { core: 'one', seed: '07'.repeat(32), manifest });
        await writer.command('append', { core: 'one', count: COUNT, size: SIZE }, deadlineMs);
        const digests = written(COUNT, SIZE).map(sha256);
        const ours = createPeer({ crypto });
        const core = ours.core(unhex(key));
        ours.replicate((await OurSide.connect(writer, { weDial: true, crypto })).protocol);
        const began = Date.now();
        let next = 0;
        await core.blocks({ window: 512 }).forEach(({ index, value }) => {
          if (index !== next || sha256(value) !== digests[index]) fail(`block ${index} for ${next}`);
          next++;
        });
        expect(next).toBe(COUNT);
        const read = Date.now() - began;
        const reader = await Peer.start(to);
        await reader.command('open', { core: 'one', key });
        ours.replicate((await OurSide.connect(reader, { weDial: true, crypto })).protocol);
        await reader.event('append', ({ length }) => length === COUNT);
        const handed = await reader.command('download', { core: 'one', end: COUNT }, deadlineMs);
        expect(handed.sha256).toBe(sha256(digests.join('')));
        console.log(
          `  from hypercore ${from}: ${read} ms; to hypercore ${to}: ${Date.now() - began - read} ms`,
        );
        await ours.close();
      },
      deadlineMs,
    );
  }
});
