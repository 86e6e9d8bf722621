// Builds the library, then runs the demo: our peer reads a core that a real Hypercore serves.
import { spawn, spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/follow/main.ts'], { stdio: 'inherit' });
// Ctrl-C reaches the demo by itself, which then ends in order; wait for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('exit', code => process.exit(code ?? 1));
