// A process that writes to a log on disk, killed 300 times at random moments, which takes minutes: `npm run soak:crash`.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/spec.mjs', 'spec/interop/log-crash-spec.ts'], {
  stdio: 'inherit',
  env: { ...process.env, SPEC_LONG: '1' },
});
process.exit(status ?? 1);
