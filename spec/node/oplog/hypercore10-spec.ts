import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BitfieldFile } from '../../../lib/bitfield/BitfieldFile.js';
import { Oplog } from '../../../lib/oplog/Oplog.js';
import type { OplogHeader } from '../../../lib/oplog/OplogHeader.js';
import { diskStorage } from '../../../lib/storage/disk/diskStorage.js';

/** The part of hypercore 10 that is used here; it carries no types. */
interface Hypercore {
  readonly length: number;
  readonly key: Uint8Array;
  ready(): Promise<void>;
  append(blocks: readonly Uint8Array[]): Promise<unknown>;
  get(index: number, options?: { wait: boolean }): Promise<Uint8Array | null>;
  has(index: number): Promise<boolean>;
  clear(start: number, end: number): Promise<unknown>;
  setUserData(key: string, value: Uint8Array): Promise<void>;
  getUserData(key: string): Promise<Uint8Array | null>;
  close(): Promise<void>;
}
const Hypercore = createRequire(import.meta.url)('hypercore-10') as new (folder: string) => Hypercore;

describe('the files of hypercore 10', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rx-hypercore-oplog-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function withHypercore<T>(use: (core: Hypercore) => Promise<T>): Promise<T> {
    const core = new Hypercore(folder);
    await core.ready();
    try {
      return await use(core);
    } finally {
      await core.close();
    }
  }

  async function withOplog<T>(use: (oplog: Oplog) => Promise<T>): Promise<T> {
    const storage = diskStorage(folder);
    const unlock = await storage.lock('');
    const files = [await storage.open('oplog'), await storage.open('header')];
    try {
      return await use(await Oplog.open(files[0], files[1]));
    } finally {
      for (const file of files) await file.close();
      await unlock();
    }
  }

  /** Length of the tree and the blocks that are here, as the header, the bitfield and the entries tell. */
  async function told(): Promise<{ length: number; blocks: number[] }> {
    const file = await diskStorage(folder).open('bitfield');
    const { bits } = await BitfieldFile.open(file);
    await file.close();
    return withOplog(async oplog => {
      let { length } = oplog.header!.tree;
      for (const { bitfield, treeUpgrade } of oplog.entries) {
        if (bitfield) bits.setRange(bitfield.start, bitfield.length, !bitfield.drop);
        if (treeUpgrade) ({ length } = treeUpgrade);
      }
      const blocks: number[] = [];
      for (let i = bits.firstSet(0); i !== -1; i = bits.firstSet(i + 1)) blocks.push(i);
      return { length, blocks };
    });
  }

  it('are read after any number of its appends, with blocks it cleared', async () => {
    const expected = new Set<number>();
    for (let round = 0, length = 0; round < 12; round++) {
      await withHypercore(async core => {
        for (let i = 0; i < round % 5; i++) {
          await core.append([Uint8Array.of(round), new Uint8Array(i)]);
          expected.add(length++).add(length++);
        }
        if (round % 3 === 2) {
          await core.clear(round, round + 2);
          expected.delete(round);
          expected.delete(round + 1);
        }
      });
      const found = await told();
      expect(found.length).toBe(length);
      expect(found.blocks).toEqual([...expected].sort((a, b) => a - b));
    }
  });

  it('are opened by it after we wrote them: entries, headers, user data, a header of its own file', async () => {
    const blocks = [1, 2, 3, 4, 5].map(byte => new Uint8Array(100).fill(byte));
    const key = await withHypercore(async core => {
      await core.append(blocks);
      return core.key;
    });
    for (const bytes of [10, 3000, 5000, 20_000, 10]) {
      const value = new Uint8Array(bytes).fill(7);
      await withOplog(async oplog => {
        // What it left in its entries is in none of the other files yet: it must stay an entry.
        const entries = oplog.entries;
        const header: OplogHeader = { ...oplog.header!, userData: [{ key: 'much', value }] };
        await oplog.writeHeader(header);
        await oplog.append([...entries]);
        await oplog.append([
          {
            userData: { key: 'little', value: Uint8Array.of(1) },
            treeNodes: null,
            treeUpgrade: null,
            bitfield: null,
          },
          {
            userData: { key: 'more', value: Uint8Array.of(2) },
            treeNodes: null,
            treeUpgrade: null,
            bitfield: null,
          },
        ]);
        await oplog.flush();
      });
      await withHypercore(async core => {
        expect(Uint8Array.from(core.key)).toEqual(Uint8Array.from(key));
        expect(core.length).toBeGreaterThanOrEqual(5);
        for (const [i, block] of blocks.entries())
          expect(Uint8Array.from((await core.get(i))!)).toEqual(block);
        expect(Uint8Array.from((await core.getUserData('much'))!)).toEqual(value);
        expect((await core.getUserData('little'))![0]).toBe(1);
        expect((await core.getUserData('more'))![0]).toBe(2);
        await core.append([Uint8Array.of(9)]);
        await core.setUserData('theirs', Uint8Array.of(3));
      });
      await withOplog(async oplog => {
        const { userData } = oplog.header!;
        const theirs = [...userData, ...oplog.entries.flatMap(entry => entry.userData ?? [])];
        expect(theirs.some(each => each.key === 'theirs')).toBeTrue();
      });
    }
  });

  it('know which blocks are here after we said so in the bitfield', async () => {
    await withHypercore(core => core.append(Array.from({ length: 200 }, (_, i) => Uint8Array.of(i))));
    await withOplog(async oplog => {
      expect(oplog.entries.length).toBe(0);
      const { header } = oplog;
      const file = await diskStorage(folder).open('bitfield');
      const bitfield = await BitfieldFile.open(file);
      bitfield.bits.setRange(50, 100, false);
      await bitfield.flush();
      await file.close();
      await oplog.writeHeader({ ...header!, hints: { reorgs: [], contiguousLength: 50 } });
    });
    await withHypercore(async core => {
      expect(core.length).toBe(200);
      const has = await Promise.all([49, 50, 149, 150].map(index => core.has(index)));
      expect(has).toEqual([true, false, false, true]);
    });
  });

  it('are locked by us against it, and by it against us', async () => {
    const storage = diskStorage(folder);
    const unlock = await storage.lock('');
    const core = new Hypercore(folder);
    await expectAsync(core.ready()).toBeRejected();
    await unlock();
    await withHypercore(async () => {
      await expectAsync(storage.lock('')).toBeRejectedWith(
        jasmine.objectContaining({ code: 'ERR_STORAGE_LOCKED' }),
      );
    });
  });
});
