// Builds the library and the page of the demo, then runs the demo's server: two real Hypercores behind a bridge.
// `npm start -- --port 3000` or PORT=3000 chooses the port; if it is taken, a free one is used.
import { spawn, spawnSync } from 'node:child_process';

for (const args of [['scripts/build.mjs'], ['scripts/page.mjs']]) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/server/main.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// Ctrl-C reaches the demo by itself, which then ends in order; wait for it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('exit', code => process.exit(code ?? 1));
