import { ByteCache } from '../../lib/log/ByteCache.js';
import { NodeStore } from '../../lib/log/NodeStore.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { fill } from '../helpers/bytes.js';
import { gate, hookedStorage, settle } from './hookedStorage.js';

const node = (index: number, value = index + 1): TreeNode => ({ index, size: value, hash: fill(32, value) });

describe('log: the store of nodes', () => {
  it('keeps a node that came while others were written', async () => {
    const late = gate();
    const storage = hookedStorage(async ({ operation, run }) => {
      await run();
      if (operation === 'flush') await late.passed;
    });
    const store = await NodeStore.open(await storage.open('tree'), null);
    store.put([node(0), node(2)]);
    const flushed = store.flush();
    store.put([node(1)]);
    late.open();
    await flushed;
    expect(await store.get(1)).toEqual(node(1));
    await store.flush();
    expect(await store.get(1)).toEqual(node(1));
  });

  it('knows the nodes before a cut while the file is cut off', async () => {
    const late = gate();
    const storage = hookedStorage(async ({ operation, run }) => {
      await run();
      if (operation === 'truncate') await late.passed;
    });
    const pages = new ByteCache<Uint8Array>(0x10000, page => page.length);
    const store = await NodeStore.open(await storage.open('tree'), pages);
    store.put(Array.from({ length: 127 }, (_, index) => node(index)));
    await store.flush();
    store.cut(60);
    const flushed = store.flush();
    await settle();
    expect(await store.get(116)).toEqual(node(116));
    expect(await store.get(120)).toBeNull();
    late.open();
    await flushed;
    expect(await store.get(116)).toEqual(node(116));
  });

  it('takes back a node that could not be stored, and not the cut before it', async () => {
    const store = await NodeStore.open(await memoryStorage().open('tree'), null);
    store.put([0, 1, 2, 3, 4, 5, 6].map(index => node(index)));
    await store.flush();
    store.cut(3);
    expect(await store.get(3)).toBeNull();
    store.takeBack(store.put([node(3, 99), node(5, 98)]));
    expect([await store.get(3), await store.get(5)]).toEqual([null, null]);
    await store.flush();
    expect([await store.get(3), await store.get(5)]).toEqual([null, null]);
    expect(await store.get(4)).toEqual(node(4));
  });
});
