// What Node's sockets alone allow: the same bytes to and fro as an echo of 1,000 B takes on the wire, and nothing done
// with them.
import net from 'node:net';

export default {
  title: 'sockets alone, echo of as many bytes, nothing in between',
  unit: 'echoes/s',
  kind: 'socket',
  sides: ['native'],
  parameters: { count: 5000, bytes: 1036 },
  async run(_side, { count, bytes }) {
    const server = net.createServer({ noDelay: true }, socket =>
      socket.on('data', chunk => socket.write(chunk)),
    );
    await new Promise(listening => server.listen(0, '127.0.0.1', listening));
    const client = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
    await new Promise(connected => client.once('connect', connected));
    const message = new Uint8Array(bytes);
    const started = performance.now();
    await new Promise(done => {
      let received = 0;
      let echoes = 0;
      client.on('data', chunk => {
        received += chunk.length;
        if (received < bytes) return;
        received = 0;
        if (++echoes === count) done();
        else client.write(message);
      });
      client.write(message);
    });
    const seconds = (performance.now() - started) / 1000;
    client.destroy();
    server.close();
    return { seconds, units: count, bytes: count * bytes };
  },
};
