import { memoryPair } from '../../lib/transports/memoryPair.js';
import { messagePortTransport } from '../../lib/transports/messagePortTransport.js';
import { webStreamTransport } from '../../lib/transports/webStreamTransport.js';
import { complies } from './compliance.js';
import { openedPair } from './openedPair.js';

complies('memoryPair', {
  pair: () => {
    const [a, b] = memoryPair();
    return { a, b, dispose: () => undefined };
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: true,
});

complies('webStreamTransport', {
  pair: () => {
    const [there, back] = [1, 2].map(
      () => new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(),
    );
    const a = webStreamTransport({ readable: back.readable, writable: there.writable });
    const b = webStreamTransport({ readable: there.readable, writable: back.writable });
    return { a, b, dispose: () => undefined };
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: true,
});

complies('messagePortTransport over a MessageChannel', {
  pair: async () => {
    const { port1, port2 } = new MessageChannel();
    return openedPair(messagePortTransport(port1), messagePortTransport(port2), () => {
      port1.close();
      port2.close();
    });
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: true,
});

complies('messagePortTransport over a BroadcastChannel that others use', {
  pair: async () => {
    const name = `rx-hypercore-${Math.random()}`;
    const [one, two, three] = [1, 2, 3].map(() => new BroadcastChannel(name));
    const noise = setInterval(() => three.postMessage('not ours'), 1);
    return openedPair(
      messagePortTransport(one, { local: 'one', remote: 'two' }),
      messagePortTransport(two, { local: 'two', remote: 'one' }),
      () => {
        clearInterval(noise);
        for (const channel of [one, two, three]) channel.close();
      },
    );
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: true,
});
