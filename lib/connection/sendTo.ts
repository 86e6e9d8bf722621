import { from, Observable, type ObservableInput } from 'rxjs';
import { pullFeed, pullSourceOf } from './pullFeed.js';
import { pushFeed } from './pushFeed.js';
import { SendGate, type SendTarget } from './SendGate.js';

export type { SendTarget };

/** What {@link sendTo} takes. @public */
export type SendSource<M> = ObservableInput<M> | ReadableStream<M>;

/** What {@link sendTo} does with a source that cannot wait, while the link does not take more. @public */
export interface SendOptions<T> {
  /** Messages kept meanwhile; 1,024 by default, 0 for none. */
  readonly buffer?: number;
  /** What happens to one more: the whole fails (the default), or the oldest or the newest is dropped. */
  readonly overflow?: 'error' | 'dropOldest' | 'dropNewest';
  /** Called with every message that is dropped. */
  readonly dropped?: (message: T) => void;
}

/**
 * Carries a source of messages into a channel, no faster than the link takes them.
 *
 * - A source that can wait is asked for the next message only when the link takes it, so nothing is ever kept: an
 *   Iterable (an array, a generator), an AsyncIterable, a ReadableStream. Give it to the operator as a function:
 *   `sendTo(channel)(blocks())`. When this ends early, such a source is told so (`return()`, `cancel()`).
 * - An Observable cannot wait, whether it emits at once or over time; neither can what `from` makes of the sources above.
 *   What comes while the link is full is kept, up to `buffer` messages, and then `overflow` decides.
 *
 * Nothing is sent before the channel is open, and then the link's state decides after every message. The messages of one
 * turn leave in one batch, which is what the link sees, so up to `limits.maxBatchBytes` may leave at once.
 *
 * Emits every message after it was handed to the channel. Completes when the source has and all was handed over; the
 * channel stays open. Errors with the error of the source, of the channel, of a message that cannot be encoded; with
 * `ERR_CHANNEL_CLOSED` if the channel ended in order before that; with `ERR_LIMIT_EXCEEDED` (`buffer`) if too much
 * came. The channel is not harmed by any of them.
 *
 * @example
 * ```ts
 * blocks.pipe(sendTo(channel, { overflow: 'dropOldest', buffer: 16 })).subscribe();
 * sendTo(channel)(readFile()).subscribe({ complete: () => channel.close() });
 * ```
 *
 * @throws RangeError at once for options that make no sense.
 * @see {@link paced}, the same for what comes in
 * @public
 */
export function sendTo<T>(
  channel: SendTarget<T>,
  options: SendOptions<T> = {},
): <M extends T>(source: SendSource<M>) => Observable<M> {
  const { buffer = 1024, overflow = 'error' } = options;
  if (!Number.isSafeInteger(buffer) || buffer < 0) throw new RangeError('buffer must be an integer from 0');
  if (!['error', 'dropOldest', 'dropNewest'].includes(overflow)) {
    throw new RangeError("overflow must be 'error', 'dropOldest' or 'dropNewest'");
  }
  return <M extends T>(source: SendSource<M>) =>
    new Observable<M>(subscriber => {
      const gate = new SendGate<M>(channel, subscriber);
      gate.start();
      if (gate.isClosed) return;
      const pull = pullSourceOf(source);
      if (pull === null) pushFeed(from(source as ObservableInput<M>), gate, { ...options, buffer, overflow });
      else pullFeed(pull, gate);
    });
}
