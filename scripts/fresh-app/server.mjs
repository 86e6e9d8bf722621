import { randomBytes } from 'node:crypto';
import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import Hypercore10 from 'hypercore-10';
import Hypercore11 from 'hypercore-11';
import RAM from 'random-access-memory';
import { bridgeCores } from 'rx-hypercore/bridge';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** As strict as a policy can be: nothing inline, nothing evaluated, nothing from elsewhere. */
const POLICY = "default-src 'self'; base-uri 'self'; object-src 'none'";

/**
 * Serves the files of a folder, and real hypercores of both versions through the bridge at `/cores`.
 *
 * Resolves to `{ origin, cores, show(folder), close() }`. Each of the cores is `{ version, key, written, append(count) }`:
 * `key` in hex, and `written` the text of its blocks.
 */
export async function startServer() {
  const storage = await mkdtemp(join(tmpdir(), 'rx-hypercore-fresh-cores-'));
  const hypercores = [new Hypercore10(() => new RAM(), null), new Hypercore11(storage)];
  await Promise.all(hypercores.map(core => core.ready()));
  const cores = hypercores.map((core, index) => served(core, index === 0 ? 10 : 11));

  let folder = null;
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://here').pathname);
    // Browsers ask for it by themselves.
    if (path === '/favicon.ico') return void response.writeHead(204).end();
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    const type = types[extname(file)] ?? 'application/octet-stream';
    readFile(file).then(
      body => response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise(bound => server.listen(0, '127.0.0.1', bound));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const bridge = bridgeCores({ server, path: '/cores', cores: hypercores, origins: [origin] }).subscribe();

  return {
    origin,
    cores,
    show: path => void (folder = path),
    close: async () => {
      bridge.unsubscribe();
      server.close();
      server.closeAllConnections();
      await Promise.all(hypercores.map(core => core.close()));
      await rm(storage, { recursive: true, force: true });
    },
  };
}

/** A core, and what was written to it. */
function served(core, version) {
  const written = [];
  return {
    version,
    key: core.key.toString('hex'),
    written,
    async append(count) {
      const blocks = Array.from({ length: count }, (_, index) => {
        const random = randomBytes(30).toString('base64');
        return `block ${written.length + index} of a hypercore ${version}: ${random} <é 漢 🙂>`;
      });
      await core.append(blocks.map(block => Buffer.from(block)));
      written.push(...blocks);
    },
  };
}
