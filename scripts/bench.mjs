// Benchmarks in Node: `npm run bench -- [--quick] [--only=workload,…] [--rounds=15] [--minutes=12] [--sides=native,official]
// [--save]`. All of it is written to bench/results as a table, a chart and numbers; a part of it only with --save. Where the
// machine is slow or busy there are fewer rounds, but at least three, of less work each. `--quick` takes about two minutes and is good for
// orders of magnitude. See docs/performance.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { machine } from '../bench/machine.mjs';
import { chart, sideTitles, table } from '../bench/report.mjs';
import { runAll } from '../bench/run.mjs';
import { workloadNames } from '../bench/workloads/index.mjs';

const flags = process.argv.slice(2);
/** `--name=value`, or `--name value`. */
const option = name =>
  flags.find(flag => flag.startsWith(`--${name}=`))?.split('=')[1] ??
  (flags.includes(`--${name}`) ? flags[flags.indexOf(`--${name}`) + 1] : undefined);
const quick = flags.includes('--quick');
const names = option('only')?.split(',') ?? workloadNames;
const sides = option('sides')?.split(',') ?? Object.keys(sideTitles);
const unknown = [
  ...names.filter(name => !workloadNames.includes(name)),
  ...sides.filter(name => !(name in sideTitles)),
];
if (unknown.length > 0) {
  console.error(`no ${unknown.join(', ')}: there are ${workloadNames.join(', ')}`);
  console.error(`on ${Object.keys(sideTitles).join(', ')}`);
  process.exit(1);
}

rmSync('build/bench', { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', 'build/bench'],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);

const rounds = Number(option('rounds') ?? (quick ? 2 : 15));
const minutes = Number(option('minutes') ?? (quick ? 1.5 : 12));
// How busy the machine is with other things belongs to the figures.
const busy = loadavg()[0];
const started = Date.now();
const { results, failures } = await runAll(names, {
  rounds,
  seconds: 60 * minutes,
  sides,
  share: quick ? 0.25 : 1,
});
const where = {
  ...machine(),
  rounds: span(results.map(result => result.rounds)),
  load: busy,
  ...(results.some(({ share }) => share < 1) && { part: ', some of a part of the work named' }),
  ...(failures.length > 0 && { failures }),
};
const report = table(results, where, 'Benchmarks in Node');
console.log(`\n${report}`);
console.log(`${Math.round((Date.now() - started) / 1000)} s`);
const whole = names === workloadNames && option('sides') === undefined && !quick;
if (whole || flags.includes('--save')) {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/node.md', report);
  writeFileSync('bench/results/node.svg', chart(results, where, 'rx-hypercore in Node'));
  writeFileSync('bench/results/node.json', JSON.stringify({ ...where, results }, null, 1) + '\n');
  console.log('written to bench/results');
}
process.exit(0);

function span(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
