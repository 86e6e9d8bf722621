import { LimitExceededError } from '../errors.js';
import { type Limits, verifyLimits } from '../limits.js';
import { type ChannelKey, keyName } from './ChannelKeys.js';
import { MuxChannel, type MuxChannelOptions } from './MuxChannel.js';
import { readPayload } from './PayloadReader.js';
import { type PackingOptions, type PayloadOutput, PayloadWriter } from './PayloadWriter.js';
import type { RemoteChannel } from './RemoteTable.js';
import { Switchboard } from './Switchboard.js';
import { verifyPacking } from './verifyPacking.js';

export type { AnyCodec, PackingOptions, PayloadOutput } from './PayloadWriter.js';
export {
  MuxChannel,
  type CloseReason,
  type MuxChannelHandlers,
  type MuxChannelOptions,
} from './MuxChannel.js';

/** How a {@link MuxState} works. @public */
export interface MuxOptions {
  readonly output: PayloadOutput;
  /** Bytes kept free before each payload. 0 by default. */
  readonly headroom?: number;
  /** Bytes kept free after each payload. 0 by default. */
  readonly tailroom?: number;
  readonly limits?: Partial<Limits>;
  readonly packing?: Partial<PackingOptions>;
  /**
   * Something waits for `flush()`: the owner calls it later, at the end of the tick. Without it every packet that is not
   * corked leaves at once, and the answers to a batch of several packets leave as a batch, as in Protomux.
   */
  readonly onQueued?: () => void;
  /**
   * Messages for channels that this side has not opened exceed 32,768 bytes (true), or no longer do (false): the owner
   * pauses and resumes the transport.
   */
  readonly onPressure?: (paused: boolean) => void;
  /** Called for every open of the remote that is refused, before it is told; must not throw. */
  readonly onRefused?: () => void;
  /** Asked about opens of the remote for which no `pair` handler is registered; without it they are rejected at once. */
  readonly onUnpaired?: (request: PairRequest) => void;
  /** False never rejects: the Rust crate `hypercore-protocol` takes a reject for an error. True by default. */
  readonly rejects?: boolean;
}

/** An open of the remote that no channel of this side was waiting for. @public */
export interface PairRequest {
  /** The name the remote used, which may be an alias of ours. */
  readonly protocol: string;
  readonly id: Uint8Array | null;
  /** Whether the open still waits: false once a channel took it, the remote closed it, or it was rejected. */
  readonly parked: boolean;
  /**
   * Whoever wanted to create a channel for it has: what is still parked under the key is rejected, unless other requests
   * for the key are pending. Until then it stays parked and unanswered. Idempotent.
   */
  settle(): void;
}

/** Decides about opens of the remote: creates a channel for the key now or later, then settles. @public */
export type PairHandler = (request: PairRequest) => void;

/**
 * Many channels over one link of payloads, compatible with Protomux: payloads in, calls of handlers and payloads out.
 *
 * It has no timers and no queue of its own: whatever handlers send is gathered by {@link PackingOptions} and leaves in the
 * order in which it was sent. Handlers run synchronously inside the call that caused them; what they throw, and what the
 * remote does wrong, comes out of that call with the tables in order. The owner then calls `destroy`.
 *
 * Differences from Protomux, all of them on purpose: an open with id 0 fails by name, a close for an open that waits
 * for its pair handler is remembered, an alias also finds opens that came before the local channel, nesting and queues
 * are bounded, an item that runs past the end of its batch is refused, nothing is sent on a channel before it is opened, and
 * a close leaves before the handler hears of it.
 *
 * @public
 */
export class MuxState {
  /** The bounds in force. */
  readonly limits: Limits;
  private readonly writer: PayloadWriter;
  private readonly board: Switchboard;
  private pairs: Map<string, PairHandler> | null = null;
  /** Corks held because of batches being received. */
  private replyCorks = 0;
  private why: unknown = undefined;

  constructor(private readonly options: MuxOptions) {
    const { output, headroom = 0, tailroom = 0 } = options;
    for (const room of [headroom, tailroom]) {
      if (!Number.isInteger(room) || room < 0)
        throw new RangeError('headroom and tailroom must be integers from 0');
    }
    const limits = verifyLimits(options.limits);
    const packing = verifyPacking(options.packing ?? {}, limits.maxBatchBytes);
    this.limits = limits;
    const { maxFrameBytes } = limits;
    // Named one by one: an object made by spreading has a layout of its own, which takes more memory than itself.
    const { maxBatchBytes, controlInBatches, channelsPerBatch, unwrapSingle, overshoot } = packing;
    this.writer = new PayloadWriter({
      maxBatchBytes,
      controlInBatches,
      channelsPerBatch,
      unwrapSingle,
      overshoot,
      output,
      maxFrameBytes,
      headroom,
      tailroom,
      onQueued: options.onQueued === undefined ? null : () => options.onQueued!(),
    });
    this.board = new Switchboard(this.writer, limits, this);
    this.board.rejects = options.rejects ?? true;
  }

  /** Whether the link takes more without queueing, as told by `setDrained`. */
  get drained(): boolean {
    return this.board.drained;
  }

  /** Open or opening local channels. */
  get size(): number {
    return this.board.locals.size;
  }

  /** Whether `destroy` was called. */
  get destroyed(): boolean {
    return this.board.destroyed;
  }

  /** What `destroy` was called with. */
  get cause(): unknown {
    return this.why;
  }

  /** Whether opens nobody takes are rejected; see {@link MuxOptions.rejects}. */
  get rejects(): boolean {
    return this.board.rejects;
  }

  set rejects(rejects: boolean) {
    this.board.rejects = rejects;
  }

  /**
   * A channel that is not open yet. If the remote has opened it already, its open is taken over now and delivered by the
   * next `flush`, with the messages that came in the meantime.
   *
   * @returns null if it is `unique` and one is open for its key, or if the multiplexer is destroyed.
   * @throws LimitExceededError (`maxChannels`) if as many are open, or closed and not yet answered.
   */
  createChannel<H = void>(options: MuxChannelOptions<H>): MuxChannel<H> | null {
    const { board, limits } = this;
    if (board.destroyed) return null;
    const name = keyName(options.protocol, options.id ?? null);
    if (options.unique !== false && board.keys.opened(name)) return null;
    const { idsInUse } = board.locals;
    if (idsInUse >= limits.maxChannels) {
      throw new LimitExceededError('maxChannels', limits.maxChannels, idsInUse + 1, 'channel');
    }
    const channel = new MuxChannel(board, options);
    board.adopt(channel);
    return channel;
  }

  /** Registers who decides about opens of a protocol, for one id or, with null, for every id that has no handler. */
  pair(protocol: string, id: Uint8Array | null, handler: PairHandler): void {
    this.pairs ??= new Map();
    this.pairs.set(keyName(protocol, id), handler);
  }

  unpair(protocol: string, id: Uint8Array | null): void {
    this.pairs?.delete(keyName(protocol, id));
  }

  /**
   * Takes one payload of the remote; an empty one is ignored. The payload must not be written to afterwards: values and
   * early messages may be views of it.
   *
   * @throws HypercoreError for what the remote does wrong (`ERR_OUT_OF_BOUNDS`, `ERR_BAD_VALUE`, `ERR_MUX_OPEN`,
   * `ERR_MUX_REJECT`, `ERR_MUX_BATCH`, `ERR_LIMIT_EXCEEDED`), and what a handler throws.
   */
  receive(payload: Uint8Array): void {
    if (this.board.destroyed) return;
    const corks = this.replyCorks;
    try {
      readPayload(payload, this.board, this.limits);
    } finally {
      while (this.replyCorks > corks) {
        this.replyCorks--;
        this.writer.uncork();
      }
    }
  }

  /** Gathers everything sent from now on until `uncork`; nests. */
  cork(): void {
    this.writer.cork();
  }

  /** The last of them lets the gathered payload go, unless an announced `flush` is due anyway. */
  uncork(): void {
    this.writer.uncork();
  }

  /**
   * Ends the tick: delivers the remote's opens to the channels that took them over, then lets the gathered payload go.
   *
   * @throws what `receive` throws: a delivered handshake or message may be malformed, a handler may fail.
   */
  flush(): void {
    if (this.board.destroyed) return;
    this.board.deliverAdopted();
    this.writer.flush();
  }

  /** The owner tells whether the link takes more; handlers of `ondrain` run when it does again. */
  setDrained(drained: boolean): void {
    const { board } = this;
    if (board.drained === drained) return;
    board.drained = drained;
    if (drained) board.locals.drain();
  }

  /** Whether a local channel is open, or opening, under that name or with that name as alias. */
  opened(protocol: string, id: Uint8Array | null): boolean {
    return this.board.keys.opened(keyName(protocol, id));
  }

  /** Closes every local channel in order, lowest id first. */
  closeAll(): void {
    for (const channel of this.board.locals.list()) channel.close();
  }

  /**
   * Ends every channel with the reason `destroyed` and forgets everything, what has not left included. Idempotent.
   *
   * @param cause - kept as {@link MuxState.cause} for the handlers
   */
  destroy(cause?: unknown): void {
    if (this.board.destroyed) return;
    this.why = cause;
    this.pairs = null;
    this.board.destroy();
  }

  /** @internal */
  onParked(
    protocol: string,
    id: Uint8Array | null,
    name: string,
    key: ChannelKey,
    remote: RemoteChannel,
  ): void {
    let settled = false;
    const settle = (): void => {
      if (settled) return;
      settled = true;
      this.board.settle(key);
    };
    const handler = this.pairs?.get(name) ?? this.pairs?.get(keyName(protocol, null));
    if (handler === undefined && this.options.onUnpaired === undefined) return settle();
    const request: PairRequest = {
      protocol,
      id,
      settle,
      get parked() {
        return remote.key !== null;
      },
    };
    if (handler !== undefined) handler(request);
    else this.options.onUnpaired!(request);
  }

  /** @internal */
  onRefused(): void {
    this.options.onRefused?.();
  }

  /** @internal */
  onPressure(paused: boolean): void {
    this.options.onPressure?.(paused);
  }

  /** The answers to several packets leave together, also where nobody ends the turn. @internal */
  several(): void {
    if (this.options.onQueued !== undefined) return;
    this.replyCorks++;
    this.writer.cork();
  }
}
