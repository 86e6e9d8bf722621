import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { patienceMs } from '../../support/patience.js';

/** Runs a demo until its output satisfies `enough`, then ends it with Ctrl-C; resolves with what it printed. */
async function run(
  path: string,
  env: Record<string, string>,
  enough: (output: string) => boolean,
): Promise<{ output: string; code: number | null }> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', path], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const closed = new Promise<number | null>(resolve => child.once('close', code => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not enough in time:\n${output}`)), patienceMs);
    const read = (data: Buffer): void => {
      output += data.toString();
      if (!enough(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', () => {
      clearTimeout(timer);
      if (!enough(output)) reject(new Error(`ended early:\n${output}`));
    });
  }).finally(() => child.kill('SIGINT'));
  const code = await closed;
  return { output, code };
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return String(port);
}

describe('demo (needs npm run build)', () => {
  it('two-peers: both sides shake hands, open the channel and receive', async () => {
    const { output } = await run(
      'demo/two-peers.ts',
      { PORT: await freePort() },
      text => text.split('received').length > 2,
    );
    for (const event of ['handshake', 'channel', 'received']) {
      expect(output.split(event).length - 1)
        .withContext(event)
        .toBe(2);
    }
    expect(output).toContain("type: 'want', start: 0, length: 1");
  });

  it('follow: reads what a real Hypercore 11 has, follows live, and ends in order on Ctrl-C', async () => {
    const { output, code } = await run('demo/follow/main.ts', {}, text => text.split('live ').length > 2);
    expect(output).toMatch(/handshake +remote key [0-9a-f]{64}/);
    expect(output).toMatch(/downloaded +2000 blocks/);
    expect(output).toMatch(/live +#2000 \{"hour":2000,/);
    expect(output).toMatch(/live +#2001 \{"hour":2001,/);
    expect(output).toMatch(/channel +closed\nclosed +\d+ blocks/);
    expect(code).toBe(0);
  });
});
