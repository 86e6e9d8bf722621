// Runs the Jasmine specs in Node straight from TypeScript: `npm run spec -- [files or folders]`.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const given = process.argv
  .slice(2)
  .map(path =>
    existsSync(path) && statSync(path).isDirectory() ? `${path.replace(/\/$/, '')}/**/*-spec.ts` : path,
  );
const result = spawnSync(
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
process.exit(result.status ?? 1);
