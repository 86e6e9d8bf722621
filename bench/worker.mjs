// One JavaScript side in a process of its own: `node bench/worker.mjs <side>`. A message is one run of one workload, the
// answer is what it took: time that passed, and time of processors.
import { loadSide } from './sides/load.mjs';
import { loadWorkload } from './workloads/index.mjs';

const side = await loadSide(process.argv[2]);
process.on('message', async ({ workload, parameters }) => {
  try {
    const { run } = await loadWorkload(workload);
    // Not a major collection: at a moment when no connection is alive it would throw away the machine code that all workloads
    // share, and the run would measure the compiler.
    globalThis.gc({ type: 'minor' });
    const before = process.cpuUsage();
    const result = await run(side, parameters);
    const { user, system } = process.cpuUsage(before);
    process.send({ cpuSeconds: (user + system) / 1e6, ...result });
  } catch (error) {
    process.send({ error: String(error.stack) });
  }
});
process.send({ ready: true });
