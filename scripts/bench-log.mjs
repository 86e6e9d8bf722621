// Benchmarks of the log beside hypercore 10: `npm run bench:log -- [--only=log-read-16,…] [--rounds=7] [--minutes=6]`. Each side
// is a process of its own, in turns. All of it is written to bench/results/log.md and log.json.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { logWorkloads } from '../bench/log/workloads.mjs';
import { machine } from '../bench/machine.mjs';
import { table } from '../bench/report.mjs';
import { runAll } from '../bench/run.mjs';

const option = name =>
  process.argv
    .slice(2)
    .find(flag => flag.startsWith(`--${name}=`))
    ?.split('=')[1];
const names = option('only')?.split(',') ?? Object.keys(logWorkloads);
const unknown = names.filter(name => !(name in logWorkloads));
if (unknown.length > 0) {
  console.error(`no ${unknown.join(', ')}: there are ${Object.keys(logWorkloads).join(', ')}`);
  process.exit(1);
}

rmSync('build/bench', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', 'build/bench'],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);

const load = loadavg()[0];
const { results, failures } = await runAll(names, {
  rounds: Number(option('rounds') ?? 7),
  seconds: (60 * Number(option('minutes') ?? 6)) / names.length,
  sides: ['native', 'official'],
  share: 1,
});
const where = {
  ...machine(['hypercore-10']),
  rounds: Math.max(...results.map(({ rounds }) => rounds)),
  load,
  ...(failures.length > 0 && { failures }),
};
const report = table(results, where, 'The log beside hypercore 10');
console.log(`\n${report}`);
if (option('only') === undefined) {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/log.md', report);
  writeFileSync('bench/results/log.json', JSON.stringify({ ...where, results }, null, 1) + '\n');
  console.log('written to bench/results');
}
process.exit(failures.length > 0 ? 1 : 0);
