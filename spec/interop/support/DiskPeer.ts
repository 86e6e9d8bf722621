import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { patienceMs } from '../../support/patience.js';

/** What hypercore 10 makes of a folder; byte strings are hex, a block that is not there is `null`. */
export interface DiskPicture {
  readonly key: string;
  readonly fork: number;
  readonly length: number;
  readonly byteLength: number;
  readonly contiguousLength: number;
  readonly writable: boolean;
  readonly treeHash: string;
  readonly blocks: readonly (string | null)[];
}

/** The commands of `diskPeer.mjs`. */
export interface DiskCommands {
  open: [
    { folder: string; seed?: string; manifest?: boolean; key?: string; encryptionKey?: string },
    DiskPicture,
  ];
  append: [{ blocks: readonly string[] }, DiskPicture];
  truncate: [{ length: number }, DiskPicture];
  clear: [{ start: number; end: number }, DiskPicture];
  userData: [{ key: string; value: string }, object];
  getUserData: [{ key: string }, { value: string | null }];
  sparse: [{ seed: string; blocks: readonly string[]; indexes: readonly number[] }, DiskPicture];
  picture: [object, DiskPicture];
  audit: [object, { blocks: number; tree: number }];
  close: [object, object];
}

const script = fileURLToPath(new URL('../peers/diskPeer.mjs', import.meta.url));

/** Hypercore 10 on a folder, in a process of its own, or another program that takes the same commands. */
export class DiskPeer {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  private commands = 0;
  private stderr = '';

  constructor(program: string = process.execPath, given: readonly string[] = [script]) {
    this.child = spawn(program, given, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.child;
    stdin?.on('error', () => undefined);
    stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4000)));
    if (stdout === null) throw new Error('a child without stdout');
    createInterface({ input: stdout }).on('line', line => {
      const answer = JSON.parse(line) as Record<string, unknown>;
      this.waiting.get(answer['id'] as number)?.(answer);
    });
  }

  async command<K extends keyof DiskCommands>(
    name: K,
    facts: DiskCommands[K][0],
  ): Promise<DiskCommands[K][1]> {
    const id = ++this.commands;
    const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${name}: ${this.stderr}`)), patienceMs);
      this.waiting.set(id, line => {
        clearTimeout(timer);
        resolve(line);
      });
      this.child.stdin?.write(`${JSON.stringify({ id, do: name, ...facts })}\n`);
    });
    this.waiting.delete(id);
    const { id: _, error, ...rest } = answer;
    if (error !== undefined) throw new Error(`${name} failed in hypercore: ${error as string}`);
    return rest;
  }

  /** Dies where it stands. */
  kill(): Promise<void> {
    return new Promise(resolve => {
      this.child.once('close', () => resolve());
      this.child.kill('SIGKILL');
    });
  }
}
