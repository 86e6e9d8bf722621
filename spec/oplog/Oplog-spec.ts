import type { HypercoreError } from '../../lib/errors.js';
import { Oplog, type OplogOptions } from '../../lib/oplog/Oplog.js';
import type { OplogEntry } from '../../lib/oplog/OplogEntry.js';
import type { OplogHeader } from '../../lib/oplog/OplogHeader.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import type { Storage } from '../../lib/storage/RandomAccess.js';
import { crashOutcomes, FaultyStorage, type FaultyStorageOptions } from '../../lib/testing/FaultyStorage.js';
import { Random } from '../helpers/random.js';
import { drawEntry, drawHeader } from './drawOplog.js';

async function openIn(storage: Storage, options: OplogOptions = {}): Promise<Oplog> {
  return Oplog.open(await storage.open('oplog'), await storage.open('header'), options);
}

/** One step of a life: a header, or a group of entries. */
type Step = { header: OplogHeader } | { group: OplogEntry[] };

/** What an oplog must tell after some steps. */
function told(steps: readonly Step[]): { header: OplogHeader | null; entries: OplogEntry[] } {
  let state: { header: OplogHeader | null; entries: OplogEntry[] } = { header: null, entries: [] };
  for (const step of steps) {
    state =
      'header' in step
        ? { header: step.header, entries: [] }
        : { header: state.header, entries: [...state.entries, ...step.group] };
  }
  return state;
}

/** Entries that say nothing are the oplog's own. */
function tells(oplog: Oplog): { header: OplogHeader | null; entries: OplogEntry[] } {
  const entries = oplog.entries.filter(entry => entry.treeUpgrade !== null);
  return { header: oplog.header, entries };
}

/** Quicker than a matcher, for thousands of states. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function live(storage: Storage, steps: readonly Step[], done: (steps: number) => void): Promise<void> {
  const oplog = await openIn(storage);
  for (const [i, step] of steps.entries()) {
    if ('header' in step) await oplog.writeHeader(step.header);
    else {
      await oplog.append(step.group);
      await oplog.flush();
    }
    done(i + 1);
  }
}

function drawLife(random: Random, steps: number): Step[] {
  const life: Step[] = [{ header: drawHeader(random, 0) }];
  for (let mark = 1; mark < steps; mark++) {
    const kind = random.integer(0, 4);
    // Headers beside and within their slot, and two in a row.
    if (kind === 0) life.push({ header: drawHeader(random, mark, random.integer(0, 2) * 3000) });
    else
      life.push({
        group: Array.from({ length: random.integer(1, 3) }, (_, i) => drawEntry(random, mark * 10 + i)),
      });
  }
  return life;
}

describe('Oplog', () => {
  const random = new Random('Oplog');

  it('begins with a header', async () => {
    const oplog = await openIn(memoryStorage());
    expect(oplog.header).toBeNull();
    expect(oplog.entries).toEqual([]);
    await expectAsync(oplog.append([drawEntry(random, 1)])).toBeRejectedWithError(/header/);
  });

  it('tells after every step what was put into it, however often it is opened', async () => {
    for (let round = 0; round < 10; round++) {
      const storage = new FaultyStorage();
      const life = drawLife(random, 12);
      for (let steps = 1; steps <= life.length; steps++) {
        // A process that dies after each step.
        const left = steps === 1 ? storage : storage.afterCrash('kept');
        await live(left, life.slice(0, steps), () => {});
        expect(tells(await openIn(left.afterCrash('dropped')))).toEqual(told(life.slice(0, steps)));
      }
    }
  });

  it('loses nothing that was flushed, wherever the machine stops and whatever its disk does', async () => {
    let crashes = 0;
    for (let round = 0; round < 3; round++) {
      const life = drawLife(random, 10);
      for (let crashAt = 1; ; crashAt++) {
        const storage = new FaultyStorage({ crashAt });
        let done = 0;
        await live(storage, life, steps => (done = steps)).catch(() => {});
        if (!storage.crashed) break;
        // What was under way may have happened or not.
        const allowed = [told(life.slice(0, done)), told(life.slice(0, done + 1))];
        for (const outcome of crashOutcomes) {
          for (let seed = 0; seed < 3; seed++) {
            const left = storage.afterCrash(outcome, seed + 1000 * crashAt);
            const oplog = await openIn(left);
            crashes++;
            const found = tells(oplog);
            const fits = allowed.some(state => isSame(found, state));
            if (!fits) fail(`stopped at ${crashAt} (${outcome}, ${seed}), done ${done}`);
            // It goes on from there, and a second crash brings nothing old back.
            const next = drawEntry(random, 999);
            if (found.header === null) continue;
            await oplog.append([next]);
            await oplog.flush();
            expect(tells(await openIn(left.afterCrash('dropped'))).entries).toEqual([...found.entries, next]);
          }
        }
      }
    }
    expect(crashes).toBeGreaterThan(500);
  });

  it('goes on after a write that failed, and what it left does not count', async () => {
    const life = drawLife(random, 8);
    const failures: FaultyStorageOptions[] = [];
    for (let at = 1; at < 30; at++) failures.push({ failAt: at }, { quotaAt: at });
    for (const options of failures) {
      const storage = new FaultyStorage(options);
      const oplog = await openIn(storage);
      const kept: Step[] = [];
      for (const step of life) {
        const act = async () =>
          'header' in step
            ? oplog.writeHeader(step.header)
            : oplog.append(step.group).then(() => oplog.flush());
        try {
          await act();
        } catch (error) {
          expect((error as HypercoreError).code).toMatch(/ERR_STORAGE_(FAILED|QUOTA)/);
          // A header may be written again; of a group it is known only after the write whether it is there.
          if ('header' in step) await act();
          else break;
        }
        kept.push(step);
      }
      const found = tells(await openIn(storage.afterCrash('kept')));
      const allowed = [told(kept), told(life.slice(0, kept.length + 1))];
      expect(allowed.some(state => isSame(found, state))).toBeTrue();
    }
  });

  it('notices a bit that turned over, or is not told by it, but for the last group', async () => {
    const life: Step[] = [
      { header: drawHeader(random, 0) },
      { group: [drawEntry(random, 1)] },
      { header: drawHeader(random, 1) },
      { group: [drawEntry(random, 2)] },
      { group: [drawEntry(random, 3), drawEntry(random, 4)] },
      { group: [drawEntry(random, 5)] },
    ];
    const whole = told(life);
    const withoutLast = told(life.slice(0, -1));
    const storage = new FaultyStorage();
    await live(storage, life, () => {});
    const seen = { corrupt: 0, whole: 0, short: 0 };
    for (let byte = 0; byte < storage.lengthOf('oplog'); byte++) {
      // All there is of headers lies in the first bytes of the slots.
      if (byte < 8192 && byte % 4096 > 400) continue;
      const left = storage.afterCrash('kept');
      left.flipBit('oplog', byte * 8 + random.integer(0, 7));
      try {
        const found = tells(await openIn(left, { readOnly: true }));
        if (isSame(found, whole)) seen.whole++;
        else if (isSame(found, withoutLast)) seen.short++;
        else fail(`byte ${byte}`);
      } catch (error) {
        if ((error as HypercoreError).code !== 'ERR_STORAGE_CORRUPT') throw error;
        seen.corrupt++;
      }
    }
    expect(seen.corrupt).toBeGreaterThan(300);
    expect(seen.whole).toBeGreaterThan(100); // the slot that does not count
    expect(seen.short).toBeGreaterThan(50); // which looks like a write that was cut short
  });

  it('takes what is whole of a damaged one where it is told to', async () => {
    const life: Step[] = [{ header: drawHeader(random, 0) }];
    for (let mark = 1; mark < 6; mark++) life.push({ group: [drawEntry(random, mark)] });
    const storage = new FaultyStorage();
    let second = 0;
    await live(storage, life, steps => {
      if (steps === 2) second = storage.lengthOf('oplog');
    });
    storage.flipBit('oplog', second * 8 + 90);
    await expectAsync(openIn(storage.afterCrash('kept'))).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_CORRUPT', file: 'oplog' }),
    );
    const oplog = await openIn(storage.afterCrash('kept'), { salvage: true });
    expect(tells(oplog)).toEqual(told(life.slice(0, 2)));
  });

  it('keeps a header of any length, in a file of its own if need be, under a checksum', async () => {
    for (const userData of [3600, 3900, 4000, 4096, 100_000]) {
      const storage = new FaultyStorage();
      const headers = [0, userData, userData + 1, 0, 70_000].map(bytes => drawHeader(random, 1, bytes));
      const oplog = await openIn(storage);
      for (const header of headers) {
        await oplog.writeHeader(header);
        expect((await openIn(storage.afterCrash('dropped'))).header).toEqual(header);
      }
    }
  });

  it('notices a bit that turned over in a header of its own file', async () => {
    const storage = new FaultyStorage();
    await (await openIn(storage)).writeHeader(drawHeader(random, 1, 5000));
    for (let i = 0; i < 300; i++) {
      const left = storage.afterCrash('kept');
      left.flipBit('header', random.integer(0, left.lengthOf('header') * 8 - 1));
      await expectAsync(openIn(left)).toBeRejectedWith(
        jasmine.objectContaining({ code: 'ERR_STORAGE_CORRUPT', file: 'header' }),
      );
    }
  });

  it('asks for a header once its entries take as much as told', async () => {
    const storage = memoryStorage();
    const oplog = await openIn(storage, { maxEntryBytes: 1000 });
    await oplog.writeHeader(drawHeader(random, 0));
    while (oplog.byteLength < 1000) {
      expect(oplog.due).toBeFalse();
      await oplog.append([drawEntry(random, 1)]);
    }
    expect(oplog.due).toBeTrue();
    await oplog.writeHeader(drawHeader(random, 1));
    expect(oplog.due).toBeFalse();
  });

  it('writes nothing when it is only read', async () => {
    const storage = new FaultyStorage();
    await live(storage, drawLife(random, 5), () => {});
    const left = storage.afterCrash('kept');
    const file = await left.open('oplog');
    await file.write(left.lengthOf('oplog'), random.bytes(50));
    await file.close();
    const { operations } = left;
    await openIn(left, { readOnly: true });
    expect(left.operations).toBe(operations);
  });

  it('takes any bytes for an oplog, an empty one or a damaged one, and nothing else', async () => {
    for (let round = 0; round < 300; round++) {
      const storage = memoryStorage();
      const file = await storage.open('oplog');
      await file.write(0, random.bytes(random.integer(0, 20_000)));
      await file.close();
      try {
        expect((await openIn(storage)).header).toBeNull();
      } catch (error) {
        expect((error as HypercoreError).code).toBe('ERR_STORAGE_CORRUPT');
      }
    }
  });
});
