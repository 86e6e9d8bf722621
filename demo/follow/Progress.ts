import type { WriteStream } from 'node:tty';
import type { Block } from '../blocks/followBlocks.js';

const BAR = 30;

/** A progress line for what exists, then a line for each block that is new. */
export class Progress {
  private readonly started = Date.now();
  private blocks = 0;
  private bytes = 0;
  /** The length the core had when the first block came; null before. */
  private existing: number | null = null;
  private drawn = 0;

  constructor(private readonly terminal: WriteStream) {}

  get summary(): string {
    return `${this.blocks} blocks, ${this.bytes} bytes in ${this.seconds} s`;
  }

  block({ index, value, length }: Block, text: string): void {
    this.existing ??= length;
    this.blocks++;
    this.bytes += value.length;
    if (index >= this.existing) {
      console.log(`${'live'.padEnd(12)}#${index} ${text}`);
    } else if (index === this.existing - 1) {
      this.draw(index + 1, this.existing);
      this.end();
      console.log(`${'downloaded'.padEnd(12)}${this.summary}; following, Ctrl-C ends`);
    } else if (Date.now() - this.drawn > 50) this.draw(index + 1, this.existing);
  }

  /** Leaves the progress line. */
  end(): void {
    if (this.drawn !== 0 && this.terminal.isTTY) this.terminal.write('\n');
    this.drawn = 0;
  }

  private draw(done: number, all: number): void {
    const filled = Math.round((done / all) * BAR);
    const line = `${'progress'.padEnd(12)}[${'█'.repeat(filled)}${'·'.repeat(BAR - filled)}] ${done}/${all} blocks`;
    if (this.terminal.isTTY) this.terminal.write(`\r${line}`);
    else console.log(line);
    this.drawn = Date.now();
  }

  private get seconds(): string {
    return ((Date.now() - this.started) / 1000).toFixed(2);
  }
}
