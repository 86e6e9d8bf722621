/* global Worker */
// A page replicates blocks of 1 KiB: from a real hypercore 10 behind the bridge, or from rx-hypercore in a worker.
import {
  generateKeyPair,
  hypercoreProtocol,
  messagePortTransport,
  webSocketConnect,
} from '../../lib/index.ts';
import { createPeer, replicate } from '../../lib/log/index.ts';
import { browserStorage } from '../../lib/storage/browser/index.ts';

export const replications = [
  { from: 'hypercore10', into: 'memory', title: 'replicate 1 KiB from hypercore 10 in Node, into memory' },
  { from: 'hypercore10', into: 'opfs', title: 'replicate 1 KiB from hypercore 10 in Node, into OPFS' },
  { from: 'worker', into: 'memory', title: 'replicate 1 KiB from rx-hypercore in a worker, into memory' },
  { from: 'worker', into: 'opfs', title: 'replicate 1 KiB from rx-hypercore in a worker, into OPFS' },
  {
    from: 'worker',
    into: 'indexeddb',
    title: 'replicate 1 KiB from rx-hypercore in a worker, into IndexedDB',
  },
];

/** Starts the worker that serves a core of `count` blocks: its key, and what makes a transport to it. */
export async function startServer(count) {
  const worker = new Worker('/server.js', { type: 'module' });
  const key = await new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.postMessage({ count });
  });
  const transport = () => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port2 }, [port2]);
    port1.start();
    return messagePortTransport(port1);
  };
  return { key, transport, end: () => worker.terminate() };
}

/** Downloads all blocks of a core once; resolves to how many a second. */
export async function replicateOnce({ crypto, into, key, count, transport }) {
  const kept =
    into === 'memory' ? null : browserStorage(`bench-${Date.now()}`, { use: [into], persist: false });
  await kept?.choice;
  const peer = createPeer({ crypto, ...(kept !== null && { storage: kept }) });
  const core = peer.core({ key, folder: 'core' });
  await core.ready();
  const started = performance.now();
  const connection = transport
    .pipe(hypercoreProtocol({ initiator: true, crypto, keyPair: generateKeyPair(crypto) }), replicate(peer))
    .subscribe({ error: () => undefined });
  await new Promise((complete, error) =>
    core.download({ end: count, live: true }).subscribe({ complete, error }),
  );
  const seconds = (performance.now() - started) / 1000;
  if (core.contiguousLength !== count) throw new Error(`${core.contiguousLength} blocks of ${count}`);
  connection.unsubscribe();
  await peer.close();
  await kept?.remove('core');
  await kept?.close();
  return count / seconds;
}

/** The core that Node serves: its key, and what makes a transport to it. */
export function servedByNode(location, key) {
  const url = `${location.origin.replace('http', 'ws')}/cores`;
  return { key, transport: () => webSocketConnect(url) };
}
