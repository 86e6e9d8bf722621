import { dataChannelTransport } from 'rx-hypercore';
import { fill } from '../helpers/bytes.js';
import { dataChannelPair } from './dataChannelPair.js';

describe('dataChannelTransport', () => {
  it('keeps maxInboundBytes for a reader that has paused, and fails at one byte more', async () => {
    for (const over of [0, 1]) {
      const pair = await dataChannelPair({ maxInboundBytes: 1000 });
      const { a, b } = pair;
      let read = 0;
      const outcome = new Promise<{ limit?: string; received?: number } | null>(resolve => {
        b.subscribe({ next: chunk => (read += chunk.length), error: resolve, complete: () => resolve(null) });
      });
      b.pause!();
      a.subscribe({ error: () => undefined });
      a.next(fill(600, 1));
      a.next(fill(400 + over, 2));
      a.complete(); // behind it: what was too much has come before
      if (over === 0) {
        await new Promise(resolve => setTimeout(resolve, 200));
        b.resume!();
        expect(await outcome).toBeNull();
        expect(read).toBe(1000);
      } else {
        const { limit, received } = (await outcome)!;
        expect({ limit, received, read }).toEqual({ limit: 'maxInboundBytes', received: 1001, read: 0 });
      }
      await pair.dispose();
    }
  });

  it('refuses a channel that may lose or reorder, and numbers that make no sense', () => {
    const connection = new RTCPeerConnection();
    for (const init of [{ ordered: false }, { maxRetransmits: 0 }, { maxPacketLifeTime: 100 }])
      expect(() => dataChannelTransport(connection.createDataChannel('lossy', init))).toThrowError(TypeError);
    const channel = connection.createDataChannel('sound');
    for (const options of [
      { maxInboundBytes: 0 },
      { maxMessageBytes: 0.5 },
      { highWaterMarkBytes: 10, lowWaterMarkBytes: 10 },
      { connectTimeoutMs: -1 },
      { connectTimeoutMs: 2 ** 31 },
    ])
      expect(() => dataChannelTransport(channel, options)).toThrowError(RangeError);
    connection.close();
  });
});
