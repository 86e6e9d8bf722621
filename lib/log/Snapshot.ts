import type { Subscription } from 'rxjs';
import { BlockNotAvailableError } from '../logErrors.js';
import type { LogCore } from './LogCore.js';

/**
 * What a log was at one moment. The core keeps no old blocks: of those that were cut off since, none is held.
 *
 * @internal
 */
export class Snapshot {
  readonly length: number;
  readonly byteLength: number;
  readonly fork: number;
  /** Blocks that are still those of this moment. */
  held: number;
  private readonly subscription: Subscription;
  private sessions = 0;

  constructor(core: LogCore) {
    this.length = core.length;
    this.byteLength = core.byteLength;
    this.fork = core.fork;
    this.held = core.length;
    this.subscription = core.changes.subscribe(change => {
      if (change.type === 'fork') this.held = Math.min(this.held, change.ancestors);
    });
  }

  /** A session more. */
  retain(): void {
    this.sessions++;
  }

  /** A session less; after the last one it follows the core no longer. */
  release(): void {
    this.sessions--;
    if (this.sessions === 0) this.subscription.unsubscribe();
  }

  /** Whether a block is still the one of this moment, if it is here at all. */
  holds(index: number): boolean {
    return index < this.held;
  }

  /** @throws BlockNotAvailableError if not all of the first blocks are those of this moment any more */
  verify(length: number): void {
    if (length > this.held) throw new BlockNotAvailableError(this.held);
  }
}
