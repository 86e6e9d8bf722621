import { createHash } from 'node:crypto';
import { blockBytes } from '../peers/blockBytes.mjs';
import type { Change } from './DoomedWriter.js';

/** What is compared: a digest for each block, `null` for one that is not there. */
export interface Comparable {
  readonly fork: number;
  readonly blocks: readonly (string | null)[];
}

interface Block {
  readonly number: number;
  readonly size: number;
  readonly here: boolean;
}

/** A log as a plain list, to which changes are made as the documentation says. */
export class ExpectedLog implements Comparable {
  private constructor(
    readonly fork: number,
    private readonly list: readonly Block[],
  ) {}

  static readonly empty = new ExpectedLog(0, []);

  get blocks(): readonly (string | null)[] {
    return this.list.map(({ number, size, here }) => (here ? digest(blockBytes(number, size)) : null));
  }

  after(change: Change): ExpectedLog {
    const { fork, list } = this;
    if ('append' in change) {
      const added = change.append.map(([number, size]) => ({ number, size, here: true }));
      return new ExpectedLog(fork, [...list, ...added]);
    }
    if ('truncate' in change) return new ExpectedLog(fork + 1, list.slice(0, change.truncate));
    const [start, end] = change.clear;
    return new ExpectedLog(
      fork,
      list.map((block, i) => (i >= start && i < end ? { ...block, here: false } : block)),
    );
  }

  /** Whether it is just that log. */
  equals({ fork, blocks }: Comparable): boolean {
    if (fork !== this.fork || blocks.length !== this.list.length) return false;
    const own = this.blocks;
    return blocks.every((block, i) => block === own[i]);
  }
}

/** For a failure. */
export function inWords({ fork, blocks }: Comparable): string {
  const here = blocks.filter(block => block !== null).length;
  return `fork ${fork}, ${blocks.length} blocks, ${here} of them here`;
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 24);
}
