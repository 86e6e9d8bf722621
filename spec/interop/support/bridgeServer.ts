/**
 * A bridge in a process of its own, with a hypercore 11 behind it. Prints the port and the key as a line of JSON, and what it
 * holds for every line that it is sent; ends with its standard input.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Hypercore from 'hypercore-11';
import { bridgeCores } from 'rx-hypercore/bridge';
import { hex } from '../../helpers/bytes.js';
import { blockBytes } from '../peers/blockBytes.mjs';
import { held } from './memory.js';

const [count, size] = process.argv.slice(2).map(Number);

const directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-bridge-'));
const core = new Hypercore(directory);
await core.ready();
await core.append(Array.from({ length: count }, (_, index) => blockBytes(index, size)));

const subscription = bridgeCores({
  cores: [core],
  port: 0,
  listening: ({ port }) => console.log(JSON.stringify({ port, key: hex(core.key) })),
}).subscribe();

const lines = createInterface({ input: process.stdin });
lines.on('line', () => console.log(JSON.stringify(held())));
lines.on('close', () => {
  subscription.unsubscribe();
  void core.close().finally(() => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  });
});
