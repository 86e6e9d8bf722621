import type { CryptoBackend } from '../../../lib/crypto/CryptoBackend.js';
import { isHypercoreError } from '../../../lib/errors.js';
import type { Log } from '../../../lib/log/Log.js';
import type { LogOptions } from '../../../lib/log/LogOptions.js';
import { openLog } from '../../../lib/log/openLog.js';
import {
  FaultyStorage,
  crashOutcomes,
  type FaultyStorageOptions,
} from '../../../lib/testing/FaultyStorage.js';
import { hex } from '../../helpers/bytes.js';
import { download, upgrade } from '../../log/replicate.js';

/** What a log is to those who look at it. */
export interface Picture {
  readonly fork: number;
  readonly length: number;
  readonly treeHash: string;
  /** Hex, or `null` for one that is not here. */
  readonly blocks: readonly (string | null)[];
}

export async function pictureOf(log: Log): Promise<Picture> {
  const blocks: (string | null)[] = [];
  for (let i = 0; i < log.length; i++) blocks.push(log.has(i) ? hex(await log.get(i)) : null);
  return { fork: log.fork, length: log.length, treeHash: hex(await log.treeHash()), blocks };
}

/** Something that is done to a log, step by step: each resolves when the log acknowledged it. */
export type Step = (log: Log) => Promise<unknown>;

export interface CrashRun {
  readonly crypto: CryptoBackend;
  /** How the log is opened, first and after the crash. */
  readonly options: LogOptions;
  readonly steps: readonly Step[];
  /** Whether blocks may have come one by one when the crash came. */
  readonly partly?: boolean;
  /** Shows that a log that was opened after the crash is whole, and goes on with it. */
  readonly goOn: (log: Log) => Promise<void>;
}

/** The pictures after each step, none of which fails. */
export async function picturesOf({
  crypto,
  options,
  steps,
}: CrashRun): Promise<{ pictures: Picture[]; operations: number }> {
  const storage = new FaultyStorage();
  const log = await openLog({ ...options, storage, crypto });
  const pictures = [await pictureOf(log)];
  for (const step of steps) {
    await step(log);
    pictures.push(await pictureOf(log));
  }
  await log.close();
  return { pictures, operations: storage.operations };
}

/**
 * Takes the steps on a storage that fails as told, crashes, and opens what may be left of it, in every way a disk may behave:
 * what was acknowledged must be there, the step that was cut short as a whole or not at all, and the log must be sound.
 *
 * @returns what is wrong; nothing, if all is well
 */
export async function crashAt(
  run: CrashRun,
  pictures: readonly Picture[],
  faults: FaultyStorageOptions,
  seed: number,
): Promise<string[]> {
  const storage = new FaultyStorage(faults);
  const acknowledged = await takeSteps(run, storage);
  const wrong: string[] = [];
  for (const outcome of crashOutcomes) {
    const context = `${JSON.stringify(faults)} after ${acknowledged} steps, ${outcome}`;
    const left = storage.afterCrash(outcome, seed);
    try {
      const log = await openLog({ ...run.options, storage: left, crypto: run.crypto });
      const picture = await pictureOf(log);
      const before = pictures[Math.max(acknowledged, 0)];
      const after = pictures[Math.min(acknowledged + 1, pictures.length - 1)];
      if (!fits(picture, before, after, run.partly === true)) {
        wrong.push(
          `${context}: ${JSON.stringify(picture)}\n is neither ${JSON.stringify(before)}\n nor ${JSON.stringify(after)}`,
        );
      }
      await run.goOn(log);
      await log.close();
      const again = await openLog({ ...run.options, storage: left, crypto: run.crypto });
      await pictureOf(again);
      await again.close();
    } catch (error) {
      wrong.push(`${context}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return wrong;
}

/** How many steps were acknowledged; -1 if not even the log was opened. */
async function takeSteps({ crypto, options, steps }: CrashRun, storage: FaultyStorage): Promise<number> {
  let done = -1;
  try {
    const log = await openLog({ ...options, storage, crypto });
    done++;
    for (const step of steps) {
      await step(log);
      done++;
    }
    await log.close();
  } catch (error) {
    if (!isHypercoreError(error)) throw error;
  }
  return done;
}

function fits(picture: Picture, before: Picture, after: Picture, partly: boolean): boolean {
  const text = JSON.stringify(picture);
  if (text === JSON.stringify(before) || text === JSON.stringify(after)) return true;
  if (!partly) return false;
  // The same tree as one of them, with blocks of before at least, and of after at most.
  for (const tree of [before, after]) {
    if (picture.fork !== tree.fork || picture.treeHash !== tree.treeHash) continue;
    const fitting = picture.blocks.every((block, i) => {
      const [old, late] = [before.blocks[i] ?? null, after.blocks[i] ?? null];
      return (
        block === late || (block === old && (after.fork !== before.fork || late === old || old === null))
      );
    });
    if (fitting) return true;
  }
  return false;
}

/** A reader that knows nothing fetches all that a log has, and compares. */
export async function fetchAll(crypto: CryptoBackend, log: Log): Promise<void> {
  if (log.length === 0) return;
  const reader = await openLog({ key: log.key, crypto });
  await upgrade(log, reader);
  const here = Array.from({ length: log.length }, (_, i) => i).filter(i => log.has(i));
  await download(log, reader, here);
  for (const i of here) {
    if (hex(await reader.get(i)) !== hex(await log.get(i))) throw new Error(`block ${i} is another one`);
  }
  await reader.close();
}
