// Runs workloads on all sides, in turns, so that what else happens on the machine meets all of them alike.
import { javascriptSides } from './sides/load.mjs';
import { buildRust, startJavascript, startRust } from './sides/processes.mjs';
import { loadWorkload } from './workloads/index.mjs';

/** What the Rust side can do. */
const rustKinds = ['echo', 'flood', 'handshakes', 'first-message'];

/**
 * @param names of workloads
 * @param options.rounds how often each side runs each workload; a workload may want fewer
 * @param options.sides names of the sides; those that are not available are left out
 * @returns for each workload and side the rates of all rounds, and figures by name
 */
export async function runAll(names, { rounds, sides: wanted }) {
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
      results.push(await runOne(name, workload, sides, Math.min(rounds, workload.rounds ?? rounds)));
    }
  } finally {
    for (const side of sides) side.stop();
  }
  return results;
}

async function runOne(name, workload, all, rounds) {
  const sides = all.filter(side =>
    side.name.startsWith('rust')
      ? rustKinds.includes(workload.kind)
      : (workload.sides ?? javascriptSides).includes(side.name),
  );
  const samples = Object.fromEntries(sides.map(side => [side.name, []]));
  const warmups = workload.rounds === undefined ? 3 : 0;
  for (let round = -warmups; round < rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      // Each round begins with another side.
      const side = sides[(i + round + warmups) % sides.length];
      const result = await side.run(name, workload);
      if (round >= 0) samples[side.name].push(rateOf(workload, result));
    }
    process.stdout.write('.');
  }
  const medians = Object.fromEntries(
    Object.entries(samples).map(([side, rates]) => [
      side,
      typeof rates[0] === 'number' ? median(rates) : figures(rates),
    ]),
  );
  for (const [side, value] of Object.entries(medians)) {
    const text = typeof value === 'number' ? Math.round(value).toLocaleString('en') : JSON.stringify(value);
    console.log(`\n  ${side.padEnd(14)} ${text}`.trimEnd());
  }
  return { name, title: workload.title, unit: workload.unit, medians, samples };
}

function rateOf({ unit }, { seconds, units, bytes, figures }) {
  if (figures !== undefined) return figures;
  return unit === 'MB/s' ? bytes / seconds / 1e6 : units / seconds;
}

function figures(samples) {
  return Object.fromEntries(
    Object.keys(samples[0]).map(key => [key, Math.round(median(samples.map(sample => sample[key])))]),
  );
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
