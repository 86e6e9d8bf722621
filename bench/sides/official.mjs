// The official JavaScript stack in Node, on sodium-native.
import { createRequire } from 'node:module';
import net from 'node:net';
import { officialSide } from './officialSide.mjs';

const require = createRequire(import.meta.url);

const wire = officialSide(
  {
    SecretStream: require('@hyperswarm/secret-stream'),
    Protomux: require('protomux'),
    wire: require('hypercore-11/lib/messages').wire,
    capability: require('hypercore-11/lib/caps').replicate,
    discoveryKey: require('hypercore-crypto').discoveryKey,
  },
  sockets,
);

export const official = {
  ...wire,
  logs: async () => (await import('../log/officialLogs.mjs')).officialLogs(),
};

function sockets() {
  return new Promise((resolve, reject) => {
    let a;
    const server = net.createServer({ noDelay: true }, b => {
      server.close();
      resolve([a, b]);
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      a = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
      a.on('error', reject);
    });
  });
}
