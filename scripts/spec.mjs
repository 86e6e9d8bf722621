// Runs the Jasmine specs in Node straight from TypeScript: `npm run spec -- [files or folders]`.
// What imports the package by its name (demos, interop) gets dist/, so that is built first if lib/ is newer.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const newest = readdirSync('lib', { recursive: true }).reduce(
  (latest, name) => Math.max(latest, statSync(join('lib', name)).mtimeMs),
  0,
);
if (!existsSync('dist/index.js') || statSync('dist/index.js').mtimeMs < newest) {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const given = process.argv
  .slice(2)
  .map(path =>
    existsSync(path) && statSync(path).isDirectory() ? `${path.replace(/\/$/, '')}/**/*-spec.ts` : path,
  );
const { status } = spawnSync(
  process.execPath,
  [
    '--expose-gc',
    '--import',
    'tsx',
    'node_modules/jasmine/bin/jasmine.js',
    '--config=spec/support/jasmine.json',
    ...given,
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
