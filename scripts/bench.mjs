// Benchmarks in Node: `npm run bench -- [workload…] [--rounds=7] [--sides=native,official] [--save]`.
// Without a workload all of them run, and table, chart and numbers are written to bench/results; with some, only with
// --save. See docs/performance.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { machine } from '../bench/machine.mjs';
import { chart, sideTitles, table } from '../bench/report.mjs';
import { runAll } from '../bench/run.mjs';
import { workloadNames } from '../bench/workloads/index.mjs';

const names = process.argv.slice(2).filter(argument => !argument.startsWith('--'));
const option = name => process.argv.find(argument => argument.startsWith(`--${name}`))?.split('=')[1];
const rounds = Number(option('rounds') ?? 7);
const sides = option('sides')?.split(',') ?? Object.keys(sideTitles);

rmSync('build/bench', { recursive: true, force: true });
const { status } = spawnSync(
  'node_modules/.bin/tsc',
  ['-p', 'tsconfig.build.json', '--outDir', 'build/bench'],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);

const results = await runAll(names.length > 0 ? names : workloadNames, { rounds, sides });
const where = machine();
const report = table(results, where, 'Benchmarks in Node');
console.log(`\n${report}`);
if (names.length === 0 || process.argv.includes('--save')) {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/node.md', report);
  writeFileSync('bench/results/node.svg', chart(results, where, 'rx-hypercore in Node'));
  writeFileSync('bench/results/node.json', JSON.stringify({ ...where, results }, null, 1) + '\n');
  console.log('written to bench/results');
}
process.exit(0);
