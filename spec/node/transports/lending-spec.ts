import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Observer } from 'rxjs';
import { tcpConnect } from '../../../lib/transports/tcp.js';
import type { Transport } from '../../../lib/transports/Transport.js';

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i === 400) throw new Error('the condition did not become true in two seconds');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
};

describe('a dialled TCP transport', () => {
  let server: Server;
  let accepted: Socket[];
  /** What was taken in the current spec; a transport of the one before may still be ending. */
  let seen: { chunks: Uint8Array[]; copies: string[]; ended: string | null };
  let observer: Observer<Uint8Array>;

  beforeEach(async () => {
    accepted = [];
    const mine: typeof seen = { chunks: [], copies: [], ended: null };
    seen = mine;
    observer = {
      next: chunk => {
        mine.chunks.push(chunk);
        mine.copies.push(Buffer.from(chunk).toString());
      },
      error: () => (mine.ended = 'error'),
      complete: () => (mine.ended = 'complete'),
    };
    server = createServer(socket => accepted.push(socket.on('error', () => undefined)));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  const dial = async (): Promise<Transport> => {
    const { port } = server.address() as AddressInfo;
    const transport = await new Promise<Transport>((resolve, reject) => {
      tcpConnect({ port }).subscribe({ next: resolve, error: reject });
    });
    await until(() => accepted.length > 0);
    return transport;
  };

  it('reads nothing before somebody takes it', async () => {
    const transport = await dial();
    accepted[0].write('early');
    await new Promise(resolve => setTimeout(resolve, 30));
    transport.subscribe(observer);
    await until(() => seen.copies.join('') === 'early');
    transport.error(new Error('done'));
  });

  it('lends the same memory again and again, and gives seen.copies to subscribers', async () => {
    const [lender, giver] = [await dial(), await dial()];
    await until(() => accepted.length === 2);
    lender.lend!(observer);
    const given: Uint8Array[] = [];
    giver.subscribe(chunk => given.push(chunk));
    for (const text of ['one', 'two', 'three']) {
      for (const socket of accepted) socket.write(text);
      await until(() => seen.copies.at(-1) === text && given.length === seen.copies.length);
    }
    expect(new Set(seen.chunks.map(chunk => chunk.buffer)).size).toBe(1);
    expect(seen.chunks.every(chunk => chunk.byteOffset === 0)).toBe(true);
    expect(given.map(chunk => Buffer.from(chunk).toString())).toEqual(['one', 'two', 'three']);
    for (const transport of [lender, giver]) transport.error(new Error('done'));
  });

  it('stops and goes on, and tells of the end after the last byte', async () => {
    const transport = await dial();
    transport.lend!(observer);
    transport.pause!();
    accepted[0].end('x'.repeat(600_000));
    await new Promise(resolve => setTimeout(resolve, 30));
    // A chunk may still arrive.
    expect(seen.chunks.length).toBeLessThan(2);
    expect(seen.ended).toBeNull();
    const before = seen.chunks.length;
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(seen.chunks.length).toBe(before);
    transport.resume!();
    await until(() => seen.ended !== null);
    expect(seen.copies.join('').length).toBe(600_000);
    expect(seen.ended).toBe('complete');
    transport.complete();
  });

  it('has one taker at a time', async () => {
    const transport = await dial();
    const subscription = transport.lend!(observer);
    let refused: unknown = null;
    transport.lend!({ ...observer, error: (error: unknown) => (refused = error) });
    expect(refused).toBeInstanceOf(TypeError);
    accepted[0].write('to the first');
    await until(() => seen.copies.join('') === 'to the first');
    subscription.unsubscribe();
    const given: Uint8Array[] = [];
    transport.subscribe(chunk => given.push(chunk));
    accepted[0].write('to the next');
    await until(() => given.length === 1);
    expect(given[0].buffer).not.toBe(seen.chunks[0].buffer);
    transport.error(new Error('done'));
  });

  it('fails with the socket', async () => {
    const transport = await dial();
    transport.lend!(observer);
    accepted[0].resetAndDestroy();
    await until(() => seen.ended !== null);
    expect(seen.ended).toBe('error');
  });
});
