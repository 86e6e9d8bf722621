import { PlaintextSlab } from '../../lib/crypto/PlaintextSlab.js';
import { Random } from '../helpers/random.js';

describe('PlaintextSlab', () => {
  it('hands out no byte twice', () => {
    const random = new Random('PlaintextSlab');
    const slab = new PlaintextSlab();
    const taken: { room: Uint8Array; mark: number }[] = [];
    for (let n = 0; n < 2000; n++) {
      const bytes = random.integer(0, random.next() < 0.2 ? 3000 : 200);
      const room = slab.take(bytes);
      expect(room.length).toBe(bytes);
      if (random.next() < 0.2) slab.giveBack(room);
      else taken.push({ room: room.fill(n % 251), mark: n % 251 });
    }
    for (const { room, mark } of taken) {
      if (!room.every(byte => byte === mark)) fail('a byte was handed out twice');
    }
  });

  it('gives short and long arrays a buffer of their own, and shares one of 1 to 16 KiB among the others', () => {
    const slab = new PlaintextSlab();
    const buffers = new Set<ArrayBufferLike>();
    for (const bytes of [0, 1, 64, 2049, 65_536]) expect(slab.take(bytes).buffer.byteLength).toBe(bytes);
    for (let n = 0; n < 2000; n++) buffers.add(slab.take(100).buffer);
    const lengths = [...buffers].map(buffer => buffer.byteLength);
    expect(lengths.slice(0, 6)).toEqual([1024, 2048, 4096, 8192, 16_384, 16_384]);
    expect(Math.max(...lengths)).toBe(16_384);
  });

  it('begins with a buffer that is long enough', () => {
    expect(new PlaintextSlab().take(2048).buffer.byteLength).toBe(2048);
  });

  it('takes back only what it gave last', () => {
    const slab = new PlaintextSlab();
    const [a, b] = [slab.take(100), slab.take(100)];
    slab.giveBack(b);
    expect(slab.take(100).byteOffset).toBe(b.byteOffset);
    slab.giveBack(new Uint8Array(100));
    expect(slab.take(100).byteOffset).toBe(b.byteOffset + 100);
    expect(a.byteOffset).toBe(0);
  });
});
