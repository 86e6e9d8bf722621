import { BadValueError, TransportFailedError } from '../errors.js';
import { InboxTransport } from './InboxTransport.js';
import type { Transport } from './Transport.js';
import { verifyWaterMarks, type WaterMarks } from './waterMarks.js';

/**
 * Both directions of a link as WHATWG streams of bytes, as `createBidirectionalStream()` of a WebTransport gives them.
 *
 * @public
 */
export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array | ArrayBuffer>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A byte transport over a pair of WHATWG streams, which are locked at once.
 *
 * Emits what it reads, one chunk at a time and only while somebody takes them, so that the remote feels back-pressure;
 * completes when `readable` ended; errors with `ERR_TRANSPORT_FAILED` when either stream failed, and with `ERR_BAD_VALUE`
 * for a chunk that is not bytes. `next` writes a copy, for the sink may detach what it is given; `complete` closes
 * `writable` after what was written; `error` aborts both. `queuedBytes` is what `writable` has not yet accepted.
 *
 * @example
 * ```ts
 * const session = new WebTransport('https://example.com:4433/cores');
 * from(session.createBidirectionalStream())
 *   .pipe(map(pair => webStreamTransport(pair)), hypercoreProtocol({ initiator: true }))
 *   .subscribe(protocol => protocol.open(key));
 * ```
 *
 * @throws TypeError at once if a stream is locked, RangeError for marks that make no sense.
 * @public
 */
export function webStreamTransport(pair: WebStreamPair, options: WaterMarks = {}): Transport {
  return new WebStreamTransport(pair, verifyWaterMarks(options));
}

class WebStreamTransport extends InboxTransport {
  queuedBytes = 0;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array | ArrayBuffer>;
  private readonly writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  private wanted = false;
  private pumping = false;
  private stopped = false;
  private torn = false;

  constructor(
    pair: WebStreamPair,
    private readonly marks: Required<WaterMarks>,
  ) {
    super(Number.MAX_SAFE_INTEGER); // nothing is read that nobody wants but the chunk that was under way
    if (pair.readable.locked || pair.writable.locked) throw new TypeError('a stream of the pair is locked');
    this.reader = pair.readable.getReader();
    this.writer = pair.writable.getWriter();
    this.writer.closed.then(
      () => this.writable.complete(),
      (error: unknown) => this.fail(error),
    );
    this.writer.ready.catch(() => undefined); // `closed` says it
  }

  next(chunk: Uint8Array): void {
    if (this.stopped || chunk.length === 0) return;
    const { length } = chunk;
    this.queuedBytes += length;
    if (this.queuedBytes >= this.marks.highWaterMarkBytes && this.writable.value) this.writable.next(false);
    this.writer.write(new Uint8Array(chunk)).then(
      () => this.onWritten(length),
      () => undefined, // `closed` says it
    );
  }

  complete(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.writer.close().catch(() => undefined);
  }

  error(cause: unknown): void {
    if (this.torn) return;
    this.tearDown(cause);
    this.abandon();
  }

  protected override reading(reading: boolean): void {
    this.wanted = reading;
    if (reading && !this.pumping) void this.pump();
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    try {
      while (this.wanted && !this.settled) {
        const { done, value } = await this.reader.read();
        if (done) this.settle({});
        else if (value instanceof Uint8Array) this.receive(value);
        else if (value instanceof ArrayBuffer) this.receive(new Uint8Array(value));
        else this.overflow(new BadValueError('stream', 0, 'a chunk that is not bytes'));
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.pumping = false;
    }
  }

  private onWritten(bytes: number): void {
    this.queuedBytes -= bytes;
    if (this.queuedBytes <= this.marks.lowWaterMarkBytes && !this.writable.value) this.writable.next(true);
  }

  private fail(cause: unknown): void {
    if (this.torn) return;
    this.tearDown(cause);
    this.settle({ error: new TransportFailedError(cause) });
  }

  private tearDown(cause: unknown): void {
    this.stopped = this.torn = true;
    this.queuedBytes = 0;
    this.writable.complete();
    this.writer.abort(cause).catch(() => undefined);
    this.reader.cancel(cause).catch(() => undefined);
  }
}
