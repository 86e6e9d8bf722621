// Compares the crypto backends with libsodium and with each other on random cases:
// `node scripts/differential.mjs [cases] [seed]`, 100,000 cases for each backend by default. Plain JavaScript does
// Ed25519 in milliseconds, so that this takes minutes.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const kinds = ['hash', 'signature', 'dh', 'aead', 'secretStream', 'shortHash'];
const perKind = Math.ceil(Number(process.argv[2] ?? 100_000) / kinds.length);
const seed = Number(process.argv[3] ?? Date.now() % 0x7fffffff);

const SHARE = 500;
const shares = kinds.flatMap((kind, k) =>
  Array.from({ length: Math.ceil(perKind / SHARE) }, (_, n) => ({
    kind,
    seed: seed + 100_000 * k + n,
    cases: Math.min(SHARE, perKind - n * SHARE),
  })),
);
console.log(`${kinds.length * perKind} cases for each backend, seed ${seed}`);

const started = Date.now();
const done = Object.fromEntries(kinds.map(kind => [kind, 0]));
let failed = false;
const worker = fileURLToPath(new URL('../spec/node/crypto/compareWorker.ts', import.meta.url));
await Promise.all(Array.from({ length: availableParallelism() }, work));
for (const kind of kinds) console.log(`${kind.padEnd(14)} ${done[kind]} cases`);
console.log(
  `${failed ? 'DIFFERENT' : 'all the same'}, after ${((Date.now() - started) / 1000).toFixed(0)} s`,
);
process.exit(failed ? 1 : 0);

async function work() {
  const child = fork(worker, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  for (let share = shares.shift(); share !== undefined && !failed; share = shares.shift()) {
    const failure = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', reject);
      child.send(share);
    });
    child.removeAllListeners('exit');
    if (failure === 'same') done[share.kind] += share.cases;
    else {
      failed = true;
      console.error(failure);
    }
  }
  child.disconnect();
}
