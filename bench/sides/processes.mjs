// A side as a process that is asked for one run at a time, whatever it is written in.
import { fork, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const rustBinary = 'build/bench-rust/release/bench-rust';

/**
 * For all sides alike: glibc keeps up to 64 MiB that are free instead of giving them back to the system at every opportunity.
 * Getting pages anew can take as long as half of the cipher, and how often it has to be done is a matter of luck.
 */
const allocator = { MALLOC_TRIM_THRESHOLD_: String(2 ** 26), MALLOC_MMAP_THRESHOLD_: String(2 ** 25) };

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
    env: { ...process.env, ...allocator, BENCH_BUILD: build },
  });
  child.on('error', () => undefined); // that it is gone shows below
  const answer = () =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        reject(new Error(`${name} is gone`));
        return;
      }
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
    run(workloadName, workload, share = 1) {
      const result = answer();
      child.send({ workload: workloadName, parameters: scaled(workload, name, share) });
      return result;
    },
    stop: () => child.connected && child.disconnect(),
    kill: () => child.kill('SIGKILL'),
  };
}

/** Starts the Rust side on one thread or on all of them. */
export function startRust(threads) {
  const name = threads === '1' ? 'rust' : 'rust-threads';
  const child = spawn(rustBinary, [threads], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...allocator },
  });
  child.stdin.on('error', () => undefined); // that it is gone shows in its output
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async run(_, workload, share = 1) {
      const parameters = { ...scaled(workload, name, share), ...workload.rust };
      const before = cpuSecondsOf(child.pid);
      child.stdin.write(JSON.stringify({ kind: workload.kind, ...parameters }) + '\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended`);
      const { seconds } = JSON.parse(value);
      const { count, connections = 1, bytes = 0 } = parameters;
      const cpuSeconds = cpuSecondsOf(child.pid) - before;
      return { seconds, cpuSeconds, units: count * connections, bytes: count * connections * bytes };
    },
    stop: () => child.stdin.end(),
    kill: () => child.kill('SIGKILL'),
  };
}

/** Slow sides do a part of the work, and in a hurry all do; what is shown is a rate. */
function scaled({ parameters, scale, whole = false }, name, share) {
  const { count } = parameters;
  if (count === undefined) return parameters;
  return { ...parameters, count: Math.ceil(count * (scale?.[name] ?? 1) * (whole ? 1 : share)) };
}

/** Processor time of another process so far, where the system tells (Linux); else 0. */
function cpuSecondsOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100; // in ticks of 10 ms
  } catch {
    return 0;
  }
}
