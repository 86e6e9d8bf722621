import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { combinedCrypto } from '../../lib/crypto/sodiumNative/sodiumNative.js';
import type { Log } from '../../lib/log/Log.js';
import type { LogOptions } from '../../lib/log/LogOptions.js';
import { openLog } from '../../lib/log/openLog.js';
import { diskStorage } from '../../lib/storage/disk/diskStorage.js';
import { fill, hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { DiskPeer, type DiskPicture } from '../interop/support/DiskPeer.js';
import { fetchAll } from '../node/log/crashRuns.js';

const seed = fill(32, 9);
const block = (n: number): Uint8Array => fill(1 + ((n * 397) % 1500), n % 256);
const blocks = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => block(from + i));
const inHex = (values: readonly Uint8Array[]): string[] => values.map(hex);

/** What it tells of a folder; it has no command for the hash of the tree. */
type Picture = Readonly<Record<Exclude<keyof DiskPicture, 'treeHash'>, unknown>>;

for (const [name, crate] of [
  ['folder06', 'hypercore 0.14'],
  ['folder07', 'hypercore 0.16'],
] as const) {
  const program = fileURLToPath(new URL(`../../interop/rust/target/release/${name}`, import.meta.url));

  describe(`folders of the crate ${crate}`, () => {
    let crypto: CryptoBackend;
    let folder: string;
    let peer: DiskPeer;

    beforeAll(async () => {
      crypto = await combinedCrypto();
    });
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'rx-hypercore-crate-'));
      peer = new DiskPeer(program, []);
    });
    afterEach(async () => {
      await peer.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    const ours = (options: LogOptions = {}): Promise<Log> =>
      openLog({ storage: diskStorage(folder), crypto, ...options });

    /** What we make of the folder, with every proof that a stranger would ask for. */
    async function ourPicture(log: Log): Promise<Picture> {
      const { key, fork, length, byteLength, contiguousLength, writable } = log;
      const held: (string | null)[] = [];
      for (let i = 0; i < length; i++) held.push(log.has(i) ? hex(await log.get(i)) : null);
      await fetchAll(crypto, log);
      return { key: hex(key), fork, length, byteLength, contiguousLength, writable, blocks: held };
    }

    it('that we wrote are read by it, and appended to', async () => {
      const log = await ours({ seed });
      await log.append(blocks(1, 40));
      await log.append(block(40));
      await log.clear(3, 7);
      const mine = await ourPicture(log);
      await log.close();
      expect(await peer.command('open', { folder })).toEqual(mine as DiskPicture);
      const theirs = await peer.command('append', { blocks: inHex(blocks(50, 60)) });
      expect(theirs.length).toBe(50);
      await peer.command('close', {});
      const again = await ours();
      expect<Picture>(await ourPicture(again)).toEqual(theirs);
      await again.close();
    });

    it('that it wrote are read by us, and appended to', async () => {
      await peer.command('open', { folder, seed: hex(seed) });
      await peer.command('append', { blocks: inHex(blocks(1, 30)) });
      for (let n = 30; n < 37; n++) await peer.command('append', { blocks: [hex(block(n))] });
      const theirs = await peer.command('append', { blocks: inHex(blocks(40, 43)) });
      await peer.command('close', {});
      const log = await ours();
      expect<Picture>(await ourPicture(log)).toEqual(theirs);
      expect(hex(log.key)).toBe(hex(crypto.keyPair(seed).publicKey));
      await log.append(blocks(60, 63));
      const mine = await ourPicture(log);
      await log.close();
      expect(await peer.command('open', { folder })).toEqual(mine as DiskPicture);
    });

    it('that it was writing when it was killed are opened by us', async () => {
      await peer.command('open', { folder, seed: hex(seed) });
      for (let n = 0; n < 6; n++) await peer.command('append', { blocks: [hex(block(n))] });
      const theirs = await peer.command('clear', { start: 1, end: 3 });
      await peer.kill();
      const log = await ours();
      expect<Picture>(await ourPicture(log)).toEqual(theirs);
      await log.close();
      peer = new DiskPeer(program, []);
    });

    it('go to and fro with whatever both can do', async () => {
      const random = new Random(`folders of the crate ${crate}`);
      const log = await ours({ seed });
      await log.close();
      let expected: Picture | null = null;
      for (let turn = 0; turn < 8; turn++) {
        if (turn % 2 === 0) {
          const mine = await ours();
          if (expected) expect(await ourPicture(mine)).toEqual(expected);
          for (let i = random.integer(1, 4); i > 0; i--) {
            if (random.integer(0, 3) > 0 || mine.length === 0) {
              await mine.append(blocks(turn, turn + random.integer(1, 40)));
            } else {
              const start = random.integer(0, mine.length - 1);
              await mine.clear(start, random.integer(start + 1, mine.length));
            }
          }
          expected = await ourPicture(mine);
          await mine.close();
        } else {
          let theirs = await peer.command('open', { folder });
          expect(theirs).toEqual(expected as DiskPicture);
          for (let i = random.integer(1, 4); i > 0; i--) {
            const appended = blocks(turn, turn + random.integer(1, 40));
            theirs = await peer.command('append', { blocks: inHex(appended) });
          }
          expected = theirs;
          await peer.command('close', {});
        }
      }
    });

    it('have one header after we closed them, and nothing behind it for it to misread', async () => {
      const log = await ours({ seed });
      await log.append(blocks(1, 9));
      await log.clear(1, 3);
      await log.close();
      expect(readFileSync(join(folder, 'oplog')).length).toBe(8192);
    });
  });
}
