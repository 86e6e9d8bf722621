import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server of the demo in a process of its own, with the page built. */
export class DemoServer {
  private output = '';
  private readonly exited: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    /** Where it keeps what it stores. */
    private readonly directory: string,
  ) {
    const read = (data: Buffer): void => void (this.output += data.toString());
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    this.exited = new Promise(resolve => child.once('close', code => resolve(code)));
  }

  static async start(backlog: number): Promise<DemoServer> {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/page.mjs'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the page was not built:\n${stdout}${stderr}`);
    const directory = mkdtempSync(join(tmpdir(), 'rx-hypercore-spec-'));
    const server = new DemoServer(
      spawn(
        process.execPath,
        ['--import', 'tsx', 'demo/server/main.ts', '--port', '0', '--backlog', String(backlog)],
        { env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'pipe', 'pipe'] },
      ),
      directory,
    );
    await server.says(/Open http/);
    return server;
  }

  get url(): string {
    return /http:\/\/localhost:\d+/.exec(this.output)![0];
  }

  get printed(): string {
    return this.output;
  }

  /** Waits until it printed something. */
  async says(pattern: RegExp): Promise<void> {
    for (let i = 0; !pattern.test(this.output); i++) {
      if (i === 600 || this.child.exitCode !== null)
        throw new Error(`did not say ${pattern}:\n${this.output}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  /** Ctrl-C; resolves with the exit code and what it left behind. */
  async end(): Promise<{ code: number | null; left: string[] }> {
    this.child.kill('SIGINT');
    const code = await this.exited;
    const left = readdirSync(this.directory).filter(name => name.startsWith('rx-hypercore'));
    rmSync(this.directory, { recursive: true, force: true });
    return { code, left };
  }
}
