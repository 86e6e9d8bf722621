// Whether a message costs the same however many others there are: 100 B messages over a pipe, spread evenly over more
// and more channels of one connection, and over more and more connections. Over one connection a thousand messages are
// gathered at a time; of many connections each sends ten at a time, because what one turn has for a connection leaves as
// one record, and the number of records must not depend on the number of connections.

const keyOf = i => {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, i);
  return key;
};

/** Sends `count` messages round the pairs, `burst` at a time to each and `together` in all, and waits for those to arrive. */
async function spread(side, pairs, { count, value, burst, together }) {
  let arrived = 0;
  let wanted = 0;
  let at = 0;
  let reached = null;
  for (const [, to] of pairs) {
    to.onmessage = () => {
      if (++arrived === wanted) reached();
    };
  }
  const round = async () => {
    wanted += together;
    const all = new Promise(resolve => (reached = resolve));
    for (let i = 0; i < together; i += burst) {
      const [from] = pairs[at++ % pairs.length];
      for (let n = 0; n < burst; n++) from.send(side.data(n, value));
    }
    await all;
  };
  const warmup = Math.max(5000, burst * pairs.length);
  for (let sent = 0; sent < warmup; sent += together) await round();
  const started = performance.now();
  for (let sent = 0; sent < count; sent += together) await round();
  return (performance.now() - started) / 1000;
}

async function overChannels(side, channels, work) {
  const ends = await side.connect({ via: 'pipe' });
  const pairs = [];
  for (let i = 0; i < channels; i++) pairs.push(await side.openChannels(ends, keyOf(i)));
  const seconds = await spread(side, pairs, { ...work, burst: 1, together: 1000 });
  side.disconnect(ends);
  return seconds;
}

async function overConnections(side, connections, work) {
  const all = [];
  const pairs = [];
  for (let i = 0; i < connections; i++) {
    const ends = await side.connect({ via: 'pipe' });
    all.push(ends);
    pairs.push(await side.openChannels(ends, keyOf(0)));
  }
  const seconds = await spread(side, pairs, { ...work, burst: 10, together: 10 });
  for (const ends of all) side.disconnect(ends);
  return seconds;
}

export default {
  title: 'messages/s with more channels and more connections, 100 B over an in-memory pipe',
  unit: 'messages/s',
  kind: 'scaling',
  sides: ['native', 'official'],
  rounds: 3,
  weight: 4,
  whole: true,
  parameters: { channels: [1, 100, 10_000], connections: [1, 30, 1000], count: 50_000, bytes: 100 },
  async run(side, { channels, connections, count, bytes }) {
    const work = { count, value: new Uint8Array(bytes).fill(1) };
    const figures = {};
    for (const n of channels) figures[`${n} channels`] = count / (await overChannels(side, n, work));
    for (const n of connections) figures[`${n} connections`] = count / (await overConnections(side, n, work));
    return { figures };
  },
};
