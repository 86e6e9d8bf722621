import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../../helpers/random.js';

/** How a relay passes on the bytes of one direction. */
export interface Handling {
  /** Where to cut what has arrived into writes: anywhere, only between frames, or nowhere. */
  readonly cuts: 'anywhere' | 'frames' | 'none';
  /** The longest piece of a cut, in bytes. */
  readonly longest?: number;
  /** The longest pause after a piece, in milliseconds. */
  readonly pauseMs?: number;
}

/** Stands between two ends of a TCP connection and cuts their bytes as a network may. */
export class Relay {
  private static readonly open = new Set<Relay>();

  static closeAll(): void {
    for (const relay of Relay.open) relay.close();
  }

  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private target = 0;
  /** Pieces passed on, in both directions. */
  pieces = 0;

  constructor(
    private readonly random: Random,
    /** From whoever dials to whoever listens. */
    private readonly onward: Handling,
    private readonly back: Handling,
  ) {
    Relay.open.add(this);
    this.server = createServer({ noDelay: true }, dialler => {
      const listener = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
      for (const [from, to, handling] of [
        [dialler, listener, this.onward],
        [listener, dialler, this.back],
      ] as const) {
        this.sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        void this.pass(from, to, handling).catch(() => to.destroy());
      }
    });
  }

  /** Begins to pass on to that port; resolves with its own. */
  async listen(target: number): Promise<number> {
    this.target = target;
    await new Promise<void>(resolve => this.server.listen({ port: 0, host: '127.0.0.1' }, resolve));
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  close(): void {
    Relay.open.delete(this);
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async pass(
    from: Socket,
    to: Socket,
    { cuts, longest = 4096, pauseMs = 0 }: Handling,
  ): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of from as AsyncIterable<Buffer>) {
      let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      rest = Buffer.alloc(0);
      while (bytes.length > 0) {
        let length = bytes.length;
        if (cuts === 'anywhere') length = Math.min(length, this.random.integer(1, longest));
        if (cuts === 'frames') {
          length = wholeFrames(bytes, this.random.integer(1, 3));
          if (length === 0) {
            rest = bytes;
            break;
          }
        }
        this.pieces++;
        if (!to.write(bytes.subarray(0, length))) await new Promise(resolve => to.once('drain', resolve));
        bytes = bytes.subarray(length);
        if (pauseMs > 0) await pause(this.random.integer(0, pauseMs));
      }
    }
    to.end();
  }
}

/** Bytes of the first whole frames, at most so many of them. */
function wholeFrames(bytes: Buffer, most: number): number {
  let end = 0;
  for (let n = 0; n < most && end + 3 <= bytes.length; n++) {
    const next = end + 3 + bytes.readUIntLE(end, 3);
    if (next > bytes.length) break;
    end = next;
  }
  return end;
}

/** A wait of that many milliseconds; of 0 ms, until the next turn. */
const pause = (ms: number): Promise<void> =>
  new Promise(resolve => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
