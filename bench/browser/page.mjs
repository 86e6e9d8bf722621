/* global location */
// Runs in a page: all workloads that need no Node, on all sides in turns. Reports to the server that served it.
import * as lib from '../../lib/index.ts';
import { libsodiumCrypto } from '../../lib/crypto/libsodium/libsodium.ts';
import { oursSide } from '../sides/oursSide.mjs';
import pipeBulk from '../workloads/pipe-bulk.mjs';
import pipeEcho from '../workloads/pipe-echo.mjs';
import pipeFloodBatched from '../workloads/pipe-flood-batched.mjs';
import pipeFlood from '../workloads/pipe-flood.mjs';
import handshakes from '../workloads/handshakes.mjs';
import official from './official.mjs';
import { replicateOnce, replications, servedByNode, startServer } from './replicate.mjs';

/** A page has a share of the work: plain JavaScript is slow where the handshake is all there is. */
const workloads = [
  ['pipe-echo', pipeEcho, { connections: 4, count: 250 }],
  ['pipe-flood', pipeFlood, { count: 20_000 }],
  ['pipe-flood-batched', pipeFloodBatched, { count: 50_000 }],
  ['pipe-bulk', pipeBulk, { count: 400 }],
  ['handshakes', handshakes, { count: 10 }],
];

const tell = message => fetch('/', { method: 'POST', body: JSON.stringify(message) });

try {
  const query = new URLSearchParams(location.search);
  const rounds = Number(query.get('rounds'));
  const only = query.get('only') === '' ? workloads.map(([name]) => name) : query.get('only').split(',');
  const sides = {
    portable: oursSide(lib, lib.portableCrypto),
    wasm: oursSide(lib, await libsodiumCrypto()),
    official,
  };
  const names = Object.keys(sides);
  const results = [];
  for (const [name, workload, share] of workloads) {
    if (!only.includes(name)) continue;
    const samples = Object.fromEntries(names.map(side => [side, []]));
    for (let round = -1; round < rounds; round++) {
      for (let i = 0; i < names.length; i++) {
        const side = names[(i + round + 1) % names.length];
        const { seconds, units, bytes } = await workload.run(sides[side], {
          ...workload.parameters,
          ...share,
        });
        if (round < 0) continue;
        samples[side].push(workload.unit === 'MB/s' ? bytes / seconds / 1e6 : units / seconds);
      }
    }
    results.push({ name, title: workload.title, unit: workload.unit, samples });
    await tell({ progress: name });
  }
  const replicated = [];
  if (query.get('only') === '' || only.includes('replicate')) {
    const { key, count } = await (await fetch('/core.json')).json();
    const crypto = await libsodiumCrypto();
    const worker = await startServer(count);
    const servers = { hypercore10: servedByNode(location, Uint8Array.from(key)), worker };
    for (const { from, into, title } of replications) {
      const server = servers[from];
      const samples = [];
      for (let round = -1; round < rounds; round++) {
        const transport = server.transport();
        const rate = await replicateOnce({ crypto, into, key: server.key, count, transport });
        if (round >= 0) samples.push(rate);
      }
      replicated.push({ title, samples });
      await tell({ progress: `${title}: ${samples.map(Math.round).join(', ')}` });
    }
    worker.end();
  }
  await tell({ results, replicated, runtime: navigator.userAgent });
} catch (error) {
  await tell({ error: String(error.stack ?? error) });
}
