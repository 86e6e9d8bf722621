// What `npm start` runs: two real Hypercores (the official package, version 11) behind a bridge, and the page that reads
// them. Before any browser comes, a peer of this library reads the core through the same bridge, so that there is
// something to see without one.
import { parseArgs } from 'node:util';
import { firstValueFrom, fromEvent, merge } from 'rxjs';
import { generateKeyPair, portableCrypto } from 'rx-hypercore';
import { bridgeCores, type BridgeEvent } from 'rx-hypercore/bridge';
import { openHypercores } from './hypercores.mjs';
import { listen } from './listen.js';
import { readOverBridge } from './readOverBridge.js';
import { servePage } from './servePage.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    backlog: { type: 'string', default: '4000' },
  },
});
const port = Number(values.port);
const backlog = Number(values.backlog);
if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError('--port: 0 to 65535');
if (!Number.isInteger(backlog) || backlog < 0) throw new RangeError('--backlog: 0 or more blocks');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const short = (bytes: Uint8Array): string => `${hex(bytes).slice(0, 12)}…`;
const say = (what: string, detail: string): void => console.log(`${what.padEnd(12)}${detail}`);

const stopped = firstValueFrom(merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM')));

const cores = await openHypercores({ backlog, appendEveryMs: 250 });
const { plot, room } = cores;
say('writer', `hypercore 11, core ${short(plot.key)} with ${plot.length} blocks, appends four a second`);

// The page insists that it is this bridge, and none in between, that answers.
const keyPair = generateKeyPair(portableCrypto);
const server = servePage(process.cwd(), {
  plot: hex(plot.key),
  room: hex(room.key),
  bridge: hex(keyPair.publicKey),
  path: '/cores',
});
const bound = await listen(server, port);
const url = `http://localhost:${bound}`;
const bridge = bridgeCores({ server, path: '/cores', cores: [plot, room], keyPair }).subscribe({
  next: event => say('bridge', describe(event)),
  error: (error: Error) => {
    console.error(error);
    process.exitCode = 1;
  },
});
say('bridge', `ws://localhost:${bound}/cores`);

const reading = readOverBridge(`ws://127.0.0.1:${bound}/cores`, plot.key, plot.length).then(
  ({ blocks, bytes, seconds }) =>
    say('peer', `rx-hypercore read and verified ${blocks} blocks, ${bytes} bytes in ${seconds.toFixed(2)} s`),
);
await Promise.race([stopped, reading]);

console.log(`\n  Open ${url} – in two tabs, to chat. Ctrl-C ends.\n`);
await stopped;
bridge.unsubscribe();
server.close();
server.closeAllConnections();
await cores.close();
say('closed', 'nothing is left behind');

function describe(event: BridgeEvent): string {
  switch (event.type) {
    case 'connection':
      return `#${event.connection} connected from ${event.request.headers['user-agent'] === undefined ? 'Node' : 'a browser'}`;
    case 'handshake':
      return `#${event.connection} proved its key ${short(event.remotePublicKey)}`;
    case 'core':
      return `#${event.connection} reads the ${hex(event.discoveryKey) === hex(plot.discoveryKey) ? 'plot' : 'room'}`;
    case 'close':
      return `#${event.connection} ${event.error === null ? 'closed' : `lost: ${(event.error as Error).message}`}`;
    case 'listening':
      return `listening on ${event.address.port}`;
  }
}
