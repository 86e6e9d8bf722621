import { asyncScheduler, Observable, type SchedulerLike, Subscription } from 'rxjs';
import { TimeoutExceededError, TransportClosedError, TransportFailedError } from '../errors.js';
import type { ErrorEventLike, EventLike, EventSourceLike } from './EventSourceLike.js';
import { InboxTransport } from './InboxTransport.js';
import type { Transport } from './Transport.js';
import { verifyTimeout } from './verifyTimeout.js';
import { verifySize, verifyWaterMarks, type WaterMarks } from './waterMarks.js';

/** As much of an `RTCDataChannel` as is used. @public */
export interface DataChannelLike extends EventSourceLike {
  binaryType: string;
  bufferedAmountLowThreshold: number;
  readonly bufferedAmount: number;
  readonly readyState: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | null;
  readonly maxPacketLifeTime: number | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  send(data: string): void;
  close(): void;
}

/** Bounds of one data channel; sizes are in bytes. @public */
export interface DataChannelOptions extends WaterMarks {
  /**
   * Longer chunks leave in several messages; 65,536 by default, which every WebRTC peer takes (RFC 8841 section 6.1).
   * What the remote really takes is `connection.sctp.maxMessageSize`.
   */
  readonly maxMessageBytes?: number;
  /** Bytes kept for a reader that has paused, because a data channel cannot; 67,108,864 by default. */
  readonly maxInboundBytes?: number;
  /** How long the channel may take to open, in milliseconds; 10,000 by default, 0 for ever. */
  readonly connectTimeoutMs?: number;
  /** Runs the timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/**
 * A byte transport over an `RTCDataChannel`, which must be ordered and reliable, as it is by default.
 *
 * Emits the transport once the channel is open and completes when it has closed. Subscribe as soon as there is a channel:
 * what the remote sends before that is lost. Unsubscribing closes the channel, not its connection. Errors:
 * `ERR_TRANSPORT_FAILED` if the channel closes before it opens, `ERR_TIMEOUT` if it does not open in time.
 *
 * To close a channel may lose what was sent just before. So an end in order is said by a last message, the text `end`;
 * the channel is closed when both sides have said it. One that closes without it fails with `ERR_TRANSPORT_FAILED`.
 *
 * @example
 * ```ts
 * dataChannelTransport(new RTCPeerConnection().createDataChannel('cores'))
 *   .pipe(hypercoreProtocol({ initiator: true }), switchMap(protocol => protocol.open(key)))
 *   .subscribe(message => console.log(message.type));
 * ```
 *
 * @throws TypeError at once for a channel that may lose or reorder messages, RangeError for numbers that make no sense.
 * @public
 */
export function dataChannelTransport(
  channel: DataChannelLike,
  options: DataChannelOptions = {},
): Observable<Transport> {
  const { scheduler = asyncScheduler } = options;
  const connectTimeoutMs = verifyTimeout('connectTimeoutMs', options.connectTimeoutMs ?? 10_000);
  const { ordered, maxRetransmits, maxPacketLifeTime } = channel;
  if (!ordered || maxRetransmits !== null || maxPacketLifeTime !== null)
    throw new TypeError('the channel may lose or reorder messages');
  const bounds: Bounds = {
    ...verifyWaterMarks(options),
    maxMessageBytes: verifySize('maxMessageBytes', options.maxMessageBytes ?? 0x10000),
    maxInboundBytes: verifySize('maxInboundBytes', options.maxInboundBytes ?? 0x4000000),
  };
  return new Observable<Transport>(subscriber => {
    if (channel.readyState === 'closing' || channel.readyState === 'closed')
      return subscriber.error(new TransportFailedError(new Error('the channel is closed')));
    // Listens from now on: a message may come in the same turn as 'open'.
    const transport = new DataChannelTransport(channel, bounds);
    let open = false;
    const waiting = new Subscription();
    const onOpen = (): void => {
      open = true;
      waiting.unsubscribe();
      subscriber.next(transport);
    };
    const onClose = (): void => {
      if (open) subscriber.complete();
      else subscriber.error(new TransportFailedError(transport.failure));
    };
    channel.addEventListener('close', onClose);
    channel.addEventListener('open', onOpen);
    waiting.add(() => channel.removeEventListener('open', onOpen));
    if (connectTimeoutMs > 0) {
      const late = (): void => subscriber.error(new TimeoutExceededError('connect', connectTimeoutMs));
      waiting.add(scheduler.schedule(late, connectTimeoutMs));
    }
    subscriber.add(() => {
      waiting.unsubscribe();
      channel.removeEventListener('close', onClose);
      transport.error(new TransportClosedError('close'));
    });
    if (channel.readyState === 'open') onOpen();
    return undefined;
  });
}

/** The last message of an end in order. */
const END = 'end';

type Bounds = Required<Omit<DataChannelOptions, 'connectTimeoutMs' | 'scheduler'>>;

class DataChannelTransport extends InboxTransport {
  /** What the channel failed with. */
  failure: unknown;
  /** What waits because the channel's own buffer, which throws when it is full, holds enough. */
  private readonly outbox: Uint8Array[] = [];
  private outboxBytes = 0;
  private stopped = false;
  private endSent = false;
  private torn = false;

  constructor(
    private readonly channel: DataChannelLike,
    private readonly bounds: Bounds,
  ) {
    super(bounds.maxInboundBytes);
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = bounds.lowWaterMarkBytes;
    channel.addEventListener('message', this.onMessage);
    channel.addEventListener('bufferedamountlow', this.onLow);
    channel.addEventListener('error', this.onError);
    channel.addEventListener('close', this.onClose);
  }

  get queuedBytes(): number {
    return this.channel.bufferedAmount + this.outboxBytes;
  }

  next(chunk: Uint8Array): void {
    if (this.stopped || chunk.length === 0) return;
    const { maxMessageBytes, highWaterMarkBytes } = this.bounds;
    for (let start = 0; start < chunk.length; start += maxMessageBytes) {
      const piece = chunk.length <= maxMessageBytes ? chunk : chunk.subarray(start, start + maxMessageBytes);
      this.outbox.push(piece);
      this.outboxBytes += piece.length;
    }
    this.flush();
    if (this.queuedBytes >= highWaterMarkBytes && this.writable.value) this.writable.next(false);
  }

  complete(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.flush();
  }

  error(_cause: unknown): void {
    if (this.torn) return;
    this.stopped = this.torn = true;
    this.drop();
    this.abandon();
    this.writable.complete();
    this.channel.close();
  }

  /** Hands over what fits. */
  private flush(): void {
    const { channel, outbox, bounds } = this;
    let sent = 0;
    while (
      sent < outbox.length &&
      channel.readyState === 'open' &&
      channel.bufferedAmount < bounds.highWaterMarkBytes
    ) {
      const piece = outbox[sent++];
      this.outboxBytes -= piece.length;
      channel.send(piece as Uint8Array<ArrayBuffer>);
    }
    outbox.splice(0, sent);
    if (!this.stopped || this.endSent || outbox.length > 0 || channel.readyState !== 'open') return;
    this.endSent = true;
    channel.send(END);
    if (this.settled) channel.close();
  }

  private drop(): void {
    this.outbox.length = 0;
    this.outboxBytes = 0;
  }

  private readonly onMessage = (event: EventLike): void => {
    const { data } = event as EventLike & { readonly data: unknown };
    if (data instanceof ArrayBuffer) return this.receive(new Uint8Array(data));
    if (data !== END)
      return this.overflow(new TransportFailedError(new Error('a message that is not bytes')));
    this.settle({});
    if (this.endSent) this.channel.close();
  };

  private readonly onLow = (): void => {
    this.flush();
    if (!this.writable.value && this.queuedBytes <= this.bounds.lowWaterMarkBytes) this.writable.next(true);
  };

  private readonly onError = (event: EventLike): void =>
    void (this.failure ??= (event as ErrorEventLike).error);

  private readonly onClose = (): void => {
    this.stopped = this.torn = true;
    const { channel } = this;
    channel.removeEventListener('message', this.onMessage);
    channel.removeEventListener('bufferedamountlow', this.onLow);
    channel.removeEventListener('error', this.onError);
    channel.removeEventListener('close', this.onClose);
    this.drop();
    this.writable.complete();
    this.failure ??= new Error('the channel closed without an end');
    this.settle({ error: new TransportFailedError(this.failure) });
  };
}
