import { Subscriber } from 'rxjs';

/** Who reads from a transport. @internal */
export interface InboundReader {
  onChunk(chunk: Uint8Array, lent: boolean): void;
  onTransportFailed(error: unknown): void;
  onTransportEnded(): void;
}

/**
 * The subscription of a link to its transport: one object that is subscriber and observer, because there is one for every
 * connection. Made before it is subscribed, so that a transport that emits at once can be cut off.
 *
 * @internal
 */
export class Inbound extends Subscriber<Uint8Array> {
  constructor(
    private readonly reader: InboundReader,
    /** Whether chunks are lent and not given. */
    private readonly lent: boolean,
  ) {
    super();
  }

  protected override _next(chunk: Uint8Array): void {
    this.reader.onChunk(chunk, this.lent);
  }

  protected override _error(error: unknown): void {
    try {
      this.reader.onTransportFailed(error);
    } finally {
      this.unsubscribe();
    }
  }

  protected override _complete(): void {
    try {
      this.reader.onTransportEnded();
    } finally {
      this.unsubscribe();
    }
  }
}
