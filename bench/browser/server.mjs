/* global addEventListener, postMessage */
// Runs in a worker: serves a core in memory to whoever sends a port.
import { libsodiumCrypto } from '../../lib/crypto/libsodium/libsodium.ts';
import { hypercoreProtocol, messagePortTransport } from '../../lib/index.ts';
import { createPeer, replicate } from '../../lib/log/index.ts';

let opened;

addEventListener('message', async ({ data }) => {
  opened ??= open(data.count);
  const { crypto, peer, key } = await opened;
  if (data.port === undefined) return postMessage(key);
  data.port.start();
  messagePortTransport(data.port)
    .pipe(hypercoreProtocol({ initiator: false, crypto }), replicate(peer))
    .subscribe({ error: () => undefined });
});

async function open(count) {
  const crypto = await libsodiumCrypto();
  const peer = createPeer({ crypto });
  const core = await peer.core().ready();
  const block = new Uint8Array(1024).fill(7);
  await core.append(Array.from({ length: count }, () => block));
  return { crypto, peer, key: core.key };
}
