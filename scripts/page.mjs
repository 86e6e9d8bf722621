// Builds the page of the demo into build/page/, unless what is there is newer than everything it is made of.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const sources = ['demo/page', 'dist'];
const files = ['webpack.config.js', 'package-lock.json', 'node_modules/.package-lock.json'];
const changed = [
  ...sources.flatMap(folder => readdirSync(folder, { recursive: true }).map(name => join(folder, name))),
  ...files,
].filter(file => /\.(ts|js|json)$/.test(file));
const newest = changed.reduce((latest, file) => Math.max(latest, statSync(file).mtimeMs), 0);
const built = 'build/page/main.js';
if (existsSync(built) && statSync(built).mtimeMs > newest) process.exit(0);

console.log('building the page');
const { status } = spawnSync(
  process.execPath,
  ['node_modules/webpack/bin/webpack.js', '--stats', 'errors-warnings'],
  {
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
