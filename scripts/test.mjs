// Everything that must hold before a change lands, in the order in which it fails fastest.
import { spawn } from 'node:child_process';

const steps = [
  ['build', ['node', 'scripts/build.mjs']],
  ['types', ['node_modules/.bin/tsc', '-p', 'tsconfig.json', '--noEmit']],
  ['lint', ['node_modules/.bin/eslint', '.', '--max-warnings', '0']],
  ['format', ['node_modules/.bin/prettier', '--check', '--log-level', 'warn', '.']],
  ['docs', ['node', 'scripts/docs.mjs', '--check']],
  ['examples', ['node', 'scripts/examples.mjs']],
  ['api reports', ['node', 'scripts/api.mjs']],
  ['specs in Node', ['node', 'scripts/spec.mjs']],
  ['specs in Chromium', ['node_modules/.bin/karma', 'start', 'karma.conf.js', '--single-run']],
];

const results = [];
for (const [name, [command, ...args]] of steps) {
  console.log(`\n=== ${name}`);
  const started = Date.now();
  const { code, output } = await run(command, args);
  results.push({ name, ok: code === 0, seconds: (Date.now() - started) / 1000, specs: specsIn(output) });
}

console.log('\n=== summary');
let passed = 0;
let failed = 0;
for (const { name, ok, seconds, specs } of results) {
  const count = specs === null ? '' : `${specs.total} specs, ${specs.failed} failed`;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s  ${count}`);
  passed += specs === null ? Number(ok) : specs.total - specs.failed;
  failed += specs === null ? Number(!ok) : Math.max(specs.failed, Number(!ok));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs a step with its output shown, and the end of it kept. */
function run(command, args) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on('data', chunk => {
        to.write(chunk);
        output = (output + chunk).slice(-20_000);
      });
    }
    child.on('error', error => resolve({ code: 1, output: String(error) }));
    child.on('close', code => resolve({ code, output }));
  });
}

/** What Jasmine or Karma says about how many specs ran; null where the step has none. */
function specsIn(output) {
  const jasmine = /(\d+) specs?, (\d+) failures?/.exec(output);
  if (jasmine !== null) return { total: Number(jasmine[1]), failed: Number(jasmine[2]) };
  const karma = [...output.matchAll(/Executed (\d+) of \d+(?: \((\d+) FAILED\))?/g)].at(-1);
  if (karma !== undefined) return { total: Number(karma[1]), failed: Number(karma[2] ?? 0) };
  return null;
}
