// Gives everything that takes input of a remote inputs without end:
// `npm run fuzz -- --time 60 [--inputs n] [--target names] [--seed n]`, and one input again with `--target name --seed n --input n`.
//
// `--target` takes names, or parts of names, with commas between them. `--time` is for all targets together, `--inputs` for each. A child does the work and is ended if it hangs: what it worked on
// is known, because every slice is announced before it begins.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    time: { type: 'string' },
    inputs: { type: 'string' },
    target: { type: 'string', default: '' },
    seed: { type: 'string' },
    input: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 0x7fffffff);
const HANG_MS = 60_000;
const SLICE = 20_000;
const WARM_UP = 5_000;

if (process.send === undefined) await supervise();
else await work();

async function supervise() {
  console.log(`seed ${seed}`);
  const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--seed', String(seed)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  let current = 'its start';
  let watchdog;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      console.error(`HANGS for ${HANG_MS / 1000} s in ${current}`);
      child.kill('SIGKILL');
    }, HANG_MS);
  };
  watch();
  child.on('message', message => {
    current = message;
    watch();
  });
  const code = await new Promise(resolve => child.once('exit', resolve));
  clearTimeout(watchdog);
  process.exit(code ?? 1);
}

async function work() {
  const { allTargets } = await import('../fuzz/targets/all.ts');
  const campaign = await import('../fuzz/campaign.ts');
  const wanted = values.target.split(',').map(name => name.trim());
  const all = allTargets();
  const targets = all.filter(({ name }) =>
    wanted.some(one => (all.some(other => other.name === one) ? name === one : name.includes(one))),
  );
  if (targets.length === 0) throw new Error(`no target is called ${values.target}`);
  if (values.input !== undefined) {
    const index = Number(values.input);
    console.log(campaign.runSlice(targets[0], seed, index, index + 1));
    console.log(targets[0].describe());
    process.exit(0);
  }
  const msEach =
    (1000 * Number(values.time ?? (values.inputs === undefined ? 60 : Infinity))) / targets.length;
  const inputsEach = Number(values.inputs ?? Infinity);
  const uncaught = campaign.watchUncaught();
  let failures = 0;
  for (const target of targets) {
    const started = performance.now();
    const total = { accepted: 0, refused: 0, bytes: 0 };
    let index = 0;
    let before = null;
    try {
      while (index < inputsEach && (index === 0 || performance.now() - started < msEach)) {
        const size = Math.max(20, Math.round((before === null ? WARM_UP : SLICE) / target.weight));
        const to = Math.min(inputsEach, index + size);
        process.send(`${target.name}, seed ${seed}, inputs ${index} to ${to - 1}`);
        const slice = campaign.runSlice(target, seed, index, to);
        for (const name of Object.keys(total)) total[name] += slice[name];
        index = to;
        if (before === null) before = await campaign.heapBytes();
        else await new Promise(resolve => setTimeout(resolve, 0));
        if (uncaught.errors.length > 0) throw uncaught.errors.splice(0)[0];
      }
      const after = await campaign.heapBytes();
      if (uncaught.errors.length > 0) throw uncaught.errors.splice(0)[0];
      campaign.verifyHeap(target, before, after);
      const seconds = (performance.now() - started) / 1000;
      const grown = Math.round((after - before) / 1000);
      console.log(
        `ok ${target.name.padEnd(34)} ${String(index).padStart(9)} inputs ${seconds.toFixed(1).padStart(6)} s  ` +
          `${((100 * total.accepted) / index).toFixed(0).padStart(3)} % read  heap ${grown >= 0 ? '+' : ''}${grown} kB`,
      );
    } catch (error) {
      failures++;
      console.error(`BROKEN after about ${index} inputs: ${error?.message ?? error}`);
      if (error?.cause !== undefined) console.error('  because of', error.cause);
      console.error(
        `  again: npm run fuzz -- --target '${target.name}' --seed ${seed} --input ${error?.index ?? index}`,
      );
    }
  }
  console.log(failures === 0 ? 'no promise was broken' : `${failures} targets broke a promise`);
  process.exit(failures === 0 ? 0 : 1);
}
