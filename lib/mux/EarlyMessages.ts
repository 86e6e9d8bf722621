import { LimitExceededError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { RemoteChannel } from './RemoteTable.js';

/** Early bytes above which the owner is asked to pause the transport (Protomux's `MAX_BUFFERED`). @internal */
export const PRESSURE_MARK = 32_768;

/** What every kept message counts beyond its body (Protomux), and what an open may hold without being counted. */
const OVERHEAD = 512;

/** A message that waits for its channel. @internal */
export interface EarlyMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What bounds it. @internal */
export type EarlyLimits = Pick<
  Limits,
  'maxEarlyMessages' | 'maxChannelEarlyBytes' | 'maxTotalEarlyMessages' | 'maxEarlyBytes'
>;

/** What is kept for channels that the remote opened and this side has not: counted, bounded, and a reason to pause. @internal */
export class EarlyMessages {
  private messages = 0;
  private messageBytes = 0;
  private openBytes = 0;
  private paused = false;

  constructor(
    private readonly limits: EarlyLimits,
    private readonly host: { onPressure(paused: boolean): void },
  ) {}

  /** Why one more message cannot be kept, or null. */
  refusal(remote: RemoteChannel, bodyBytes: number): LimitExceededError | null {
    const count = remote.early!.length + 1;
    const bytes = OVERHEAD + bodyBytes;
    return (
      this.over('maxEarlyMessages', count) ??
      this.over('maxTotalEarlyMessages', this.messages + 1) ??
      this.over('maxChannelEarlyBytes', remote.earlyBytes + bytes) ??
      this.beyond(bytes)
    );
  }

  /** Keeps a message that was not refused; copies the body where a view of it would hold much more memory. */
  keep(remote: RemoteChannel, type: number, buffer: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const body =
      buffer.buffer.byteLength > 2 * length + OVERHEAD
        ? copyOf(buffer, start, end)
        : new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
    remote.early!.push({ type, body });
    this.messages++;
    this.messageBytes += OVERHEAD + length;
    remote.earlyBytes += OVERHEAD + length;
    if (this.paused || this.messageBytes <= PRESSURE_MARK) return;
    this.paused = true;
    this.host.onPressure(true);
  }

  /** A kept message is on its way to its channel. */
  leave(message: EarlyMessage): void {
    this.messages--;
    this.messageBytes -= OVERHEAD + message.body.length;
  }

  /** Drops what is kept from message number `from` on. */
  drop(remote: RemoteChannel, from = 0): void {
    const { early } = remote;
    if (early === null) return;
    for (let i = from; i < early.length; i++) this.leave(early[i]);
    remote.early = null;
    this.relieve();
  }

  /** Messages left: the transport may go on once they are few. */
  relieve(): void {
    if (!this.paused || this.messageBytes > PRESSURE_MARK) return;
    this.paused = false;
    this.host.onPressure(false);
  }

  /**
   * Counts an open that is parked, as far as its name, id and handshake are larger than any sensible ones.
   *
   * @throws LimitExceededError
   */
  park(bytes: number): number {
    const counted = Math.max(0, bytes - OVERHEAD);
    const refusal = this.beyond(counted);
    if (refusal !== null) throw refusal;
    this.openBytes += counted;
    return counted;
  }

  unpark(counted: number): void {
    this.openBytes -= counted;
  }

  private beyond(bytes: number): LimitExceededError | null {
    return bytes === 0 ? null : this.over('maxEarlyBytes', this.messageBytes + this.openBytes + bytes);
  }

  private over(name: keyof EarlyLimits, reached: number): LimitExceededError | null {
    const allowed = this.limits[name];
    return reached > allowed ? new LimitExceededError(name, allowed, reached) : null;
  }
}

/** A plain copy; `slice` of a Node Buffer would be a view. @internal */
export function copyOf(buffer: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(buffer.subarray(start, end));
  return copy;
}
