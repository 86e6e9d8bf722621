// Everything that must hold before a change lands, in the order in which it fails fastest.
import { spawn } from 'node:child_process';

const first = [
  ['build', ['node', 'scripts/build.mjs']],
  ['types', ['node_modules/.bin/tsc', '-p', 'tsconfig.json', '--noEmit']],
  ['lint', ['node_modules/.bin/eslint', '.', '--max-warnings', '0']],
  ['format', ['node_modules/.bin/prettier', '--check', '--log-level', 'warn', '.']],
  ['docs', ['node', 'scripts/docs.mjs', '--check']],
  ['examples', ['node', 'scripts/examples.mjs']],
  ['api reports', ['node', 'scripts/api.mjs']],
];
// A process of its own: to collect what is unused, thousands of times, takes as long as there is much that is used.
const memory = 'spec/node/hostile/memory-spec.ts';
// These take minutes, so they run in two lanes, the longest first, and each lane takes the next when it is done with one;
// what the second prints is shown when each of its steps is done.
const long = [
  [
    'specs in Node',
    ['node', 'scripts/spec.mjs', 'spec/**/*-spec.ts', '!spec/web/**', '!spec/interop/**', `!${memory}`],
  ],
  ['specs with Rust', ['node', 'scripts/test-rust.mjs', '--built']],
  ['specs with hypercore', ['node', 'scripts/spec.mjs', 'spec/interop']],
  ['specs in Chromium', ['node_modules/.bin/karma', 'start', 'karma.conf.js', '--single-run']],
  ['specs of memory', ['node', 'scripts/spec.mjs', memory]],
];

const results = [];
await runAll(first, true);
await Promise.all([runAll(long, true), runAll(long, false)]);

console.log('\n=== summary');
let passed = 0;
let failed = 0;
let skipped = 0;
for (const { name, ok, seconds, specs, skipped: notRun } of results) {
  if (notRun) {
    skipped++;
    console.log(`SKIPPED ${name}: see above`);
    continue;
  }
  const count = specs === null ? '' : `${specs.total} specs, ${specs.failed} failed`;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(20)} ${seconds.toFixed(1).padStart(6)} s  ${count}`);
  passed += specs === null ? Number(ok) : specs.total - specs.failed;
  failed += specs === null ? Number(!ok) : Math.max(specs.failed, Number(!ok));
}
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exit(failed === 0 ? 0 : 1);

/** Takes steps and runs them one after the other, with their output shown as it comes or when each is done. */
async function runAll(steps, live) {
  while (steps.length > 0) {
    const [name, [command, ...args]] = steps.shift();
    if (live) console.log(`\n=== ${name}`);
    const started = Date.now();
    const { code, output } = await run(command, args, live);
    if (!live) console.log(`\n=== ${name}\n${output}`);
    const seconds = (Date.now() - started) / 1000;
    results.push({
      name,
      ok: code === 0,
      seconds,
      specs: specsIn(output),
      skipped: output.includes('SKIPPED:'),
    });
  }
}

/** Runs one command and keeps the end of its output. */
function run(command, args, live) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on('data', chunk => {
        if (live) to.write(chunk);
        output = (output + chunk).slice(-50_000);
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
