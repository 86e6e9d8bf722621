import { createHook } from 'node:async_hooks';
import type { Message } from '../../../lib/messages/Message.js';
import { want } from '../../../lib/messages/want.js';
import { fill } from '../../helpers/bytes.js';
import { protocolPair, until } from '../../connection/pair.js';

describe('a message', () => {
  const key = fill(32, 1);
  const message = want({ start: 1, length: 2 });

  const connected = async () => {
    const { a, b, subscription } = protocolPair({ handshake: false });
    const from = a.open(key);
    const to = b.open(key);
    await until(() => from.isOpen && to.isOpen);
    let heard = 0;
    let last: Message | null = null;
    to.subscribe(each => {
      heard++;
      last = each;
    });
    const round = async (count: number): Promise<void> => {
      const wanted = heard + count;
      for (let i = 0; i < count; i++) from.next(message);
      while (heard < wanted) await Promise.resolve();
      expect(last).toEqual(message);
    };
    return { from, round, subscription };
  };

  it('costs no promise: those of a tick are as many for one message as for thousands', async () => {
    const { round, subscription } = await connected();
    let promises = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'PROMISE') promises++;
      },
    });
    const promisesOf = async (count: number): Promise<number> => {
      hook.enable();
      promises = 0;
      await round(count);
      hook.disable();
      return promises;
    };
    await promisesOf(1);
    const one = await promisesOf(1);
    expect(one).toBeGreaterThan(0);
    expect(await promisesOf(3000)).toBeLessThan(one + 10);
    subscription.unsubscribe();
  });

  it('that is sent costs no closure and no array: less memory than the smallest of them takes', async () => {
    const { from, round, subscription } = await connected();
    for (let i = 0; i < 20; i++) await round(3000);
    const costs: number[] = [];
    for (let i = 0; i < 15; i++) {
      // A whole collection would discard compiled code, too, and compiling takes memory.
      globalThis.gc!({ type: 'minor', execution: 'sync' });
      const before = process.memoryUsage().heapUsed;
      for (let n = 0; n < 5000; n++) from.next(message);
      costs.push((process.memoryUsage().heapUsed - before) / 5000);
      await round(1);
    }
    costs.sort((x, y) => x - y);
    // An empty array takes 32 bytes in Node, a closure 64. A number takes 16 where code that is not optimised reads a field
    // that once held a large one, as other specs see to.
    expect(costs[7]).toBeLessThan(24);
    subscription.unsubscribe();
  });
});
