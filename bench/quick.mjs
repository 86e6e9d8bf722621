// For profiling by hand: node [--cpu-prof] bench/quick.mjs <side> <workload> [rounds]
import { loadSide } from './sides/load.mjs';
const [, , name, workload, rounds = '5'] = process.argv;
const side = await loadSide(name);
const { default: work } = await import(`./workloads/${workload}.mjs`);
for (let i = 0; i < rounds; i++) {
  const { seconds, units, bytes } = await work.run(side, work.parameters);
  console.log(
    name,
    workload,
    (units / seconds).toFixed(0),
    work.unit === 'MB/s' ? (bytes / seconds / 1e6).toFixed(0) + ' MB/s' : work.unit,
  );
}
process.exit(0);
