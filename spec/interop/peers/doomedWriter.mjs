/**
 * A writer that is going to be killed: it waits for a folder (a JSON line on stdin), opens it, and changes the core there
 * without an end. On stdout, a line each: `opened`, `try` before a change is asked for and `done` once it was acknowledged.
 * Up to four changes are under way at a time. What it does follows from the seed alone.
 */
import { createInterface } from 'node:readline';
import { sodiumNativeCrypto } from 'rx-hypercore/crypto/sodium-native';
import { openLog } from 'rx-hypercore/log';
import { diskStorage } from 'rx-hypercore/storage/disk';
import { blockBytes } from './blockBytes.mjs';

const crypto = await sodiumNativeCrypto();
// A pipe is written to at once on POSIX systems, so what was said before the kill is read after it.
const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

async function run({ folder, seed, durability, first }) {
  let state = seed | 0;
  const integer = (low, high) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return low + Math.floor(((state >>> 8) / 0x1000000) * (high - low + 1));
  };
  let number = first;
  const log = await openLog({ storage: diskStorage(folder), crypto, durability });
  say({ opened: true, length: log.length });

  /** What the log will be once all that was asked for is done. */
  let { length } = log;
  const next = () => {
    const dice = integer(0, 9);
    if (length > 400 || (dice === 0 && length > 0)) {
      const to = integer(0, Math.min(length - 1, 100));
      length = to;
      return { change: { truncate: to }, run: () => log.truncate(to) };
    }
    if (dice <= 2 && length > 0) {
      const start = integer(0, length - 1);
      const end = Math.min(length, start + integer(1, 30));
      return { change: { clear: [start, end] }, run: () => log.clear(start, end) };
    }
    const blocks = Array.from({ length: dice === 3 ? integer(20, 60) : integer(1, 4) }, () => [
      number++,
      integer(0, 9) === 0 ? integer(0, 100_000) : integer(0, 1500),
    ]);
    length += blocks.length;
    return {
      change: { append: blocks },
      run: () => log.append(blocks.map(([n, size]) => blockBytes(n, size))),
    };
  };

  for (;;) {
    const together = Array.from({ length: integer(1, 4) }, next);
    const under = together.map(({ change, run: begin }) => {
      say({ try: change });
      return begin().then(() => say({ done: true }));
    });
    await Promise.all(under);
  }
}

createInterface({ input: process.stdin }).once('line', line => {
  run(JSON.parse(line)).catch(error => {
    say({ error: String(error.stack) });
    process.exitCode = 1;
  });
});
say({ ready: true });
