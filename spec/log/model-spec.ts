import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import type { Log } from '../../lib/log/Log.js';
import type { LogOptions } from '../../lib/log/LogOptions.js';
import { openLog } from '../../lib/log/openLog.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { fill, hex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { download, upgrade } from './replicate.js';

/** A log as one would write it in a minute: arrays. */
class NaiveLog {
  blocks: Uint8Array[] = [];
  held: boolean[] = [];
  fork = 0;

  append(blocks: readonly Uint8Array[]): void {
    this.blocks.push(...blocks);
    for (const _ of blocks) this.held.push(true);
  }

  truncate(length: number): void {
    this.blocks.length = length;
    this.held.length = length;
    this.fork++;
  }

  clear(start: number, end: number): void {
    for (let i = start; i < Math.min(end, this.held.length); i++) this.held[i] = false;
  }

  get contiguousLength(): number {
    const missing = this.held.indexOf(false);
    return missing === -1 ? this.held.length : missing;
  }

  seek(byte: number): { index: number; offset: number } {
    let offset = byte;
    let index = 0;
    while (index < this.blocks.length && offset >= this.blocks[index].length)
      offset -= this.blocks[index++].length;
    return { index, offset };
  }
}

/** One of several blocks that hold a byte between them is as good as another: empty ones hold none. */
async function expectSame(log: Log, model: NaiveLog, random: Random): Promise<void> {
  const byteLength = model.blocks.reduce((sum, block) => sum + block.length, 0);
  expect([log.length, log.byteLength, log.fork, log.contiguousLength]).toEqual([
    model.blocks.length,
    byteLength,
    model.fork,
    model.contiguousLength,
  ]);
  for (const [i, block] of model.blocks.entries()) {
    expect(log.has(i)).toBe(model.held[i]);
    if (model.held[i]) expect(hex(await log.get(i))).toBe(hex(block));
  }
  const words = log.core.words(0, log.length);
  expect(model.held.map((_, i) => ((words[i >> 5] >>> (i & 31)) & 1) === 1)).toEqual(model.held);
  const from = random.integer(0, model.held.length);
  expect(log.core.firstMissing(from, model.held.length)).toBe(model.held.indexOf(false, from));
  if (byteLength === 0) return;
  const byte = random.integer(0, byteLength - 1);
  const place = await log.seek(byte);
  const expected = model.seek(byte);
  expect(place.offset).toBe(expected.offset);
  if (place.index !== expected.index) {
    // Only empty blocks lie between them.
    for (let i = Math.min(place.index, expected.index); i < Math.max(place.index, expected.index); i++) {
      expect(model.blocks[i].length).toBe(0);
    }
  }
}

const variants: [string, LogOptions][] = [
  ['as it is', {}],
  ['without a cache', { cacheBytes: 0 }],
  ['with a small cache, encrypted', { cacheBytes: 4000, encryptionKey: fill(32, 3) }],
  ['with a manifest, flushed in batches', { compat: false, durability: 'batched' }],
];

describe('log: any sequence of operations', () => {
  for (const [what, options] of variants) {
    it(`gives what arrays give, ${what}`, async () => {
      const random = new Random(`log ${what}`);
      const storage = memoryStorage();
      const seed = fill(32, 5);
      const model = new NaiveLog();
      let log = await openLog({ crypto, seed, storage, ...options });
      for (let step = 0; step < 40; step++) {
        const action = random.integer(0, 9);
        if (action < 4) {
          const count = random.integer(0, 20);
          const blocks = Array.from({ length: count }, () => random.bytes(random.integer(0, 60)));
          await log.append(blocks);
          model.append(blocks);
        } else if (action === 4 && log.length > 0) {
          const length = random.integer(0, log.length);
          await log.truncate(length);
          model.truncate(length);
        } else if (action < 8) {
          const start = random.integer(0, log.length);
          const end = random.integer(start, log.length + 5);
          await log.clear(start, end);
          model.clear(start, end);
        } else {
          await log.close();
          log = await openLog({ crypto, storage, ...options });
        }
        await expectSame(log, model, random);
      }
      await log.close();
    });
  }

  it('is followed by a reader, whatever it holds', async () => {
    const random = new Random('log reader');
    const storage = memoryStorage();
    const writer = await openLog({ crypto, seed: fill(32, 6) });
    let reader = await openLog({ crypto, key: writer.key, storage });
    const model = new NaiveLog();
    for (let step = 0; step < 25; step++) {
      const action = random.integer(0, 9);
      if (action < 3) {
        const blocks = Array.from({ length: random.integer(1, 12) }, () =>
          random.bytes(random.integer(0, 60)),
        );
        await writer.append(blocks);
      } else if (action === 3 && writer.length > 1) {
        await writer.truncate(random.integer(1, writer.length));
      } else if (action === 4 && reader.length > 0) {
        const start = random.integer(0, reader.length - 1);
        await reader.clear(start, start + random.integer(1, 4));
      } else if (action === 5) {
        await reader.close();
        reader = await openLog({ crypto, storage });
      }
      if (writer.length === 0) continue;
      await upgrade(writer, reader);
      const missing = Array.from({ length: writer.length }, (_, i) => i).filter(i => !reader.has(i));
      await download(
        writer,
        reader,
        missing.filter(() => random.integer(0, 2) === 0),
      );
      model.blocks = await Promise.all(Array.from({ length: writer.length }, (_, i) => writer.get(i)));
      model.held = model.blocks.map((_, i) => reader.has(i));
      for (const [i, held] of model.held.entries()) {
        if (held) expect(hex(await reader.get(i))).toBe(hex(model.blocks[i]));
      }
      expect([reader.length, reader.fork, reader.contiguousLength]).toEqual([
        writer.length,
        writer.fork,
        model.contiguousLength,
      ]);
      expect(hex(await reader.treeHash())).toBe(hex(await writer.treeHash()));
    }
    await Promise.all([writer.close(), reader.close()]);
  });
});
