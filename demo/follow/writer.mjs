// A real Hypercore 11 in a process of its own: writes a core, serves it over TCP and goes on appending while you watch.
// Prints one line of JSON when it listens, and ends when its standard input does.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Hypercore from 'hypercore-11';

const BLOCKS_AT_START = 2_000;
const APPEND_EVERY_MS = 500;

const directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-demo-'));
const core = new Hypercore(directory);
await core.ready();

/** One reading of an imaginary weather station: each hour a little different from the last. */
function reading(hour) {
  const temperature = 12 + 8 * Math.sin((hour - 9) * (Math.PI / 12)) + Math.sin(hour * 1.7);
  const wind = 4 + 3 * Math.cos(hour / 5) + Math.cos(hour * 2.3);
  return JSON.stringify({ hour, temperature: +temperature.toFixed(1), wind: +Math.abs(wind).toFixed(1) });
}

await core.append(Array.from({ length: BLOCKS_AT_START }, (_, hour) => reading(hour)));

const server = createServer(socket => {
  socket.setNoDelay(true);
  const stream = core.replicate(false);
  socket.pipe(stream).pipe(socket);
  socket.on('error', () => stream.destroy());
  stream.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  console.log(JSON.stringify({ port, key: core.key.toString('hex'), length: core.length }));
});

const timer = setInterval(() => void core.append(reading(core.length)), APPEND_EVERY_MS);

process.stdin.resume();
process.stdin.on('end', end);
process.on('SIGTERM', end);
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent ends this process in order

let ending = false;
function end() {
  if (ending) return;
  ending = true;
  clearInterval(timer);
  server.close();
  core.close().finally(() => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  });
}
