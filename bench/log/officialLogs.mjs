// Cores of hypercore 10 for the benchmarks.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const Hypercore = require('hypercore-10');
const RAM = require('random-access-memory');

export const officialLogs = () => ({
  async open(folder, { cacheBytes } = {}) {
    const core = new Hypercore(folder ?? RAM, { ...(cacheBytes === 0 && { cache: null }) });
    await core.ready();
    return core;
  },

  append: (core, blocks) => core.append(blocks),

  get: (core, index) => core.get(index),

  close: core => core.close(),

  async source(blocks) {
    const core = new Hypercore(RAM);
    await core.append(blocks);
    return { core, key: core.key };
  },

  async download({ core, key }, length) {
    const reader = new Hypercore(RAM, key);
    await reader.ready();
    const [a, b] = [core.replicate(true), reader.replicate(false)];
    for (const stream of [a, b]) stream.on('error', () => undefined);
    a.pipe(b).pipe(a);
    await reader.download({ start: 0, end: length }).done();
    if (reader.contiguousLength !== length) throw new Error('not all came');
    a.destroy();
    await reader.close();
  },
});
