// Pages reloaded, tabs closed and workers killed amid writes, some hundred times in all: `npm run soak:page`. A few of them are in every run.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/spec.mjs', 'spec/interop/page-storage-spec.ts'], {
  stdio: 'inherit',
  env: { ...process.env, SPEC_LONG: '1' },
});
process.exit(status ?? 1);
