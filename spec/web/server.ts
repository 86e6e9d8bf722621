/**
 * The server beside the specs that run in a page: real hypercores 10 and 11 behind the bridge, sockets that are joined in
 * pairs or closed in every way, and a page of its own under a strict policy. Runs as a process of its own, prints what
 * there is to know as one line of JSON, and ends when its standard input does.
 */
import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import RAM from 'random-access-memory';
import Hypercore10 from 'hypercore-10';
import Hypercore11 from 'hypercore-11';
import { Subscription } from 'rxjs';
import { bridgeCores } from '../../lib/bridge/bridgeCores.js';
import { WebSocketClosedError } from '../../lib/errors.js';
import { webSocketListen } from '../../lib/transports/node/webSocketListen.js';
import { relay } from '../../lib/transports/relay.js';
import type { Transport } from '../../lib/transports/Transport.js';
import { hex } from '../helpers/bytes.js';
import { blockBytes } from '../interop/peers/blockBytes.mjs';
import type { ServedCore } from './replicate.js';
import type { ServerFacts } from './serverFacts.js';

const COUNT = 500;
const SIZE = 100;

const directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-web-'));
const cores = [new Hypercore10(() => new RAM(), null), new Hypercore11(directory)] as const;
const served: ServedCore[] = [];
for (const [index, core] of cores.entries()) {
  await core.ready();
  await core.append(Array.from({ length: COUNT }, (_, block) => blockBytes(block, SIZE)));
  served.push({ version: index === 0 ? 10 : 11, key: hex(core.key), count: COUNT, size: SIZE });
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>rx-hypercore</title>
<script>globalThis.inlineRan = true</script><script type="module" src="/page.js"></script>`;

const scripts = new Map<string, Promise<string>>();
function script(name: string): Promise<string> {
  const made =
    scripts.get(name) ??
    build({
      entryPoints: [`spec/web/${name}.ts`],
      bundle: true,
      format: 'esm',
      write: false,
      alias: { 'rx-hypercore': resolve('lib/index.ts'), 'rx-hypercore/log': resolve('lib/log/index.ts') },
    }).then(({ outputFiles }) => outputFiles[0].text);
  scripts.set(name, made);
  return made;
}

const server = createServer((request, response) => {
  const send = (type: string, body: string): void =>
    void response
      .writeHead(200, { 'content-type': type, 'content-security-policy': "script-src 'self'" })
      .end(body);
  const name = /^\/(page|worker)\.js$/.exec(request.url ?? '')?.[1];
  if (name !== undefined) {
    script(name).then(
      text => send('text/javascript', text),
      error => response.writeHead(500).end(String(error)),
    );
  } else if (request.url === '/page.html') send('text/html', PAGE);
  else if (request.url === '/facts.json') send('application/json', JSON.stringify(facts));
  else response.writeHead(404).end();
});
await new Promise<void>(bound => server.listen(0, '127.0.0.1', bound));
const { port } = server.address() as AddressInfo;
const facts: ServerFacts = { webSocketOrigin: `ws://127.0.0.1:${port}`, cores: served };

const origins = (origin: string): boolean => ['localhost', '127.0.0.1'].includes(new URL(origin).hostname);
const subscriptions = new Subscription();

subscriptions.add(
  bridgeCores({
    server,
    path: '/cores',
    cores,
    origins,
    authorizeRequest: request => !request.url!.includes('refuse=request'),
    authorize: (_key, request) => !request.url!.includes('refuse=key'),
  }).subscribe(),
);

/** The first socket of each name waits for the second. */
const waiting = new Map<string, Transport>();
subscriptions.add(
  webSocketListen({ server, path: '/pair', origins }).subscribe(transport => {
    const name = transport.request.url!;
    const other = waiting.get(name);
    waiting.delete(name);
    if (other === undefined) waiting.set(name, transport);
    else relay(transport, other).subscribe({ error: () => undefined });
  }),
);

subscriptions.add(
  webSocketListen({ server, path: '/close', origins }).subscribe(transport => {
    const code = Number(new URL(transport.request.url!, 'http://here').searchParams.get('code'));
    if (code === 1000) transport.complete();
    else if (code === 1006) transport.error(new Error('cut off'));
    else transport.error(new WebSocketClosedError(code, 'as asked'));
  }),
);

console.log(JSON.stringify(facts));

process.stdin.resume();
process.stdin.on('end', () => {
  subscriptions.unsubscribe();
  // What is still open would be written anew.
  void Promise.all(cores.map(core => core.close())).finally(() => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(0);
  });
});
