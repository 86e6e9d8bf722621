// One JavaScript side in a process of its own: `node bench/worker.mjs <side>`. A message is one run of one workload, the
// answer is what it took.
import { loadSide } from './sides/load.mjs';
import { loadWorkload } from './workloads/index.mjs';

const side = await loadSide(process.argv[2]);
process.on('message', async ({ workload, parameters }) => {
  try {
    globalThis.gc();
    const { run } = await loadWorkload(workload);
    process.send(await run(side, parameters));
  } catch (error) {
    process.send({ error: String(error.stack) });
  }
});
process.send({ ready: true });
