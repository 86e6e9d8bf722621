import { of, Subject } from 'rxjs';
import type { Message, WireTap } from 'rx-hypercore';
import { decodeMessages, decodePackets, type Packet } from 'rx-hypercore/operators';
import type { FrameWatcher } from '../link/WatchedTransport.js';
import { shortHex } from '../shell/format.js';
import { describeMessage } from './describeMessage.js';
import type { Direction, Kind, WireEntry } from './WireEntry.js';

type Told = Omit<WireEntry, 'id' | 'at'>;

/** What the frames of an initiator are before there are records (Noise XX, then a stream header each way). */
const openings: Readonly<Record<Direction, readonly string[]>> = {
  out: ['noise e', 'noise s, se', 'stream header'],
  in: ['noise e, ee, s, es', 'stream header'],
};

/** One direction of one channel: the number is the sender's, and names of extensions are shortened along the way. */
interface Reader {
  readonly packets: Subject<Packet>;
  readonly name: string;
}

/** Turns the frames and payloads of one connection into entries. Of what is secret it tells only that it was there. */
export class RecordedConnection implements FrameWatcher, WireTap {
  private readonly frames = { in: 0, out: 0 };
  private readonly readers = { in: new Map<number, Reader>(), out: new Map<number, Reader>() };
  private decoded: Message | null = null;

  constructor(
    private readonly tell: (entry: Told) => void,
    private readonly count: (direction: Direction, bytes: number) => void,
  ) {}

  frame(direction: Direction, bytes: number): void {
    this.count(direction, bytes);
    const opening = openings[direction].at(this.frames[direction]++);
    const early = opening !== undefined && this.frames[direction] <= openings[direction].length;
    const kind: Kind = early ? 'handshake' : 'frame';
    const type = early ? opening : bytes === 20 ? 'keep-alive' : 'record';
    const summary = early ? 'who is there, and the keys of the session' : 'encrypted';
    const fields = [
      { name: 'length prefix', value: '3 bytes' },
      { name: 'body', value: `${bytes - 3} bytes` },
      ...(early ? [] : [{ name: 'of these, secretstream', value: '17 bytes' }]),
    ];
    this.tell({ direction, kind, type, bytes, summary, channel: '', fields });
  }

  payload(direction: Direction, payload: Uint8Array): void {
    of(payload)
      .pipe(decodePackets())
      .subscribe({ next: packet => this.packet(direction, packet), error: () => undefined });
  }

  private packet(direction: Direction, packet: Packet): void {
    const readers = this.readers[direction];
    const { channel } = packet;
    if (packet.type === 'open') {
      const name = packet.id === null ? packet.protocol : shortHex(packet.id, 3);
      readers.set(channel, this.reader(channel, name));
      const fields = [
        { name: 'channel', value: String(channel) },
        { name: 'protocol', value: packet.protocol },
        { name: 'discovery key', value: packet.id === null ? 'none' : shortHex(packet.id, 12) },
        { name: 'capability', value: `hidden (${packet.handshake.length} bytes with flags)` },
      ];
      const summary = `${packet.protocol}, proves that it knows the key`;
      this.tell({
        direction,
        kind: 'channel',
        type: 'open',
        bytes: packet.handshake.length,
        summary,
        channel: name,
        fields,
      });
      return;
    }
    // A reject names the channel of the one who receives it.
    const owner = packet.type === 'reject' ? this.readers[direction === 'in' ? 'out' : 'in'] : readers;
    const reader = owner.get(channel);
    const name = reader?.name ?? '';
    if (packet.type !== 'message') {
      const fields = [{ name: 'channel', value: String(channel) }];
      this.tell({
        direction,
        kind: 'channel',
        type: packet.type,
        bytes: 0,
        summary: '',
        channel: name,
        fields,
      });
      owner.delete(channel);
      return;
    }
    this.decoded = null;
    reader?.packets.next(packet);
    const { messageType, body } = packet;
    const described =
      this.decoded === null
        ? { kind: 'extension' as const, summary: 'not known here', fields: [] }
        : describeMessage(this.decoded);
    const type = (this.decoded as Message | null)?.type ?? `message ${messageType}`;
    this.tell({ direction, type, bytes: body.length, channel: name, ...described });
  }

  private reader(channel: number, name: string): Reader {
    const packets = new Subject<Packet>();
    packets.pipe(decodeMessages({ channel })).subscribe({
      next: message => (this.decoded = message),
      error: () => undefined, // the connection itself ends with that error
    });
    return { packets, name };
  }
}
