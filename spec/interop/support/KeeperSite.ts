import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import RAM from 'random-access-memory';
import Hypercore10 from 'hypercore-10';
import type { Subscription } from 'rxjs';
import { bridgeCores } from '../../../lib/bridge/bridgeCores.js';
import { hex } from '../../helpers/bytes.js';
import { sizeOf } from '../pages/sizeOf.js';
import { blockBytes } from '../peers/blockBytes.mjs';

const scripts = ['keeperPage', 'keeperWorker', 'opfsServer'];

/** Where the pages of spec/interop/pages come from, with a real hypercore 10 behind a bridge. */
export class KeeperSite {
  private constructor(
    private readonly server: Server,
    private readonly bridge: Subscription,
    private readonly core: InstanceType<typeof Hypercore10>,
  ) {}

  static async start(blocks: number): Promise<KeeperSite> {
    const core = new Hypercore10(() => new RAM(), null);
    await core.ready();
    await core.append(Array.from({ length: blocks }, (_, index) => blockBytes(index, sizeOf(index))));
    const { outputFiles } = await build({
      entryPoints: scripts.map(name => `spec/interop/pages/${name}.ts`),
      outdir: '/',
      bundle: true,
      format: 'esm',
      write: false,
    });
    const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
    const server = createServer(({ url = '' }, response) => {
      const [path] = url.split('?');
      const text = texts.get(path);
      const policy = path === '/strict.html' ? { 'content-security-policy': "script-src 'self'" } : {};
      if (text !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);
      else if (!path.endsWith('.html')) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'text/html', ...policy }).end(PAGE);
    });
    await new Promise<void>(bound => server.listen(0, '127.0.0.1', bound));
    const bridge = bridgeCores({ server, path: '/cores', cores: [core], origins: () => true }).subscribe();
    return new KeeperSite(server, bridge, core);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Where the core is, for a page. */
  get from(): { readonly url: string; readonly key: string } {
    return { url: `${this.origin.replace('http', 'ws')}/cores`, key: hex(this.core.key) };
  }

  async close(): Promise<void> {
    this.bridge.unsubscribe();
    this.server.closeAllConnections();
    this.server.close();
    await this.core.close();
  }
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>keeper</title><script type="module" src="/keeperPage.js"></script>`;
