import { encodeFrame } from '../../../lib/framing/encodeFrame.js';
import { FrameDecoder } from '../../../lib/framing/FrameDecoder.js';

const collect = (globalThis as { gc?: () => void }).gc;

describe('FrameDecoder, memory of the process', () => {
  beforeEach(() => {
    if (collect === undefined) throw new Error('run with --expose-gc');
  });

  it('is not reserved because a prefix says so', () => {
    collect?.();
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = new FrameDecoder();
      decoder.push(Uint8Array.of(0xff, 0xff, 0xff, 1));
      decoder.next();
      return decoder;
    });
    // Announced are more than 3 GB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 20_000);
    expect(decoders.every(decoder => decoder.buffered === 4)).toBe(true);
  });

  it('is in proportion to the bytes that arrived, when they arrive one by one', () => {
    collect?.();
    const decoder = new FrameDecoder();
    const before = process.memoryUsage();
    decoder.push(Uint8Array.of(0xff, 0xff, 0xff));
    for (let i = 0; i < 500_000; i++) {
      decoder.push(Uint8Array.of(i));
      if (decoder.next() !== null) fail('too early');
    }
    collect?.();
    const after = process.memoryUsage();
    expect(decoder.buffered).toBe(500_003);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4.5 * 500_000);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(4 * 500_000);
  });

  it('is in proportion to the bytes that arrived, when nobody pulls and they arrive one by one', () => {
    collect?.();
    const before = process.memoryUsage();
    const decoder = new FrameDecoder();
    for (let i = 0; i < 500_000; i++) decoder.push(Uint8Array.of(i));
    collect?.();
    const after = process.memoryUsage();
    expect(decoder.buffered).toBe(500_000);
    const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    expect(held).toBeLessThan(2 * 500_000);
    expect(decoder.release()).toEqual(Uint8Array.from({ length: 500_000 }, (_, i) => i));
  });

  it('does not keep a chunk that is used up', async () => {
    const decoder = new FrameDecoder();
    const references: WeakRef<ArrayBufferLike>[] = [];
    const feed = (chunk: Uint8Array): void => {
      references.push(new WeakRef(chunk.buffer));
      decoder.push(chunk);
      while (decoder.next() !== null);
    };
    feed(encodeFrame(new Uint8Array(50_000)));
    feed(encodeFrame(new Uint8Array(50_000)).slice(0, 20_000));
    feed(encodeFrame(new Uint8Array(50_000)).slice(20_000));
    feed(new Uint8Array([1, 0]));
    // A WeakRef holds on until the turn of the event loop is over.
    await new Promise(resolve => setTimeout(resolve, 0));
    collect?.();
    expect(references.map(reference => reference.deref())).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(decoder.buffered).toBe(2);
  });
});
