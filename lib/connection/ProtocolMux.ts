import type { Limits } from '../limits.js';
import type { MuxOptions, PackingOptions, PairRequest, PayloadOutput } from '../mux/MuxState.js';
import { HEADROOM, TAILROOM } from '../secret/SecureState.js';

/** What a connection does with what its multiplexer says. @internal */
export interface ProtocolMuxTarget {
  sendPayload(buffer: Uint8Array, start: number, end: number): void;
  readonly allSent: boolean;
  flushSoon(): void;
  onPressure(paused: boolean): void;
  onRefused(): void;
  onRemoteOpen(request: PairRequest): void;
}

/**
 * How the multiplexer of a connection works. An object with methods: each function of its own would cost every connection
 * its memory.
 *
 * @internal
 */
export class ProtocolMux implements MuxOptions, PayloadOutput {
  readonly output: PayloadOutput = this;
  readonly headroom = HEADROOM;
  readonly tailroom = TAILROOM;
  declare readonly packing?: Partial<PackingOptions>;

  constructor(
    private readonly protocol: ProtocolMuxTarget,
    readonly limits: Limits,
    packing: Partial<PackingOptions> | undefined,
    readonly rejects: boolean,
  ) {
    if (packing !== undefined) this.packing = packing;
  }

  payload(buffer: Uint8Array, start: number, end: number): void {
    this.protocol.sendPayload(buffer, start, end);
  }

  get allSent(): boolean {
    return this.protocol.allSent;
  }

  onQueued(): void {
    this.protocol.flushSoon();
  }

  onPressure(paused: boolean): void {
    this.protocol.onPressure(paused);
  }

  onRefused(): void {
    this.protocol.onRefused();
  }

  onUnpaired(request: PairRequest): void {
    this.protocol.onRemoteOpen(request);
  }
}
