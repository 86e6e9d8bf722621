import { rest } from '../../lib/encoding/rest.js';
import { text } from '../../lib/encoding/text.js';
import {
  type MuxChannel,
  type MuxChannelOptions,
  type MuxOptions,
  MuxState,
  type PairRequest,
} from '../../lib/mux/MuxState.js';
import { hex, unhex } from '../helpers/bytes.js';

/** A multiplexer under test: what it writes and what its channels are told, in one list. */
export class MuxBench {
  readonly log: string[] = [];
  readonly mux: MuxState;
  /** Where its payloads go besides the log. */
  peer: MuxBench | null = null;
  readonly requests: PairRequest[] = [];

  constructor(options: Partial<MuxOptions> = {}) {
    this.mux = new MuxState({
      output: {
        payload: (buffer, start, end) => {
          this.log.push(hex(buffer.subarray(start, end)));
          this.peer?.mux.receive(buffer.slice(start, end));
        },
      },
      onPressure: paused => this.log.push(paused ? 'pause' : 'resume'),
      ...options,
    });
  }

  channel(
    name: string,
    protocol: string,
    options: Partial<MuxChannelOptions<Uint8Array>> = {},
  ): MuxChannel<Uint8Array> {
    const channel = this.mux.createChannel<Uint8Array>({
      protocol,
      messages: [text, null, rest],
      ...options,
      handlers: {
        onopen: handshake => {
          this.log.push(`${name} open${handshake === undefined ? '' : ` ${hex(handshake)}`}`);
          options.handlers?.onopen?.(handshake);
        },
        onmessage: (type, value) => {
          this.log.push(`${name} ${type} ${typeof value === 'string' ? value : hex(value as Uint8Array)}`);
          options.handlers?.onmessage?.(type, value);
        },
        onclose: (isRemote, reason) => {
          this.log.push(
            `${name} ${reason}${isRemote === (reason === 'local') ? ' (isRemote is wrong)' : ''}`,
          );
          options.handlers?.onclose?.(isRemote, reason);
        },
        ...(options.handlers !== undefined && 'ondrain' in options.handlers
          ? { ondrain: () => options.handlers?.ondrain?.() }
          : {}),
      },
    });
    if (channel === null) throw new Error('null');
    return channel;
  }

  /** Keeps the requests for a protocol instead of settling them. */
  hold(protocol: string): void {
    this.mux.pair(protocol, null, request => this.requests.push(request));
  }

  receive(...frames: string[]): void {
    for (const frame of frames) this.mux.receive(unhex(frame));
  }

  /** The log since the last call. */
  take(): string[] {
    return this.log.splice(0);
  }

  /** Two that hear each other. */
  static pair(options: Partial<MuxOptions> = {}): [MuxBench, MuxBench] {
    const [a, b] = [new MuxBench(options), new MuxBench(options)];
    a.peer = b;
    b.peer = a;
    return [a, b];
  }
}

/** The open of a channel of protocol "p", id by number or none. */
export function openFrame(channel: string, id = '00', handshake = ''): string {
  return `0001${channel}0170${id}${handshake}`;
}
