import { BehaviorSubject, Observable, type Observer, type Subscriber } from 'rxjs';
import { TransportFailedError } from '../errors.js';
import type { Transport } from './Transport.js';

/**
 * What is used of a stream: the part that Node's `stream.Duplex` and streamx's `Duplex` have in common, so that this
 * file needs neither.
 *
 * @public
 */
export interface DuplexStream {
  on(event: string, listener: (...args: never[]) => void): unknown;
  removeListener(event: string, listener: (...args: never[]) => void): unknown;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  pause(): unknown;
  resume(): unknown;
  readonly writableLength?: number;
}

/**
 * A byte transport over any duplex stream, Node's or streamx's.
 *
 * Emits what the stream reads; completes when the remote ended; errors with `ERR_TRANSPORT_FAILED` when the stream
 * failed. `next` writes, `complete` ends the writing side, `error` destroys the stream. Unsubscribing pauses the
 * stream and leaves it open, so that it can be used further; whoever made the stream, or `error`, destroys it.
 *
 * @example
 * ```ts
 * of(nodeDuplex(socket)).pipe(hypercoreProtocol({ initiator: true })).subscribe(use);
 * ```
 *
 * @public
 */
export function nodeDuplex(stream: DuplexStream): Transport {
  return new DuplexStreamTransport(stream);
}

/** @internal */
export class DuplexStreamTransport extends Observable<Uint8Array> implements Observer<Uint8Array> {
  readonly writable = new BehaviorSubject(true);
  /** @internal */
  protected subscriber: Subscriber<Uint8Array> | null = null;
  /** Bytes written since the stream last had room. */
  private crowdingBytes = 0;
  private ending = false;
  private finished: { readonly error: unknown } | 'ended' | null = null;

  constructor(private readonly stream: DuplexStream) {
    super(subscriber => {
      if (this.subscriber !== null) throw new TypeError('a transport has one subscriber at a time');
      if (this.finished !== null) return this.finish(subscriber);
      this.subscriber = subscriber;
      stream.on('data', this.onData);
      stream.resume();
      return () => {
        this.subscriber = null;
        stream.removeListener('data', this.onData);
        if (this.finished === null) stream.pause();
      };
    });
    stream.on('end', this.onEnd);
    stream.on('error', this.onError);
    stream.on('close', this.onClose);
    stream.on('drain', this.onDrain);
  }

  /** Streams of streamx do not tell; then it is what was written since they last had room, which may be too much. */
  get queuedBytes(): number {
    return this.stream.writableLength ?? this.crowdingBytes;
  }

  next(chunk: Uint8Array): void {
    // To write after the end would be an error of the stream, and cost what it still has to write.
    if (this.ending || (this.finished !== null && this.finished !== 'ended')) return;
    if (this.stream.write(chunk)) return;
    this.crowdingBytes += chunk.length;
    if (this.writable.value) this.writable.next(false);
  }

  complete(): void {
    this.ending = true;
    this.stream.end();
  }

  error(_cause: unknown): void {
    this.ending = true;
    // The cause stays on this side: a destroyed socket would report it once more as an event of its own.
    this.stream.destroy();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    if (this.subscriber !== null) this.stream.resume();
  }

  private readonly onData = (chunk: Uint8Array): void => this.subscriber?.next(chunk);
  private readonly onDrain = (): void => {
    this.crowdingBytes = 0;
    this.writable.next(true);
  };

  private readonly onEnd = (): void => this.settle('ended');
  private readonly onError = (error: unknown): void =>
    this.settle({ error: new TransportFailedError(error) });

  private readonly onClose = (): void => {
    // Closed without an end: cut off on this side or the other, with nothing left to read.
    this.settle('ended');
    for (const [event, listener] of [
      ['end', this.onEnd],
      ['close', this.onClose],
      ['drain', this.onDrain],
    ] as const) {
      this.stream.removeListener(event, listener);
    }
    // 'error' stays: a stream that fails after it closed must not become an uncaught exception.
    this.writable.complete();
  };

  private settle(how: { readonly error: unknown } | 'ended'): void {
    if (this.finished !== null) return;
    this.finished = how;
    if (this.subscriber !== null) this.finish(this.subscriber);
  }

  private finish(subscriber: Subscriber<Uint8Array>): void {
    if (this.finished === 'ended') subscriber.complete();
    else if (this.finished !== null) subscriber.error(this.finished.error);
  }
}
