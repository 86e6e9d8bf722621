import { Subscription } from 'rxjs';
import { WebSocket } from 'ws';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Transport } from '../../../lib/transports/Transport.js';
import { nodeDuplex } from '../../../lib/transports/nodeDuplex.js';
import { webSocketListen } from '../../../lib/transports/node/webSocketListen.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import { webSocketConnect } from '../../../lib/transports/webSocketConnect.js';
import { complies } from '../../transports/compliance.js';

/** A server's end and a client's, however they listen and dial. */
async function joined(
  listen: (bound: (port: number) => void) => { subscribe(use: (transport: Transport) => void): Subscription },
  dial: (port: number) => { subscribe(use: (transport: Transport) => void): Subscription },
) {
  const open = new Subscription();
  const [a, b] = await new Promise<[Transport, Transport]>(resolve => {
    let accepted: Transport | undefined;
    let dialled: Transport | undefined;
    const ready = (): void => {
      if (accepted !== undefined && dialled !== undefined) resolve([dialled, accepted]);
    };
    const bound = (port: number): void =>
      void open.add(
        dial(port).subscribe(transport => {
          dialled = transport;
          ready();
        }),
      );
    open.add(
      listen(bound).subscribe(transport => {
        accepted = transport;
        ready();
      }),
    );
  });
  return { a, b, dispose: () => open.unsubscribe() };
}

complies('tcpConnect and tcpListen', {
  pair: () =>
    joined(
      bound => tcpListen({ port: 0, listening: ({ port }) => bound(port) }),
      port => tcpConnect({ port }),
    ),
  halfClose: false,
  pausesSender: true,
  tellsFailure: false,
});

complies('nodeDuplex over sockets', {
  pair: async () => {
    const accepted = new Promise<Socket>(resolve => {
      const server = createServer({ allowHalfOpen: true }, socket => {
        server.close();
        resolve(socket);
      }).listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        dialled = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      });
    });
    let dialled: Socket | undefined;
    const other = await accepted;
    const [a, b] = [nodeDuplex(dialled!), nodeDuplex(other)];
    return {
      a,
      b,
      dispose: () => {
        dialled!.destroy();
        other.destroy();
      },
    };
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: false,
});

for (const serverFirst of [false, true]) {
  complies(`webSocketConnect and webSocketListen, ${serverFirst ? 'the server' : 'the client'} sending`, {
    pair: async () => {
      const pair = await joined(
        bound => webSocketListen({ port: 0, listening: ({ port }) => bound(port) }),
        port => webSocketConnect(`ws://127.0.0.1:${port}`, { WebSocket }),
      );
      return serverFirst ? { ...pair, a: pair.b, b: pair.a } : pair;
    },
    halfClose: false,
    pausesSender: true,
    tellsFailure: true,
  });
}
