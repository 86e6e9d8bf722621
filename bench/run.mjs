// Runs workloads on all sides, in turns, so that what else happens on the machine meets all of them alike.
import { javascriptSides } from './sides/load.mjs';
import { median } from './median.mjs';
import { ratiosOf } from './ratios.mjs';
import { buildRust, startJavascript, startRust } from './sides/processes.mjs';
import { loadWorkload } from './workloads/index.mjs';

/** What the Rust side can do. */
const rustKinds = ['echo', 'flood', 'handshakes', 'first-message'];

/** The part of the work by which a workload's duration is estimated. */
const TRIAL = 0.05;

/** The part of a workload's time in which the sides run it uncounted, each as long as the others, so that code is compiled. */
const WARM_UP = 0.25;

/** Below this part of the work a run says nothing. */
const LEAST = 0.02;

/** Rounds that are worth a median. */
const ENOUGH = 3;

/** The part of its work that a floor does beside each run of a workload. */
const FLOOR = 0.2;

/**
 * A side that fails or hangs loses the workload, not the others theirs; it is started anew for the next.
 *
 * @param names of workloads
 * @param options.rounds how often each side runs each workload; a workload may want fewer
 * @param options.seconds for all of them; each gets its part, in which the work of a run is cut so that at least three
 * rounds find time, and after which there is no further round
 * @param options.share the part of the work of each run that is done at most, 0 to 1
 * @param options.sides names of the sides; those that are not available are left out
 * @returns for each workload and side the median of the rates (`medians`), of the rates by processor time (`perCpu`), and
 * the rates of all rounds (`samples`); what failed (`failures`). Where the official stack takes part, the medians of how
 * many times its rate each had in the same round (`ratios`, `ratiosPerCpu`), which hold on a machine whose speed changes;
 * and the medians of the part of our processor time that each floor took beside it (`parts`)
 */
export async function runAll(names, { rounds, seconds, share, sides: wanted }) {
  const sides = javascriptSides.filter(name => wanted.includes(name)).map(name => new Side(name));
  if (wanted.some(name => name.startsWith('rust')) && buildRust()) {
    for (const name of ['rust', 'rust-threads']) if (wanted.includes(name)) sides.push(new Side(name));
  }
  const workloads = [];
  for (const name of names) workloads.push([name, await loadWorkload(name)]);
  let weights = workloads.reduce((sum, [, { weight = 1 }]) => sum + weight, 0);
  const end = Date.now() + 1000 * seconds;
  const results = [];
  const failures = [];
  try {
    for (const [name, workload] of workloads) {
      console.log(`\n${name}: ${workload.title}`);
      const { weight = 1 } = workload;
      const time = Math.max(1000, ((end - Date.now()) * weight) / weights);
      weights -= weight;
      const result = await runOne(name, workload, sides, { rounds, time, share, failures });
      if (result !== null) results.push(result);
    }
  } finally {
    for (const side of sides) side.stop();
  }
  return { results, failures };
}

/** A side whose process is started when it is needed, and anew after a failure. */
class Side {
  #process = null;

  constructor(name) {
    this.name = name;
  }

  async run(name, workload, share) {
    this.#process ??= this.name.startsWith('rust')
      ? startRust(this.name === 'rust' ? '1' : 'all')
      : await startJavascript(this.name);
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('no result after a minute')), 60_000);
    });
    try {
      return await Promise.race([this.#process.run(name, workload, share), late]);
    } catch (error) {
      this.#process.kill();
      this.#process = null;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  stop() {
    this.#process?.stop();
  }
}

async function runOne(name, workload, all, { rounds: wanted, time, share: most, failures }) {
  let sides = all.filter(side =>
    side.name.startsWith('rust')
      ? rustKinds.includes(workload.kind)
      : (workload.sides ?? javascriptSides).includes(side.name),
  );
  const samples = Object.fromEntries(sides.map(side => [side.name, []]));
  const floors = [];
  for (const floor of workload.floors ?? []) floors.push([floor, await loadWorkload(floor), []]);
  const started = Date.now();
  /** Whether the side is still there afterwards. */
  const runOn = async (side, share, keep) => {
    try {
      const result = await side.run(name, workload, share);
      if (keep) samples[side.name].push(result);
      if (side.name !== 'native') return true;
      for (const [floor, work, found] of floors) {
        const alone = await side.run(floor, work, share * FLOOR);
        if (keep)
          found.push(rateOf(workload, result, result.cpuSeconds) / rateOf(work, alone, alone.cpuSeconds));
      }
      return true;
    } catch (error) {
      failures.push(`${name}, ${side.name}: ${error.message}`);
      console.error(`\n  ${side.name} failed: ${error.message}`);
      sides = sides.filter(other => other !== side);
      delete samples[side.name];
      return false;
    }
  };
  // Each round begins with another side.
  const turn = async (round, share, keep) => {
    const first = round % sides.length;
    for (const side of [...sides.slice(first), ...sides.slice(0, first)]) await runOn(side, share, keep);
    process.stdout.write('.');
  };
  const rounds = Math.min(wanted, workload.rounds ?? wanted);
  let share = most;
  if (workload.parameters.count !== undefined) {
    await turn(0, TRIAL, false);
    const perRound = (Date.now() - started) / TRIAL;
    const left = (1 - WARM_UP) * time;
    if (!workload.whole) share = Math.max(LEAST, Math.min(most, left / (ENOUGH + 0.5) / perRound));
    for (const side of sides) {
      const warm = Date.now() + (WARM_UP * time) / sides.length;
      // As the runs that count: code of shorter ones is compiled for what they mostly do, which is to connect.
      while (Date.now() < warm && (await runOn(side, share, false)));
    }
  }
  const least = Math.min(ENOUGH, rounds);
  // Work that cannot be cut must not take the time of everything after it.
  const goesOn = round => Date.now() - started < (round === 0 ? Infinity : round < least ? 2 * time : time);
  for (let round = 0; round < rounds && goesOn(round); round++) {
    await turn(round, share, true);
  }
  const medians = {};
  const perCpu = {};
  const cpuSamples = {};
  console.log();
  for (const [side, results] of Object.entries(samples)) {
    const rates = results.map(result => rateOf(workload, result, result.seconds));
    const cpuRates = results.map(result => rateOf(workload, result, result.cpuSeconds));
    medians[side] = typeof rates[0] === 'number' ? median(rates) : figures(rates);
    if (results.every(({ cpuSeconds }) => cpuSeconds > 0) && typeof rates[0] === 'number')
      perCpu[side] = median(cpuRates);
    samples[side] = rates;
    cpuSamples[side] = cpuRates;
    console.log(`  ${side.padEnd(14)} ${shown(medians[side])}`);
  }
  const done = Object.values(samples)[0]?.length ?? 0;
  if (done === 0) return null;
  const { title, unit } = workload;
  const rated = Object.values(medians).every(value => typeof value === 'number');
  return {
    ...{ name, title, unit, rounds: done, share, medians, perCpu },
    ...(rated && { ratios: ratiosOf(samples), ratiosPerCpu: ratiosOf(cpuSamples) }),
    parts: Object.fromEntries(floors.map(([floor, , found]) => [floor, median(found)])),
    samples,
  };
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
