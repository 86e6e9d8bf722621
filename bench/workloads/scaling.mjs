// Whether a message costs the same however many others there are: 100 B messages over a pipe, spread evenly over more
// and more channels of one connection, and over more and more connections.

const keyOf = i => {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, i);
  return key;
};

/** Sends `count` messages round the channels, 1,000 at a time, and waits for each thousand to arrive. */
async function spread(side, pairs, count, value) {
  let arrived = 0;
  let wanted = 0;
  let reached = null;
  for (const [, to] of pairs) {
    to.onmessage = () => {
      if (++arrived === wanted) reached();
    };
  }
  const round = async messages => {
    wanted += messages;
    const all = new Promise(resolve => (reached = resolve));
    for (let i = 0; i < messages; i++) pairs[(arrived + i) % pairs.length][0].send(side.data(i, value));
    await all;
  };
  await round(Math.max(5000, pairs.length));
  const started = performance.now();
  for (let sent = 0; sent < count; sent += 1000) await round(1000);
  return (performance.now() - started) / 1000;
}

async function overChannels(side, channels, count, value) {
  const ends = await side.connect({ via: 'pipe' });
  const pairs = [];
  for (let i = 0; i < channels; i++) pairs.push(await side.openChannels(ends, keyOf(i)));
  const seconds = await spread(side, pairs, count, value);
  side.disconnect(ends);
  return seconds;
}

async function overConnections(side, connections, count, value) {
  const all = [];
  const pairs = [];
  for (let i = 0; i < connections; i++) {
    const ends = await side.connect({ via: 'pipe' });
    all.push(ends);
    pairs.push(await side.openChannels(ends, keyOf(0)));
  }
  const seconds = await spread(side, pairs, count, value);
  for (const ends of all) side.disconnect(ends);
  return seconds;
}

export default {
  title: 'messages/s with more channels and more connections, 100 B over an in-memory pipe',
  unit: 'messages/s',
  kind: 'scaling',
  sides: ['native', 'official'],
  rounds: 3,
  parameters: { channels: [1, 100, 10_000], connections: [1, 30, 1000], count: 100_000, bytes: 100 },
  async run(side, { channels, connections, count, bytes }) {
    const value = new Uint8Array(bytes).fill(1);
    const figures = {};
    for (const n of channels) figures[`${n} channels`] = count / (await overChannels(side, n, count, value));
    for (const n of connections)
      figures[`${n} connections`] = count / (await overConnections(side, n, count, value));
    return { figures };
  },
};
