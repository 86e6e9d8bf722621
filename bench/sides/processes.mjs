// A side as a process that is asked for one run at a time, whatever it is written in.
import { fork, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const rustBinary = 'build/bench-rust/release/bench-rust';

/** Builds the Rust side; whether it is there. */
export function buildRust() {
  if (spawnSync('cargo', ['--version']).status !== 0) return existsSync(rustBinary);
  const { status } = spawnSync(
    'cargo',
    ['build', '--release', '--quiet', '--manifest-path', 'bench/rust/Cargo.toml'],
    {
      stdio: 'inherit',
      env: { ...process.env, CARGO_TARGET_DIR: 'build/bench-rust' },
    },
  );
  return status === 0;
}

/** Starts a JavaScript side, ours from the given build; resolves when it is loaded. */
export async function startJavascript(name, build = 'build/bench') {
  const child = fork('bench/worker.mjs', [name], {
    execArgv: ['--expose-gc'],
    stdio: 'inherit',
    env: { ...process.env, BENCH_BUILD: build },
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const exited = code => reject(new Error(`${name} exited with ${code}`));
      child.once('exit', exited);
      child.once('message', message => {
        child.off('exit', exited);
        if (message.error) reject(new Error(`${name}: ${message.error}`));
        else resolve(message);
      });
    });
  await answer();
  return {
    name,
    run(workloadName, workload) {
      const result = answer();
      child.send({ workload: workloadName, parameters: scaled(workload, name) });
      return result;
    },
    stop: () => child.disconnect(),
  };
}

/** Starts the Rust side on one thread or on all of them. */
export function startRust(threads) {
  const name = threads === '1' ? 'rust' : 'rust-threads';
  const child = spawn(rustBinary, [threads], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async run(_, workload) {
      const parameters = { ...scaled(workload, name), ...workload.rust };
      child.stdin.write(JSON.stringify({ kind: workload.kind, ...parameters }) + '\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended`);
      const { seconds } = JSON.parse(value);
      const { count, connections = 1, bytes = 0 } = parameters;
      return { seconds, units: count * connections, bytes: count * connections * bytes };
    },
    stop: () => child.stdin.end(),
  };
}

/** Slow sides do a part of the work; what is shown is a rate. */
function scaled({ parameters, scale }, name) {
  const factor = scale?.[name];
  return factor === undefined ? parameters : { ...parameters, count: Math.ceil(parameters.count * factor) };
}
