import type { Observable } from 'rxjs';
import { messagePortTransport, type Transport, webSocketConnect } from 'rx-hypercore';
import { complies } from '../transports/compliance.js';
import { openedPair } from '../transports/openedPair.js';
import { dataChannelPair } from './dataChannelPair.js';
import { serverFacts } from './serverFacts.js';

complies('webSocketConnect in a browser', {
  pair: () => {
    const url = `${serverFacts().webSocketOrigin}/pair?${Math.random()}`;
    const dial = (): Observable<Transport> => webSocketConnect(() => Promise.resolve(url));
    return openedPair(dial(), dial(), () => undefined);
  },
  halfClose: false,
  pausesSender: false,
  tellsFailure: true,
});

complies('messagePortTransport over a Worker', {
  pair: () => {
    const worker = new Worker('/worker.js', { type: 'module' });
    return openedPair(
      messagePortTransport(worker, { local: 'a', remote: 'worker-a' }),
      messagePortTransport(worker, { local: 'b', remote: 'worker-b' }),
      () => worker.terminate(),
    );
  },
  halfClose: true,
  pausesSender: true,
  tellsFailure: true,
});

complies('dataChannelTransport between two RTCPeerConnections', {
  pair: () => dataChannelPair(),
  halfClose: true,
  pausesSender: false,
  tellsFailure: true,
});
