// Makes a fresh clone ready: installs the dependencies if they are missing or older than the lock file, and with
// --browser finds Chromium or installs it from Debian's packages. Uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { findChromium } from './chromium.mjs';

const installed = 'node_modules/.package-lock.json';
const stale =
  !existsSync(installed) || statSync(installed).mtimeMs < statSync('package-lock.json').mtimeMs - 1000;
if (stale) run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);

if (process.argv.includes('--browser') && findChromium() === null) {
  const root = process.getuid?.() === 0 ? [] : ['sudo'];
  run(...command([...root, 'apt-get', 'update', '-qq']));
  run(...command([...root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium']));
  if (findChromium() === null) {
    console.error('No Chromium found and none could be installed: set CHROME_BIN to a Chromium or Chrome.');
    process.exit(1);
  }
}

function command([name, ...args]) {
  return [name, args];
}

function run(name, args) {
  console.log(`$ ${name} ${args.join(' ')}`);
  const { status, error } = spawnSync(name, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (status !== 0) {
    console.error(`${name} failed${error ? `: ${error.message}` : ''}`);
    process.exit(1);
  }
}
