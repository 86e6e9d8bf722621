// Makes applications that know nothing of this repository - Angular, Vite, and a page without a bundler -, installs the
// packed library in them, builds each with its own builder as it is, and lets Chromium replicate from real hypercores 10
// and 11. Needs the npm registry, except for the last. `npm run fresh-app [-- --only angular|vite|module] [--built]`
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apps } from './fresh-app/make.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, built: { type: 'boolean' } } });
const names = values.only === undefined ? Object.keys(apps) : [values.only];
if (!names.every(name => name in apps)) {
  console.error(`--only takes one of ${Object.keys(apps).join(', ')}`);
  process.exit(2);
}
if (!values.built) {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
// It imports what was just built.
const { checkApps } = await import('./fresh-app/check.mjs');

const kilobytes = bytes => `${(bytes / 1000).toFixed(1)} kB`;
const directory = await mkdtemp(join(tmpdir(), 'rx-hypercore-fresh-'));
let failed = false;
try {
  for await (const { name, problems, raw, gzip, blocks, seconds } of checkApps(names, directory)) {
    failed ||= problems.length > 0;
    const size = `${kilobytes(raw)} raw, ${kilobytes(gzip)} gzipped`;
    console.log(`${name}: ${size}, ${blocks} blocks shown, ${seconds.toFixed(0)} s`);
    for (const problem of problems) console.log(`  WRONG ${problem}`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
