// Runs workloads on all sides, in turns, so that what else happens on the machine meets all of them alike.
import { javascriptSides } from './sides/load.mjs';
import { median } from './median.mjs';
import { buildRust, startJavascript, startRust } from './sides/processes.mjs';
import { loadWorkload } from './workloads/index.mjs';

/** What the Rust side can do. */
const rustKinds = ['echo', 'flood', 'handshakes', 'first-message'];

/**
 * @param names of workloads
 * @param options.rounds how often each side runs each workload; a workload may want fewer
 * @param options.seconds when they have passed for one workload, there is no further round of it after the third
 * @param options.warmups how often before that, for nothing
 * @param options.share the part of the work of each run that is done, 0 to 1
 * @param options.sides names of the sides; those that are not available are left out
 * @returns for each workload and side the median of the rates (`medians`), of the rates by processor time (`perCpu`), and
 * the rates of all rounds (`samples`)
 */
export async function runAll(names, { rounds, seconds, warmups, share, sides: wanted }) {
  const sides = [];
  for (const name of javascriptSides) if (wanted.includes(name)) sides.push(await startJavascript(name));
  if (wanted.some(name => name.startsWith('rust')) && buildRust()) {
    if (wanted.includes('rust')) sides.push(startRust('1'));
    if (wanted.includes('rust-threads')) sides.push(startRust('all'));
  }
  const results = [];
  try {
    for (const name of names) {
      const workload = await loadWorkload(name);
      console.log(`\n${name}: ${workload.title}`);
      results.push(await runOne(name, workload, sides, { rounds, seconds, warmups, share }));
    }
  } finally {
    for (const side of sides) side.stop();
  }
  return results;
}

async function runOne(name, workload, all, { rounds: wanted, seconds, warmups: most, share }) {
  const sides = all.filter(side =>
    side.name.startsWith('rust')
      ? rustKinds.includes(workload.kind)
      : (workload.sides ?? javascriptSides).includes(side.name),
  );
  const rounds = Math.min(wanted, workload.rounds ?? wanted);
  const warmups = workload.rounds === undefined ? most : 0;
  const samples = Object.fromEntries(sides.map(side => [side.name, []]));
  const late = Date.now() + 1000 * seconds;
  for (let round = -warmups; round < rounds && (round < Math.min(3, rounds) || Date.now() < late); round++) {
    for (let i = 0; i < sides.length; i++) {
      // Each round begins with another side.
      const side = sides[(i + round + warmups) % sides.length];
      const result = await side.run(name, workload, share);
      if (round >= 0) samples[side.name].push(result);
    }
    process.stdout.write('.');
  }
  const medians = {};
  const perCpu = {};
  console.log();
  for (const [side, results] of Object.entries(samples)) {
    const rates = results.map(result => rateOf(workload, result, result.seconds));
    const cpuRates = results.map(result => rateOf(workload, result, result.cpuSeconds));
    medians[side] = typeof rates[0] === 'number' ? median(rates) : figures(rates);
    if (results[0].cpuSeconds > 0 && typeof rates[0] === 'number') perCpu[side] = median(cpuRates);
    samples[side] = rates;
    console.log(`  ${side.padEnd(14)} ${shown(medians[side])}`);
  }
  const done = Object.values(samples)[0]?.length ?? 0;
  return { name, title: workload.title, unit: workload.unit, rounds: done, medians, perCpu, samples };
}

function rateOf({ unit }, { units, bytes, figures: given }, seconds) {
  if (given !== undefined) return given;
  return unit === 'MB/s' ? bytes / seconds / 1e6 : units / seconds;
}

function figures(samples) {
  return Object.fromEntries(
    Object.keys(samples[0]).map(key => [key, Math.round(median(samples.map(sample => sample[key])))]),
  );
}

function shown(value) {
  return typeof value === 'number' ? Math.round(value).toLocaleString('en') : JSON.stringify(value);
}
