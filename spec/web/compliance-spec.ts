import { defer, type Observable, switchMap } from 'rxjs';
import { dataChannelTransport, messagePortTransport, type Transport, webSocketConnect } from 'rx-hypercore';
import { complies } from '../transports/compliance.js';
import { openedPair } from '../transports/openedPair.js';
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
  pair: async () => {
    const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.addEventListener(
      'icecandidate',
      ({ candidate }) => void other.addIceCandidate(candidate ?? undefined),
    );
    other.addEventListener(
      'icecandidate',
      ({ candidate }) => void one.addIceCandidate(candidate ?? undefined),
    );
    const here = dataChannelTransport(one.createDataChannel('bytes'));
    const there = defer(
      () =>
        new Promise<RTCDataChannel>(resolve =>
          other.addEventListener('datachannel', ({ channel }) => resolve(channel)),
        ),
    ).pipe(switchMap(channel => dataChannelTransport(channel)));
    await one.setLocalDescription();
    await other.setRemoteDescription(one.localDescription!);
    await other.setLocalDescription();
    await one.setRemoteDescription(other.localDescription!);
    return openedPair(here, there, () => {
      one.close();
      other.close();
    });
  },
  halfClose: true,
  pausesSender: false,
  tellsFailure: true,
});
