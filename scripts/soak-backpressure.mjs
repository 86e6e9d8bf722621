// The specs of back-pressure against hypercore 11 with a gibibyte each and five seconds of standstill, which takes minutes:
// `npm run soak:backpressure`.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/spec.mjs', 'spec/interop/backpressure-spec.ts'], {
  stdio: 'inherit',
  env: { ...process.env, SPEC_LONG: '1' },
});
process.exit(status ?? 1);
