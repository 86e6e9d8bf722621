// What Node's sockets alone allow: the bytes of a bulk transfer on the wire, written as a connection writes them, and
// nothing done with them.
import net from 'node:net';

export default {
  title: 'sockets alone, as many bytes one way, nothing in between',
  unit: 'MB/s',
  kind: 'socket',
  sides: ['native'],
  parameters: { count: 4096, bytes: 65_536 },
  async run(_side, { count, bytes }) {
    const server = net.createServer({ noDelay: true });
    await new Promise(listening => server.listen(0, '127.0.0.1', listening));
    const accepted = new Promise(resolve => server.once('connection', resolve));
    const client = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
    const writer = await accepted;
    const message = new Uint8Array(bytes + 27); // with its length, channel and fields, tag and MAC
    const started = performance.now();
    await new Promise((done, fail) => {
      let missing = count * message.length;
      let left = count;
      const write = () => {
        while (left-- > 0) if (!writer.write(message)) return writer.once('drain', write);
      };
      client.on('data', chunk => (missing -= chunk.length) === 0 && done());
      client.on('error', fail);
      write();
    });
    const seconds = (performance.now() - started) / 1000;
    client.destroy();
    server.close();
    return { seconds, units: count, bytes: count * bytes };
  },
};
