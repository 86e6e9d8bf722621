// What is held while nothing happens: heap and buffers per end of an idle connection, and per end of an open channel.

const settle = async () => {
  for (let i = 0; i < 4; i++) {
    await new Promise(resolve => setTimeout(resolve, 50));
    globalThis.gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

async function connections(side, count) {
  const before = await settle();
  const pairs = [];
  for (let i = 0; i < count; i++) pairs.push(await side.connect({ via: 'pipe' }));
  const bytes = ((await settle()) - before) / (2 * count);
  for (const ends of pairs) side.disconnect(ends);
  return bytes;
}

async function channels(side, count) {
  const ends = await side.connect({ via: 'pipe' });
  const before = await settle();
  const open = [];
  for (let i = 0; i < count;) {
    const some = [];
    for (let n = 0; n < 100 && i < count; n++, i++) {
      const key = new Uint8Array(32);
      new DataView(key.buffer).setUint32(0, i);
      some.push(side.openChannels(ends, key));
    }
    open.push(...(await Promise.all(some)));
  }
  const bytes = ((await settle()) - before) / (2 * count);
  if (open.length !== count) throw new Error('not every channel opened');
  side.disconnect(ends);
  return bytes;
}

export default {
  title: 'memory per end: 1,000 idle connections, 10,000 channels of one connection',
  unit: 'bytes',
  kind: 'memory',
  sides: ['native', 'official'],
  rounds: 3,
  weight: 3,
  parameters: { connections: 1000, channels: 10_000 },
  async run(side, parameters) {
    await connections(side, 20);
    await channels(side, 20);
    return {
      figures: {
        'per idle connection': await connections(side, parameters.connections),
        'per channel': await channels(side, parameters.channels),
      },
    };
  },
};
