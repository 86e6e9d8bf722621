// Real peers killed and stopped at random moments, 200 of them, which takes minutes: `npm run soak:kill`.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/spec.mjs', 'spec/interop/kill-spec.ts'], {
  stdio: 'inherit',
  env: { ...process.env, SPEC_LONG: '1' },
});
process.exit(status ?? 1);
