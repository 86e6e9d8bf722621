import { text } from '../../../lib/encoding/text.js';
import { multiplex } from '../../../lib/mux/Multiplexer.js';
import { officialProtomux, settled } from '../mux/OfficialProtomux.js';

const count = 10_000;

describe('10,000 channels with the real Protomux', () => {
  it('open, carry a message and close three times over, under the same ids on both sides', async () => {
    const { mux: theirs, link, errors } = officialProtomux();
    const ours = multiplex()(link);
    const ids = Array.from({ length: count }, (_, n) => Uint8Array.of(n >> 8, n));
    for (const weClose of [true, false, true]) {
      const told = { heard: 0, completed: 0, closed: 0 };
      const there = ids.map(id => {
        const channel = theirs.createChannel({
          protocol: 'many',
          id,
          messages: [{ encoding: text, onmessage: () => told.heard++ }],
          onclose: () => told.closed++,
        })!;
        channel.open();
        return channel;
      });
      const here = ids.map(id => {
        const channel = ours.channel({ protocol: 'many', id, messages: { say: text } });
        channel.subscribe({ complete: () => told.completed++ });
        channel.next({ type: 'say', value: 'hello' });
        return channel;
      });
      while (told.heard < count && errors.length === 0) await settled();
      expect(ours.size).toBe(count);
      for (const channel of weClose ? here : there) {
        if ('complete' in channel) channel.complete();
        else channel.close();
      }
      while ((told.closed < count || told.completed < count) && errors.length === 0) await settled();
      expect(told).toEqual({ heard: count, completed: count, closed: count });
      expect(ours.size).toBe(0);
      // Its tables of our ids and of its own: none has grown beyond what was open at a time.
      const { _remote, _local } = theirs as unknown as Record<'_remote' | '_local', unknown[]>;
      expect([_remote.length, _local.length]).toEqual([count, count]);
    }
    expect(errors).toEqual([]);
    ours.destroy();
  });
});
