// Compares two builds of this library in turns, to see what a change is worth:
// `node bench/compare.mjs <folder> <folder> [side] [workload…] [--rounds=15]`, folders as `tsc --outDir` fills them.
import { startJavascript } from './sides/processes.mjs';
import { loadWorkload, workloadNames } from './workloads/index.mjs';

const [before, after, side = 'native', ...given] = process.argv
  .slice(2)
  .filter(text => !text.startsWith('--'));
const rounds = Number(process.argv.find(text => text.startsWith('--rounds='))?.slice(9) ?? 15);
const sides = [await startJavascript(side, before), await startJavascript(side, after)];
for (const name of given.length > 0 ? given : workloadNames) {
  const workload = await loadWorkload(name);
  const pairs = [];
  for (let round = -3; round < rounds; round++) {
    const results = [];
    for (const n of round % 2 === 0 ? [0, 1] : [1, 0]) results[n] = await sides[n].run(name, workload);
    if (round >= 0) pairs.push(results);
  }
  const ratio = what => middle(pairs.map(([a, b]) => a[what] / b[what])).toFixed(3);
  const rate = n => Math.round(middle(pairs.map(results => results[n].units / results[n].seconds)));
  const rates = `${rate(0).toLocaleString('en')} → ${rate(1).toLocaleString('en')} /s`;
  console.log(`${name.padEnd(20)} ${rates}, × ${ratio('seconds')} (processor time × ${ratio('cpuSeconds')})`);
}
for (const one of sides) one.stop();

function middle(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}
