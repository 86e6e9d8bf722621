import { encode } from '../../lib/encoding/encode.js';
import { text } from '../../lib/encoding/text.js';
import { uint } from '../../lib/encoding/uint.js';
import type { Packet } from '../../lib/mux/Packet.js';
import type { PacketSink } from '../../lib/mux/PayloadReader.js';
import { concat, hex } from '../helpers/bytes.js';

/** A naive writer, byte string by byte string, to compare the fast one with. */
const n = (value: number): Uint8Array => encode(uint, value);

/** Type and content of a packet: what an item of a batch holds. */
export function itemOf(packet: Packet): Uint8Array {
  if (packet.type === 'message') return concat(n(packet.messageType), packet.body);
  if (packet.type === 'reject') return concat(n(2), n(packet.channel));
  if (packet.type === 'close') return concat(n(3), n(packet.channel));
  const id = packet.id ?? new Uint8Array(0);
  return concat(n(1), n(packet.channel), encode(text, packet.protocol), n(id.length), id, packet.handshake);
}

export const channelOf = (packet: Packet): number => (packet.type === 'message' ? packet.channel : 0);

export function ordinary(packet: Packet): Uint8Array {
  return concat(n(channelOf(packet)), itemOf(packet));
}

export function batch(packets: readonly Packet[]): Uint8Array {
  return concat(n(0), batchItem(packets));
}

/** A batch as an item of another one, its length not included. */
export function batchItem(packets: readonly Packet[]): Uint8Array {
  const parts = [n(0), n(channelOf(packets[0]))];
  let channel = channelOf(packets[0]);
  for (const packet of packets) {
    if (channelOf(packet) !== channel) parts.push(n(0), n((channel = channelOf(packet))));
    const item = itemOf(packet);
    parts.push(n(item.length), item);
  }
  return concat(...parts);
}

/** Notes down what a reader finds, as text. */
export class NotingSink implements PacketSink {
  readonly notes: string[] = [];

  open(
    channel: number,
    protocol: string,
    id: Uint8Array | null,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const key = `${protocol} ${id === null ? '-' : hex(id)}`;
    this.notes.push(`open ${channel} ${key} ${hex(buffer.subarray(start, end))}`);
  }
  reject(channel: number): void {
    this.notes.push(`reject ${channel}`);
  }
  close(channel: number): void {
    this.notes.push(`close ${channel}`);
  }
  message(channel: number, messageType: number, buffer: Uint8Array, start: number, end: number): void {
    this.notes.push(`message ${channel} ${messageType} ${hex(buffer.subarray(start, end))}`);
  }
}

export function noteOf(packet: Packet): string {
  if (packet.type === 'message') return `message ${packet.channel} ${packet.messageType} ${hex(packet.body)}`;
  if (packet.type !== 'open') return `${packet.type} ${packet.channel}`;
  const id = packet.id === null || packet.id.length === 0 ? '-' : hex(packet.id);
  return `open ${packet.channel} ${packet.protocol} ${id} ${hex(packet.handshake)}`;
}
