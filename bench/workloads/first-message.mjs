// From nothing to the first answer: connect over TCP, handshake, open a channel, one message there and one back.
import { echo } from './echo.mjs';

export default {
  title: 'first message and answer after connecting over TCP',
  unit: 'connections/s',
  floors: ['curves-alone'],
  kind: 'first-message',
  parameters: { via: 'tcp', pattern: 'XX', count: 100, bytes: 100 },
  scale: { portable: 0.1 },
  async run(side, { via, pattern, count, bytes }) {
    const started = performance.now();
    for (let i = 0; i < count; i++) await echo(side, { via, pattern, connections: 1, count: 1, bytes });
    return { seconds: (performance.now() - started) / 1000, units: count };
  },
};
