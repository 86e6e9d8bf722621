import { Subject } from 'rxjs';
import { BadValueError, isHypercoreError } from '../errors.js';
import type { Codec } from '../encoding/Codec.js';
import { decode } from '../encoding/decode.js';
import { encode } from '../encoding/encode.js';

/**
 * One extension of a channel: `next` sends a value to the remote's extension of the same name, subscribers get what the
 * remote sends.
 *
 * It completes and fails with its channel. A payload that its codec refuses errors this Subject alone
 * (`ERR_BAD_VALUE`, or the codec's own error); the channel and its other extensions go on. `complete()` stops
 * listening and sends nothing: extensions have no life of their own on the wire.
 *
 * @internal
 */
export class ExtensionSubject<T> extends Subject<T> {
  constructor(
    private readonly name: string,
    private readonly codec: Codec<T>,
    private readonly send: (name: string, payload: Uint8Array) => void,
    private readonly ended: () => void,
  ) {
    super();
  }

  override next(value: T): void {
    if (this.isStopped) return;
    this.send(this.name, encode(this.codec, value));
  }

  override complete(): void {
    if (this.isStopped) return;
    this.ended();
    super.complete();
  }

  override error(error: unknown): void {
    if (this.isStopped) return;
    this.ended();
    super.error(error);
  }

  override unsubscribe(): void {
    this.ended();
    super.unsubscribe();
  }

  /** What the remote sent. */
  receive(payload: Uint8Array): void {
    if (this.isStopped) return;
    let value: T;
    try {
      value = decode(this.codec, payload);
    } catch (error) {
      this.error(
        isHypercoreError(error)
          ? error
          : new BadValueError(`extension ${this.name}`, 0, 'not what its codec reads', 'channel'),
      );
      return;
    }
    super.next(value);
  }
}
