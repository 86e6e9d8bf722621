// What a page, or a worker of it, does with a core that it keeps: appends until it is killed, downloads, and looks at what is there.
import { hypercoreProtocol, isHypercoreError, webSocketConnect } from '../../../lib/index.js';
import { createPeer, type Log, openLog, replicate } from '../../../lib/log/index.js';
import { browserStorage, type BrowserStorageKind } from '../../../lib/storage/browser/index.js';
import { unhex } from '../../helpers/bytes.js';
import { blockBytes } from '../peers/blockBytes.mjs';
import { sizeOf } from './sizeOf.js';

/** The core, and what to do with it. */
export interface KeeperTask {
  readonly act: 'append' | 'download' | 'check' | 'fill' | 'hold' | 'export';
  /** Of the storage. */
  readonly name: string;
  readonly use: BrowserStorageKind;
  /** Where the core comes from that is downloaded, and its key in hex; without it the core is our own. */
  readonly from?: { readonly url: string; readonly key: string };
  /** For `fill` and `download`: until so many blocks are there. */
  readonly count?: number;
  /** Does it in a worker, without another one for the storage. */
  readonly inWorker?: boolean;
}

/** What `check` found. */
export interface KeeperFindings {
  readonly length: number;
  /** Blocks that are here. */
  readonly here: number;
  /** Those that are not what was written, and those that could not be read with why. */
  readonly wrong: readonly string[];
}

/** Says that the first `length` blocks, or the block `index`, were acknowledged. */
export type Acknowledge = (what: number) => void;

const seed = new Uint8Array(32).fill(7);
const files = ['oplog', 'tree', 'data', 'bitfield', 'header'];

/** Resolves to what the act results in; an error of the library is its code. */
export async function perform(task: KeeperTask, acknowledge: Acknowledge): Promise<unknown> {
  try {
    return await acts[task.act](task, acknowledge);
  } catch (error) {
    return isHypercoreError(error) ? error.code : String(error);
  }
}

const acts: Readonly<Record<KeeperTask['act'], (task: KeeperTask, tell: Acknowledge) => Promise<unknown>>> = {
  append: (task, tell) => append(task, Infinity, tell),
  fill: (task, tell) => append(task, task.count ?? Infinity, tell),
  download,
  check,
  async hold(task) {
    await open(task);
    return 'held';
  },
  async export({ name, use }) {
    const storage = browserStorage(name, { use: [use] });
    const texts: Record<string, string> = {};
    for (const name of files) {
      const file = await storage.open(name);
      const bytes = (await file.read(0, await file.length()))!;
      texts[name] = Array.from(bytes, byte => String.fromCharCode(byte)).join('');
      await file.close();
    }
    await storage.close();
    return texts;
  },
};

async function open({ name, use, from }: KeeperTask): Promise<{ log: Log; close: () => Promise<void> }> {
  const storage = browserStorage(name, { use: [use] });
  try {
    const which = from === undefined ? { seed } : { key: unhex(from.key) };
    const log = await openLog({ storage, ...which });
    const close = async (): Promise<void> => {
      await log.close();
      await storage.close();
    };
    return { log, close };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Appends one block or several at once, several times at once, and says so only when each append resolved. */
async function append(task: KeeperTask, until: number, acknowledge: Acknowledge): Promise<unknown> {
  const { log, close } = await open(task);
  acknowledge(log.length);
  let next = log.length;
  try {
    for (let round = 0; next < until; round++) {
      const appends: Promise<void>[] = [];
      for (let i = 0; i <= round % 3; i++) {
        const blocks = Array.from({ length: 1 + ((round + i) % 5) }, () => blockOf(next++));
        appends.push(log.append(blocks).then(({ length }) => acknowledge(length)));
      }
      const failed = (await Promise.allSettled(appends)).find(({ status }) => status === 'rejected');
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    }
    return log.length;
  } finally {
    await close();
  }
}

/** Downloads the whole core, and says of each block when it is acknowledged. */
async function download(
  { name, use, from, count = 0 }: KeeperTask,
  acknowledge: Acknowledge,
): Promise<unknown> {
  const { url, key } = from!;
  const storage = browserStorage(name, { use: [use] });
  const peer = createPeer({ storage });
  const core = peer.core({ key: unhex(key), folder: '' });
  const connection = webSocketConnect(url)
    .pipe(hypercoreProtocol({ initiator: true }), replicate(peer))
    .subscribe();
  try {
    await new Promise<void>((resolve, reject) => {
      core.blocks({ end: count, live: true }).subscribe({
        next: ({ index }) => acknowledge(index),
        error: reject,
        complete: resolve,
      });
    });
    return core.length;
  } finally {
    connection.unsubscribe();
    await peer.close();
    await storage.close();
  }
}

/** Reads every block that is here, each of which the log compares with its tree, and compares it with what was written. */
async function check(task: KeeperTask): Promise<KeeperFindings> {
  const { log, close } = await open(task);
  const wrong: string[] = [];
  let here = 0;
  for (let index = 0; index < log.length; index++) {
    if (!log.has(index)) continue;
    here++;
    try {
      const [block, written] = [await log.get(index), blockOf(index)];
      const same = block.length === written.length && block.every((byte, at) => byte === written[at]);
      if (!same) wrong.push(`${index} is another block`);
    } catch (error) {
      wrong.push(`${index}: ${isHypercoreError(error) ? error.code : String(error)}`);
    }
  }
  const { length } = log;
  await close();
  return { length, here, wrong };
}

function blockOf(index: number): Uint8Array {
  return blockBytes(index, sizeOf(index));
}
