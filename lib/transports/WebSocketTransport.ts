import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { isHypercoreError, WebSocketClosedError } from '../errors.js';
import type { CloseEventLike, EventLike, EventSourceLike } from './EventSourceLike.js';
import { InboxTransport } from './InboxTransport.js';
import { verifySize, verifyWaterMarks, type WaterMarks } from './waterMarks.js';

/** As much of a WebSocket as is used: the browser's, Node's own, or one of the package `ws`. @public */
export interface WebSocketLike extends EventSourceLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Only `ws` can stop reading. */
  pause?(): void;
  resume?(): void;
  /** Only `ws` can be cut off. */
  terminate?(): void;
}

/** Bounds of one WebSocket; sizes are in bytes. @public */
export interface WebSocketBounds extends WaterMarks {
  /** Longer chunks leave in several messages; 65,536 by default. */
  readonly maxMessageBytes?: number;
  /**
   * Bytes kept for a reader that has paused, because a browser's WebSocket cannot; 67,108,864 by default. More of them
   * end the connection with `ERR_LIMIT_EXCEEDED`.
   */
  readonly maxInboundBytes?: number;
  /** Runs every timer; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

/** @internal */
export type VerifiedBounds = Required<WebSocketBounds>;

/** @throws RangeError for sizes that make no sense. @internal */
export function verifyBounds(given: WebSocketBounds): VerifiedBounds {
  return {
    ...verifyWaterMarks(given),
    maxMessageBytes: verifySize('maxMessageBytes', given.maxMessageBytes ?? 0x10000),
    maxInboundBytes: verifySize('maxInboundBytes', given.maxInboundBytes ?? 0x4000000),
    scheduler: given.scheduler ?? asyncScheduler,
  };
}

/** WebSocket has no event for it, so while too much waits to leave, somebody has to look. */
const DRAIN_POLL_MS = 10;

const OPEN = 1;
const GOING_AWAY = 1001;
const NO_STATUS = 1005;
const UNSUPPORTED_DATA = 1003;
/** Of those for private use; the remote sees that this side gave up, and why in the reason. */
const ABANDONED = 4000;

/**
 * A WebSocket that is open, as a byte transport. It cannot end in one direction only: `complete` lets what was sent leave,
 * and closes.
 *
 * @internal
 */
export class WebSocketTransport extends InboxTransport {
  private stopped = false;
  private torn = false;
  private draining = Subscription.EMPTY;

  constructor(
    protected readonly socket: WebSocketLike,
    protected readonly bounds: VerifiedBounds,
  ) {
    super(bounds.maxInboundBytes);
    socket.addEventListener('message', this.onMessage);
    socket.addEventListener('close', this.onClose);
  }

  get queuedBytes(): number {
    return this.socket.bufferedAmount;
  }

  next(chunk: Uint8Array): void {
    const { socket, bounds } = this;
    if (this.stopped || chunk.length === 0 || socket.readyState !== OPEN) return;
    const { maxMessageBytes } = bounds;
    if (chunk.length <= maxMessageBytes) this.post(chunk);
    else {
      for (let start = 0; start < chunk.length; start += maxMessageBytes) {
        this.post(chunk.subarray(start, start + maxMessageBytes));
      }
    }
    if (socket.bufferedAmount < bounds.highWaterMarkBytes || !this.writable.value) return;
    this.writable.next(false);
    this.awaitDrain();
  }

  complete(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.socket.resume?.(); // or the answer of the remote would not be read
    this.socket.close(1000);
  }

  error(cause: unknown): void {
    if (this.torn) return;
    this.stopped = this.torn = true;
    this.draining.unsubscribe();
    this.abandon();
    this.writable.complete();
    const { socket } = this;
    if (cause instanceof WebSocketClosedError) this.closeWith(cause.closeCode, cause.reason);
    else if (socket.terminate !== undefined) socket.terminate();
    else this.closeWith(ABANDONED, isHypercoreError(cause) ? cause.code : '');
  }

  protected override reading(reading: boolean): void {
    if (reading || this.stopped) this.socket.resume?.();
    else this.socket.pause?.();
  }

  protected post(bytes: Uint8Array): void {
    this.socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  protected awaitDrain(): void {
    this.draining = this.bounds.scheduler.schedule(() => this.verifyDrained(), DRAIN_POLL_MS);
  }

  /** Lets the sender go on if enough has left. */
  protected verifyDrained(): void {
    if (this.settled || this.writable.value) return;
    if (this.socket.bufferedAmount <= this.bounds.lowWaterMarkBytes) this.writable.next(true);
    else this.awaitDrain();
  }

  /** Ends with a code of its own. A page may use no codes but 1000 and those from 3000 on. */
  protected closeWith(code: number, reason: string): void {
    this.socket.close(code === 1000 || code >= 3000 ? code : ABANDONED, reason);
  }

  private readonly onMessage = (event: EventLike): void => {
    const { data } = event as EventLike & { readonly data: unknown };
    if (data instanceof ArrayBuffer) return this.receive(new Uint8Array(data));
    if (data instanceof Uint8Array) return this.receive(data);
    // Text, which nobody who speaks this protocol sends.
    this.overflow(new WebSocketClosedError(UNSUPPORTED_DATA, 'a message that is not binary'));
  };

  private readonly onClose = (event: EventLike): void => {
    const { code, reason } = event as CloseEventLike;
    this.stopped = this.torn = true;
    this.draining.unsubscribe();
    this.socket.removeEventListener('message', this.onMessage);
    this.socket.removeEventListener('close', this.onClose);
    this.writable.complete();
    const inOrder = code === 1000 || code === GOING_AWAY || code === NO_STATUS;
    this.settle(inOrder ? {} : { error: new WebSocketClosedError(code, reason) });
  };
}
