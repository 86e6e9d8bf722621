import { ByteCache } from '../../lib/log/ByteCache.js';
import { NodeStore } from '../../lib/log/NodeStore.js';
import { StorageFailedError } from '../../lib/logErrors.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { memoryStorage } from '../../lib/storage/memory/memoryStorage.js';
import { fill } from '../helpers/bytes.js';
import { gate, hookedStorage } from '../helpers/hookedStorage.js';
import { settle } from '../helpers/settle.js';

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

  it('reads what stays while what was cut off goes', async () => {
    const late = gate();
    const storage = hookedStorage(async ({ operation, run }) => {
      await run();
      if (operation === 'truncate') await late.passed;
    });
    const pages = new ByteCache<Uint8Array>(0x10000, page => page.length);
    const store = await NodeStore.open(await storage.open('tree'), pages);
    store.put(Array.from({ length: 47 }, (_, i) => node(i)));
    await store.flush();
    store.cut(20);
    const flushed = store.flush();
    await settle();
    expect(await store.get(4)).toEqual(node(4));
    expect(await store.get(38)).toEqual(node(38));
    expect(await store.get(40)).toBeNull();
    late.open();
    await flushed;
    expect(await store.get(4)).toEqual(node(4));
  });

  it('does not bring back what was cut when what came in its place is taken back', async () => {
    const store = await NodeStore.open(await memoryStorage().open('tree'), null);
    store.put([0, 1, 2, 3, 4, 5, 6].map(index => node(index)));
    await store.flush();
    store.cut(3);
    expect(await store.get(3)).toBeNull();
    store.takeBack(store.put([node(3, 99)]));
    expect(await store.get(3)).toBeNull();
    await store.flush();
    expect(await store.get(3)).toBeNull();
    expect(await store.get(1)).toEqual(node(1));
    store.takeBack(store.put([node(3, 98)]));
    expect(await store.get(3)).toBeNull();
  });

  it('sizes a sibling in the place of one that was cut, and takes it back likewise', async () => {
    const store = await NodeStore.open(await memoryStorage().open('tree'), null);
    store.put([0, 1, 2, 3, 4, 5, 6].map(index => node(index)));
    await store.flush();
    store.cut(3);
    store.putLoose([node(3, 20), node(11, 30)]);
    const added = store.put([node(11, 40)]);
    expect(added.map(({ index, size }) => [index, size])).toEqual([
      [11, 40],
      [3, 10],
    ]);
    store.takeBack(added);
    expect(await store.get(3)).toBeNull();
    expect(await store.get(11)).toBeNull();
  });

  it('forgets what a flush that failed left behind the end', async () => {
    const storage = memoryStorage();
    let failing = true;
    const hooked = hookedStorage(async ({ operation, offset, run }) => {
      await run();
      if (failing && operation === 'write' && offset === 0)
        throw new StorageFailedError('tree', new Error('as told'));
    }, storage);
    const store = await NodeStore.open(await hooked.open('tree'), null);
    store.put([node(0), node(10)]);
    await expectAsync(store.flush()).toBeRejectedWith(
      jasmine.objectContaining({ code: 'ERR_STORAGE_FAILED' }),
    );
    failing = false;
    store.cut(1);
    store.put([node(20)]);
    await store.flush();
    expect(await store.get(0)).toEqual(node(0));
    expect(await store.get(10)).toBeNull();
    expect(await store.get(20)).toEqual(node(20));
  });
});
