import type { Subscription } from 'rxjs';
import type { Transport } from '../transports/Transport.js';

/** A transport did not do what it must. @public */
export class TransportCheckError extends Error {
  override readonly name = 'TransportCheckError';
}

/** @internal */
export function verify(condition: boolean, otherwise: string): void {
  if (!condition) throw new TransportCheckError(otherwise);
}

/** How long anything in a check may take, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Waits for something to become true. @internal */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new TransportCheckError(`waited ${PATIENCE_MS} ms until ${what}`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

/** Subscribes to a transport and notes what it gets. @internal */
export class Reader {
  readonly chunks: Uint8Array[] = [];
  size = 0;
  outcome: 'complete' | 'error' | null = null;
  failure: unknown;
  private readonly subscription: Subscription;
  private left = false;

  constructor(transport: Transport, onChunk?: (chunk: Uint8Array) => void, keep = true) {
    const end = (outcome: 'complete' | 'error', failure?: unknown): void => {
      verify(this.outcome === null, 'it ended twice');
      this.outcome = outcome;
      this.failure = failure;
    };
    this.subscription = transport.subscribe({
      next: chunk => {
        if (keep) this.chunks.push(chunk);
        this.size += chunk.length;
        onChunk?.(chunk);
      },
      error: error => end('error', error),
      complete: () => end('complete'),
    });
    if (this.left) this.subscription.unsubscribe();
  }

  /** All bytes that have come. */
  bytes(): Uint8Array {
    const joined = new Uint8Array(this.size);
    let offset = 0;
    for (const chunk of this.chunks) {
      joined.set(chunk, offset);
      offset += chunk.length;
    }
    return joined;
  }

  /** Waits until so many bytes have come, and no more. */
  async until(bytes: number): Promise<void> {
    await until(
      () => this.size >= bytes || this.outcome === 'error',
      `${bytes} bytes have come (it were ${this.size})`,
    );
    if (this.outcome === 'error') throw new TransportCheckError(`it failed: ${String(this.failure)}`);
  }

  /** Waits until it has ended, in whatever way. */
  ended(): Promise<void> {
    return until(() => this.outcome !== null, 'it ends');
  }

  leave(): void {
    this.left = true;
    // A chunk may come while the constructor is still subscribing.
    (this.subscription as Subscription | undefined)?.unsubscribe();
  }
}
