import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CrateVersion } from './RustPeer.js';

/** Our side in a process of its own, so that it can be killed. */
export class OurProcess {
  private static readonly living = new Set<OurProcess>();

  static get alive(): number {
    return OurProcess.living.size;
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...OurProcess.living].map(one => one.kill()));
  }

  /** Dials a peer and opens a channel. */
  static async start(version: CrateVersion, port: number, key: string): Promise<OurProcess> {
    const script = fileURLToPath(new URL('dialAndOpen.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, version, String(port), key], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const one = new OurProcess(child);
    await once(createInterface(child.stdout), 'line');
    return one;
  }

  private readonly exited: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    OurProcess.living.add(this);
    this.exited = once(child, 'close').then(() => OurProcess.living.delete(this));
  }

  /** Kills it without a word, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
