// What the log is measured by, beside hypercore 10.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../median.mjs';

const sides = ['native', 'official'];

const block = (index, bytes) => {
  const value = Buffer.alloc(bytes, index);
  value.writeUInt32LE(index, 0);
  return value;
};
const blocksOf = (from, count, bytes) => Array.from({ length: count }, (_, i) => block(from + i, bytes));

async function inFolder(run) {
  const folder = await mkdtemp(join(tmpdir(), 'rx-hypercore-bench-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of what is asked for alone: opening, and making the blocks, does not count. */
async function timed(work, units, bytes) {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, units, bytes: units * bytes };
}

function append(where, durability) {
  const run = async (logs, folder, { count, batch, bytes }) => {
    const log = await logs.open(folder, { durability });
    const batches = [];
    for (let i = 0; i < count; i += batch) batches.push(blocksOf(i, batch, bytes));
    const result = await timed(
      async () => {
        for (const blocks of batches) await logs.append(log, blocks);
      },
      count,
      bytes,
    );
    await logs.close(log);
    return result;
  };
  return {
    title: `append 20,000 × 1 KiB in batches of 100, ${where}`,
    unit: 'blocks/s',
    sides,
    parameters: { count: 20_000, batch: 100, bytes: 1024 },
    async run(side, parameters) {
      const logs = await side.logs();
      return where === 'in memory'
        ? run(logs, undefined, parameters)
        : inFolder(folder => run(logs, folder, parameters));
    },
  };
}

/** Blocks that are not in the cache: the core is opened anew, and each is read once. */
function reads(atOnce) {
  return {
    title: `read 20,000 × 1 KiB from disk in random order, ${atOnce} at a time`,
    unit: 'blocks/s',
    sides,
    parameters: { count: 20_000, bytes: 1024 },
    async run(side, { count, bytes }) {
      const logs = await side.logs();
      return inFolder(async folder => {
        const writer = await logs.open(folder, { durability: 'batched' });
        for (let i = 0; i < count; i += 1000)
          await logs.append(writer, blocksOf(i, Math.min(1000, count - i), bytes));
        await logs.close(writer);
        const log = await logs.open(folder);
        // A step that shares no factor with the count meets each block once.
        const order = Array.from({ length: count }, (_, i) => (i * 7919) % count);
        let next = 0;
        const lane = async () => {
          while (next < count) {
            const index = order[next++];
            const value = await logs.get(log, index);
            if (value.length !== bytes) throw new Error('another block');
          }
        };
        const result = await timed(() => Promise.all(Array.from({ length: atOnce }, lane)), count, bytes);
        await logs.close(log);
        return result;
      });
    },
  };
}

function replicate(count, bytes, named) {
  return {
    title: `replicate ${count.toLocaleString('en')} × ${named}, memory to memory over an encrypted connection`,
    unit: bytes > 10_000 ? 'MB/s' : 'blocks/s',
    sides,
    parameters: { count, bytes },
    // A few blocks would measure handshakes.
    whole: true,
    async run(side, { count: length }) {
      const logs = await side.logs();
      const source = await logs.source(blocksOf(0, length, bytes));
      return timed(() => logs.download(source, length), length, bytes);
    },
  };
}

/** Made once for each side, because that takes longer than all the rest. */
const kept = new Map();

async function folderOf(logs, blocks) {
  const known = kept.get(blocks);
  if (known !== undefined) return known;
  const folder = await mkdtemp(join(tmpdir(), 'rx-hypercore-bench-'));
  kept.set(blocks, folder);
  process.once('disconnect', () => rm(folder, { recursive: true, force: true }).then(() => process.exit()));
  const log = await logs.open(folder, { durability: 'batched' });
  for (let i = 0; i < blocks; i += 10_000) await logs.append(log, blocksOf(i, 10_000, 16));
  await logs.close(log);
  return folder;
}

/** Buffers that nobody holds any more are freed beside the program, a moment after they are found. */
async function held() {
  globalThis.gc();
  await new Promise(resolve => setTimeout(resolve, 50));
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The middle of some openings: the first of a process runs code that is not compiled yet, and takes several times as long. */
async function opening(logs, blocks, times) {
  const folder = await folderOf(logs, blocks);
  const [ms, bytes] = [[], []];
  for (let i = 0; i < times; i++) {
    const before = await held();
    const begin = process.cpuUsage();
    const log = await logs.open(folder);
    const { user, system } = process.cpuUsage(begin);
    ms.push((user + system) / 1000);
    bytes.push((await held()) - before);
    const value = await logs.get(log, blocks / 2);
    if (value.readUInt32LE?.(0) === 0) throw new Error('another block');
    await logs.close(log);
  }
  return [median(ms), median(bytes)];
}

const open = {
  title: 'open a core of 16 B blocks that is on disk, by processor time',
  unit: 'ms, KiB',
  sides,
  parameters: { few: 10_000, many: 1_000_000, times: 7 },
  async run(side, { few, many, times }) {
    const logs = await side.logs();
    const [fewMs, fewBytes] = await opening(logs, few, times);
    const [manyMs, manyBytes] = await opening(logs, many, times);
    return {
      figures: {
        'microseconds, 10,000 blocks': fewMs * 1000,
        'microseconds, 1,000,000 blocks': manyMs * 1000,
        'KiB held, 10,000 blocks': fewBytes / 1024,
        'KiB held, 1,000,000 blocks': manyBytes / 1024,
      },
    };
  },
};

export const logWorkloads = {
  'log-append-memory': append('in memory', 'each'),
  'log-append-disk': append('on disk, each batch flushed to the medium by us', 'each'),
  'log-append-disk-batched': append('on disk, flushed each MiB by us', 'batched'),
  'log-read-1': reads(1),
  'log-read-16': reads(16),
  'log-replicate-1k': replicate(10_000, 1024, '1 KiB'),
  'log-replicate-64k': replicate(1_000, 65_536, '64 KiB'),
  'log-open': open,
};
