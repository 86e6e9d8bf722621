import { encode } from '../../encoding/encode.js';
import { optionalBytes } from '../../encoding/bytes.js';
import { text } from '../../encoding/text.js';
import { uint } from '../../encoding/uint.js';
import { BATCH, CLOSE, OPEN, REJECT } from '../../mux/controlTypes.js';

/** Bytes one behind the other, in one fresh array. @public */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * An integer as compact-encoding writes it; with `width` (1, 3, 5 or 9) in a form that may be longer than needed. A value
 * above 2^53 - 1, which needs the longest form, is written as the nearest double.
 *
 * @public
 */
export function rawUint(value: number, width?: 1 | 3 | 5 | 9): Uint8Array {
  if (width === undefined && Number.isSafeInteger(value)) return encode(uint, value);
  const bytes = new Uint8Array(width ?? 9);
  if (bytes.length === 1) bytes[0] = value;
  else {
    bytes[0] = bytes.length === 3 ? 0xfd : bytes.length === 5 ? 0xfe : 0xff;
    for (let i = 1, rest = value; i < bytes.length; i++, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  }
  return bytes;
}

/** What {@link rawOpen} writes. @public */
export interface RawOpen {
  readonly protocol: string;
  /** None by default. */
  readonly id?: Uint8Array;
  /** What stands behind the id; nothing by default. */
  readonly handshake?: Uint8Array;
}

/** The payload that opens channel `channel` (Protomux), whatever number that is. @public */
export function rawOpen(channel: number, open: RawOpen): Uint8Array {
  return joinBytes(
    Uint8Array.of(0, OPEN),
    rawUint(channel),
    encode(text, open.protocol),
    encode(optionalBytes, open.id ?? null),
    open.handshake ?? new Uint8Array(0),
  );
}

/** The payload that closes the sender's channel `channel`. @public */
export function rawClose(channel: number): Uint8Array {
  return joinBytes(Uint8Array.of(0, CLOSE), rawUint(channel));
}

/** The payload that refuses the receiver's channel `channel`. @public */
export function rawReject(channel: number): Uint8Array {
  return joinBytes(Uint8Array.of(0, REJECT), rawUint(channel));
}

/** The payload that carries one message of type `type` on the sender's channel `channel`. @public */
export function rawMessage(channel: number, type: number, body: Uint8Array): Uint8Array {
  return joinBytes(rawUint(channel), rawUint(type), body);
}

/**
 * The payload that holds items for one channel, each behind its length; 0 is the channel of opens, closes, rejects and
 * further batches. An item begins with its type: a payload of the functions above without its channel number.
 *
 * @public
 */
export function rawBatch(channel: number, items: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0, BATCH), rawUint(channel)];
  for (const item of items) parts.push(rawUint(item.length), item);
  return joinBytes(...parts);
}
