// Connections, one after the other: the handshake (Noise XX) of both ends, the stream headers, and nothing else.

export default {
  title: 'handshakes, both ends, over an in-memory pipe',
  unit: 'pairs/s',
  floors: ['curves-alone'],
  kind: 'handshakes',
  parameters: { via: 'pipe', pattern: 'XX', count: 200 },
  scale: { portable: 0.05 },
  async run(side, { via, pattern, count }) {
    const pairs = [];
    const started = performance.now();
    for (let i = 0; i < count; i++) pairs.push(await side.connect({ via, pattern }));
    const seconds = (performance.now() - started) / 1000;
    for (const ends of pairs) side.disconnect(ends);
    return { seconds, units: count };
  },
};
