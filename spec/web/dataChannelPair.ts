import { dataChannelTransport, type DataChannelOptions } from 'rx-hypercore';
import { defer, switchMap } from 'rxjs';
import type { TransportPair } from '../../lib/testing/transportCompliance.js';
import { openedPair } from '../transports/openedPair.js';

/** Two ends of a data channel between two connections of the same page. */
export async function dataChannelPair(options: DataChannelOptions = {}): Promise<TransportPair> {
  const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ])
    from.addEventListener('icecandidate', ({ candidate }) => void to.addIceCandidate(candidate ?? undefined));
  const here = dataChannelTransport(one.createDataChannel('bytes'), options);
  const there = defer(
    () =>
      new Promise<RTCDataChannel>(resolve =>
        other.addEventListener('datachannel', ({ channel }) => resolve(channel)),
      ),
  ).pipe(switchMap(channel => dataChannelTransport(channel, options)));
  await one.setLocalDescription();
  await other.setRemoteDescription(one.localDescription!);
  await other.setLocalDescription();
  await one.setRemoteDescription(other.localDescription!);
  return openedPair(here, there, () => {
    one.close();
    other.close();
  });
}
