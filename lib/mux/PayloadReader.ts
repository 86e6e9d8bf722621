import type { EncodingState } from '../encoding/Codec.js';
import { optionalBytes } from '../encoding/bytes.js';
import { text } from '../encoding/text.js';
import { uint } from '../encoding/uint.js';
import { verifyCount } from '../encoding/verifyCount.js';
import { LimitExceededError, MuxBatchError } from '../errors.js';
import type { Limits } from '../limits.js';
import { BATCH, CLOSE, OPEN, REJECT } from './controlTypes.js';

/**
 * Takes what {@link readPayload} finds, in the order of the wire. Byte ranges are parts of the payload, not copies.
 *
 * @public
 */
export interface PacketSink {
  /** The remote opens its channel `channel`; the handshake is `buffer[start, end)`. `id` is a view. */
  open(
    channel: number,
    protocol: string,
    id: Uint8Array | null,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** The remote refuses our channel `channel`. */
  reject(channel: number): void;
  /** The remote closes its channel `channel`. */
  close(channel: number): void;
  /** A message on the remote's channel `channel`; its body is `buffer[start, end)`. */
  message(channel: number, messageType: number, buffer: Uint8Array, start: number, end: number): void;
  /** The payload is a batch of several items; called before the first of them. */
  several?(): void;
}

/** What bounds the work on one payload. @public */
export type BatchLimits = Pick<Limits, 'maxBatchItems' | 'maxBatchDepth' | 'maxNameBytes'>;

/**
 * Walks one payload, batches included, and tells the sink every packet in it. An empty payload holds none; control
 * types above 3 and bytes after a packet are skipped (Protomux).
 *
 * What the sink throws passes through; then the rest of the payload is lost.
 *
 * @throws OutOfBoundsError if a packet is cut short, BadValueError for a number above 2^53 - 1.
 * @throws MuxBatchError if a batch has no channel, ends inside an item's header, or has an item longer than itself
 * (Protomux 3.12 clips such an item; earlier versions read past the end).
 * @throws LimitExceededError for more than `maxBatchItems` items, those of nested batches included, or for batches
 * nested deeper than `maxBatchDepth` (a batch without a batch in it has depth 1), or for an open whose protocol or id is
 * longer than `maxNameBytes`.
 * @public
 */
export function readPayload(payload: Uint8Array, sink: PacketSink, limits: BatchLimits): void {
  const end = payload.length;
  if (end === 0) return;
  const first = payload[0];
  // Nearly every message has a small channel number and type: no cursor is needed to read them.
  if (end > 1 && first !== 0 && first <= 0xfc && payload[1] <= 0xfc) {
    sink.message(first, payload[1], payload, 2, end);
    return;
  }
  const cursor: EncodingState = { start: 0, end, buffer: payload };
  const channel = uint.decode(cursor);
  const type = uint.decode(cursor);
  if (channel !== 0) sink.message(channel, type, payload, cursor.start, end);
  else if (type === BATCH) readBatch(payload, cursor, sink, limits);
  else readControl(type, payload, cursor, sink, limits);
}

/** Iterates instead of recursing: how deep batches nest is the remote's choice, the size of our stack is not. */
function readBatch(payload: Uint8Array, cursor: EncodingState, sink: PacketSink, limits: BatchLimits): void {
  const { maxBatchItems, maxBatchDepth } = limits;
  const outer: number[] = []; // end and channel of each batch around the current one
  let end = cursor.end;
  let channel = readHeader(cursor, end, 'no channel');
  let items = 0;
  let told = false;
  for (;;) {
    if (cursor.start >= end) {
      if (outer.length === 0) return;
      channel = outer.pop()!;
      end = outer.pop()!;
      continue;
    }
    const offset = cursor.start;
    const length = readHeader(cursor, end, 'cut inside a length');
    if (length === 0) {
      channel = readHeader(cursor, end, 'cut after a channel change');
      continue;
    }
    const from = cursor.start;
    if (length > end - from) throw new MuxBatchError(offset, `an item of ${length} bytes runs past the end`);
    if (++items > maxBatchItems) throw new LimitExceededError('maxBatchItems', maxBatchItems, items);
    const itemEnd = from + length;
    if (!told && itemEnd < end) {
      told = true;
      sink.several?.();
    }
    cursor.end = itemEnd;
    const type = uint.decode(cursor);
    if (channel !== 0) {
      sink.message(channel, type, payload, cursor.start, itemEnd);
    } else if (type === BATCH) {
      const depth = outer.length / 2 + 2;
      if (depth > maxBatchDepth) throw new LimitExceededError('maxBatchDepth', maxBatchDepth, depth);
      outer.push(end, channel);
      end = itemEnd;
      channel = readHeader(cursor, end, 'no channel');
      continue;
    } else {
      readControl(type, payload, cursor, sink, limits);
    }
    cursor.start = itemEnd;
  }
}

/** A number that belongs to the batch itself: where it is cut, the batch is malformed and not one packet in it. */
function readHeader(cursor: EncodingState, end: number, reason: string): number {
  const { start } = cursor;
  const first = start < end ? cursor.buffer![start] : 0x100;
  const width = first <= 0xfc ? 1 : first === 0xfd ? 3 : first === 0xfe ? 5 : 9;
  if (width > end - start) throw new MuxBatchError(start, reason);
  cursor.end = end;
  return uint.decode(cursor);
}

function readControl(
  type: number,
  payload: Uint8Array,
  cursor: EncodingState,
  sink: PacketSink,
  limits: BatchLimits,
): void {
  if (type === OPEN) {
    const channel = uint.decode(cursor);
    verifyCount(cursor, 'maxNameBytes', 1, limits);
    const protocol = text.decode(cursor);
    verifyCount(cursor, 'maxNameBytes', 1, limits);
    const id = optionalBytes.decode(cursor);
    sink.open(channel, protocol, id, payload, cursor.start, cursor.end);
  } else if (type === REJECT) {
    sink.reject(uint.decode(cursor));
  } else if (type === CLOSE) {
    sink.close(uint.decode(cursor));
  }
}
