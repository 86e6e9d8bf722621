import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What it was about to do: numbers and sizes of blocks, or places in the log. */
export type Change =
  | { readonly append: readonly (readonly [number: number, size: number])[] }
  | { readonly truncate: number }
  | { readonly clear: readonly [start: number, end: number] };

/** What it said until it was killed. */
export interface LastWords {
  readonly opened: boolean;
  /** In the order in which they were asked for. */
  readonly tried: readonly Change[];
  /** How many of these were acknowledged, from the first on. */
  readonly done: number;
  readonly error: string | null;
}

export interface WriterOrders {
  readonly folder: string;
  readonly seed: number;
  readonly durability: 'each' | 'batched';
  /** Number of the next new block. */
  readonly first: number;
}

interface Line {
  readonly opened?: boolean;
  readonly try?: Change;
  readonly done?: boolean;
  readonly error?: string;
}

const script = fileURLToPath(new URL('../peers/doomedWriter.mjs', import.meta.url));

/** A process that waits to be told of a folder, writes there until it is killed, and told us all it did. */
export class DoomedWriter {
  private readonly child: ChildProcess = spawn(process.execPath, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  private readonly ready: Promise<unknown>;
  private readonly closed: Promise<unknown>;
  private text = '';

  constructor() {
    const { stdout, stdin } = this.child;
    if (stdout === null || stdin === null) throw new Error('a child without pipes');
    stdin.on('error', () => undefined);
    this.closed = once(this.child, 'close');
    this.ready = once(stdout, 'data').then(() => {
      stdout.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    });
  }

  /**
   * Lets it write, and kills it so many milliseconds after it began to open the core, or after it had; resolves when all
   * that it said was read.
   */
  async writeUntil(orders: WriterOrders, afterMs: number, from: 'opening' | 'opened'): Promise<LastWords> {
    await this.ready;
    this.child.stdin?.write(`${JSON.stringify(orders)}\n`);
    if (from === 'opened' && this.child.stdout) await once(this.child.stdout, 'data');
    await new Promise(resolve => setTimeout(resolve, afterMs));
    await this.kill();
    const tried: Change[] = [];
    let opened = false;
    let done = 0;
    let error: string | null = null;
    // The last line may have been cut.
    for (const text of this.text.split('\n').slice(0, -1)) {
      const line = JSON.parse(text) as Line;
      if (line.try !== undefined) tried.push(line.try);
      if (line.done === true) done++;
      opened ||= line.opened === true;
      error ??= line.error ?? null;
    }
    return { opened, tried, done, error };
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }
}
