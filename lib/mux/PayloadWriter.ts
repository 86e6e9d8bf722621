import type { Codec, EncodingState } from '../encoding/Codec.js';
import { RECORD_OVERHEAD } from '../crypto/CryptoBackend.js';
import { optionalBytes } from '../encoding/bytes.js';
import { text } from '../encoding/text.js';
import { uint } from '../encoding/uint.js';
import { FrameTooLargeError } from '../errors.js';
import { HIGHEST_FRAME_BYTES } from '../framing/encodeFrame.js';
import { CLOSE, OPEN, REJECT } from './controlTypes.js';
import { PayloadSlab } from './PayloadSlab.js';

/** Any codec, whatever its values are. @public */
export type AnyCodec = Codec<unknown>;

/** Takes finished payloads. @public */
export interface PayloadOutput {
  /**
   * The payload is `buffer[start, end)`. At least `headroom` bytes before it and `tailroom` bytes after it are free: from
   * now on the receiver owns `buffer[start - headroom, end + tailroom)` and may seal the payload in place. The rest of
   * the buffer holds other payloads.
   */
  payload(buffer: Uint8Array, start: number, end: number): void;
  /** Whether the receiver is done with every payload it was given: their memory is then used again. Absent: never. */
  readonly allSent?: boolean;
}

/** How packets are packed into payloads. @public */
export interface PackingOptions {
  /** Bytes of payload gathered before it leaves; a single packet may be larger. */
  readonly maxBatchBytes: number;
  /**
   * Whether opens, closes and rejects join batches, as in Protomux. False by default: they leave as payloads of their own,
   * at once, because the Rust crate `hypercore-protocol` misreads them in batches.
   */
  readonly controlInBatches: boolean;
  /** Whether a batch holds packets of several channels; the Rust crate 0.7 reads only one per batch. `many` by default. */
  readonly channelsPerBatch: 'many' | 'one';
  /** Whether a batch of one packet leaves in the ordinary form, which is shorter. True by default. */
  readonly unwrapSingle: boolean;
  /** Whether a batch below `maxBatchBytes` takes one packet more, whatever its size, as in Protomux. False by default. */
  readonly overshoot: boolean;
}

/** What a {@link PayloadWriter} is made with. @internal */
export interface PayloadWriterOptions extends PackingOptions {
  readonly output: PayloadOutput;
  /** The longest body of a frame, in which a payload must find room as a record; 16,777,215 by default. */
  readonly maxFrameBytes?: number;
  readonly headroom: number;
  readonly tailroom: number;
  /** The first packet was gathered: somebody must call `flush`. Without it, packets that are not corked leave at once. */
  readonly onQueued: (() => void) | null;
}

/** A payload under way: bytes of its first packet's type begin at `body`, before them is room for the header. */
interface Gathering {
  buffer: Uint8Array | null;
  body: number;
  end: number;
  /** Channel of the first packet, and of the last. */
  channel: number;
  last: number;
  /** Bytes of the first packet, type included. */
  first: number;
  count: number;
}

const gathering = (): Gathering => ({
  buffer: null,
  body: 0,
  end: 0,
  channel: 0,
  last: 0,
  first: 0,
  count: 0,
});

/**
 * Gathers packets into payloads (Protomux), written once, where they will be encrypted.
 *
 * `message`, `open`, `reject` and `close` only gather; `release` then lets go of what is ready. The two steps let the
 * caller bring its own state in order before the output, which may call back, sees the packet. If a codec throws, or the
 * packet is longer than a frame, nothing was gathered.
 *
 * Whether a payload is a batch is known only when it leaves, so room for either header is kept in front of it.
 *
 * @internal
 */
export class PayloadWriter {
  private readonly options: PayloadWriterOptions;
  private readonly slab: PayloadSlab;
  private readonly maxPayloadBytes: number;
  private readonly cursor: EncodingState = { start: 0, end: 0, buffer: null };
  private current = gathering();
  private leaving = gathering();
  /** Where the packet being written begins, while that is not yet decided for good. */
  private joins = false;
  private packetChannel = 0;
  private packetBytes = 0;
  private packetBody = 0;
  private packetEnd = 0;
  private corks = 0;
  private due = false;
  private leaves = false;

  constructor(options: PayloadWriterOptions) {
    this.options = options;
    this.maxPayloadBytes = (options.maxFrameBytes ?? HIGHEST_FRAME_BYTES) - RECORD_OVERHEAD;
    this.slab = new PayloadSlab(options.headroom, options.tailroom, options.maxBatchBytes, options.output);
  }

  /** Whether nothing is gathered. */
  get empty(): boolean {
    return this.current.count === 0 && this.leaving.count === 0;
  }

  message<T>(channel: number, type: number, codec: Codec<T>, value: T): void {
    const { cursor } = this;
    cursor.end = 0;
    uint.preencode(cursor, type);
    codec.preencode(cursor, value);
    this.begin(channel, cursor.end);
    uint.encode(cursor, type);
    codec.encode(cursor, value);
    this.commit(false);
  }

  open<H>(
    channel: number,
    protocol: string,
    id: Uint8Array | null,
    codec: Codec<H> | null,
    handshake: H,
  ): void {
    const { cursor } = this;
    cursor.end = 1;
    uint.preencode(cursor, channel);
    text.preencode(cursor, protocol);
    optionalBytes.preencode(cursor, id);
    codec?.preencode(cursor, handshake);
    this.begin(0, cursor.end);
    uint.encode(cursor, OPEN);
    uint.encode(cursor, channel);
    text.encode(cursor, protocol);
    optionalBytes.encode(cursor, id);
    codec?.encode(cursor, handshake);
    this.commit(!this.options.controlInBatches);
  }

  /** `channel` is the remote's number. */
  reject(channel: number): void {
    this.short(REJECT, channel);
  }

  close(channel: number): void {
    this.short(CLOSE, channel);
  }

  cork(): void {
    this.corks++;
  }

  uncork(): void {
    if (this.corks === 0) return;
    this.corks--;
    if (this.corks === 0 && !this.due) this.flush();
  }

  /** Lets the gathered payload go, unless it is corked; then `uncork` does. */
  flush(): void {
    this.due = false;
    if (this.corks === 0) this.emitCurrent(false);
  }

  /** Lets go of what does not wait for `flush`. */
  release(): void {
    if (this.leaving.count > 0) this.emit(this.leaving, false);
    const { onQueued } = this.options;
    if (this.leaves) this.emitCurrent(false);
    else if (this.current.count === 0) return;
    else if (onQueued !== null) this.announce();
    else if (this.corks === 0) this.emitCurrent(true);
  }

  /** Asks for a `flush`, unless one is due. */
  announce(): void {
    const { onQueued } = this.options;
    if (onQueued === null || this.due) return;
    this.due = true;
    onQueued();
  }

  /** Forgets everything that has not left. */
  discard(): void {
    this.current = gathering();
    this.leaving = gathering();
    this.leaves = this.due = false;
    this.corks = 0;
    this.slab.drop();
  }

  private short(type: number, channel: number): void {
    const { cursor } = this;
    cursor.end = 1;
    uint.preencode(cursor, channel);
    this.begin(0, cursor.end);
    uint.encode(cursor, type);
    uint.encode(cursor, channel);
    this.commit(!this.options.controlInBatches);
  }

  /**
   * Finds a place for a packet of `bytes` bytes, its type included, and points the cursor at it.
   *
   * @throws FrameTooLargeError if no frame has room for it.
   */
  private begin(channel: number, bytes: number): void {
    const { current, cursor, slab, maxPayloadBytes } = this;
    const alone = uintBytes(channel) + bytes + (this.options.unwrapSingle ? 0 : 2 + uintBytes(bytes));
    if (alone > maxPayloadBytes) {
      throw new FrameTooLargeError(alone + RECORD_OVERHEAD, maxPayloadBytes + RECORD_OVERHEAD);
    }
    const header = current.last === channel ? 0 : 1 + uintBytes(channel);
    const added = header + uintBytes(bytes) + bytes;
    this.joins = this.mayJoin(channel, added);
    this.packetChannel = channel;
    this.packetBytes = bytes;
    if (this.joins) {
      if (!slab.fits(current.buffer!, current.end + added)) this.move(added);
      cursor.buffer = current.buffer;
      cursor.start = current.end;
      if (header > 0) {
        uint.encode(cursor, 0);
        uint.encode(cursor, channel);
      }
      uint.encode(cursor, bytes);
    } else {
      const room = 2 + uintBytes(channel) + uintBytes(bytes);
      cursor.start = slab.carve(room + bytes, current, this.gathers) + room;
      cursor.buffer = slab.carved;
    }
    this.packetBody = cursor.start;
    this.packetEnd = cursor.start + bytes;
    cursor.end = this.packetEnd;
  }

  /** The packet is written: from here on it is part of a payload. */
  private commit(alone: boolean): void {
    const { cursor } = this;
    const buffer = cursor.buffer!;
    cursor.buffer = null;
    if (cursor.start !== this.packetEnd) {
      const announced = this.packetEnd - this.packetBody;
      throw new RangeError(
        `a codec announced ${announced} bytes and wrote ${cursor.start - this.packetBody}`,
      );
    }
    if (!this.joins) this.startPayload(buffer);
    const { current } = this;
    current.end = this.packetEnd;
    current.last = this.packetChannel;
    current.count++;
    this.leaves = alone;
  }

  /** What is gathered must leave first; the packet begins a payload of its own. */
  private startPayload(buffer: Uint8Array): void {
    const { current: old, slab } = this;
    this.current = this.leaving;
    this.leaving = old;
    if (old.count > 0) slab.release(old.buffer!, old.end);
    slab.adopt();
    const { current } = this;
    current.buffer = buffer;
    current.body = this.packetBody;
    current.channel = this.packetChannel;
    current.first = this.packetBytes;
    current.count = 0;
  }

  private get gathers(): boolean {
    return this.corks > 0 || this.options.onQueued !== null;
  }

  private mayJoin(channel: number, added: number): boolean {
    const { current } = this;
    if (current.count === 0 || this.leaves) return false;
    const { maxBatchBytes, overshoot, controlInBatches, channelsPerBatch } = this.options;
    if (channel === 0 && !controlInBatches) return false;
    if (channel !== current.last && channelsPerBatch === 'one') return false;
    const { body, end, first } = current;
    const bytes = 2 + uintBytes(current.channel) + uintBytes(first) + end - body;
    if (bytes + added > this.maxPayloadBytes) return false;
    return overshoot ? bytes < maxBatchBytes : bytes + added <= maxBatchBytes;
  }

  /** The payload outgrew its buffer. Buffers at least double, so each byte is copied about once. */
  private move(added: number): void {
    const { current, slab } = this;
    const room = 2 + uintBytes(current.channel) + uintBytes(current.first);
    const used = current.end - current.body;
    const body = slab.grow(room + used + added, 2 * used) + room;
    const buffer = slab.carved!;
    buffer.set(current.buffer!.subarray(current.body, current.end), body);
    current.buffer = buffer;
    current.body = body;
    current.end = body + used;
    slab.adopt();
  }

  private emitCurrent(ordinary: boolean): void {
    this.leaves = false;
    const { current } = this;
    if (current.count === 0) return;
    this.slab.release(current.buffer!, current.end);
    this.emit(current, ordinary);
  }

  private emit(payload: Gathering, ordinary: boolean): void {
    const { buffer, body, end, channel, first, count } = payload;
    // Emptied first: the output may call back and gather more.
    payload.buffer = null;
    payload.count = 0;
    const single = count === 1 && (ordinary || this.options.unwrapSingle);
    const start = body - uintBytes(channel) - (single ? 0 : 2 + uintBytes(first));
    const { cursor } = this;
    cursor.buffer = buffer;
    cursor.start = start;
    if (!single) {
      uint.encode(cursor, 0);
      uint.encode(cursor, 0);
    }
    uint.encode(cursor, channel);
    if (!single) uint.encode(cursor, first);
    cursor.buffer = null;
    this.slab.leave();
    this.options.output.payload(buffer!, start, end);
    this.slab.left(buffer!);
  }
}

function uintBytes(value: number): number {
  return value <= 0xfc ? 1 : value <= 0xffff ? 3 : value <= 0xffffffff ? 5 : 9;
}
