// rx-hypercore in Node, built from lib/ into build/bench, or wherever BENCH_BUILD says.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { oursSide } from './oursSide.mjs';

const load = file => import(pathToFileURL(resolve(process.env.BENCH_BUILD ?? 'build/bench', file)));

/** Backends by the name of their side. `native` is the best in Node; `addon`, for comparison, is without WASM. */
const backends = {
  portable: async () => (await load('index.js')).portableCrypto,
  wasm: async () => (await load('crypto/libsodium/libsodium.js')).libsodiumCrypto(),
  native: async () => (await load('crypto/bestCryptoInNode.js')).bestCrypto(),
  addon: async () => (await load('crypto/sodiumNative/sodiumNative.js')).sodiumNativeCrypto(),
};

export async function ours(backend) {
  const [lib, { tcpConnect, tcpListen }, crypto] = await Promise.all([
    load('index.js'),
    load('node.js'),
    backends[backend](),
  ]);
  const connectTcp = async (opened, initiator, responder) => {
    const dialled = new Promise(resolve => {
      const listening = ({ port }) => resolve([opened(tcpConnect({ port }), initiator), accepted]);
      const accepted = opened(tcpListen({ port: 0, listening }), responder);
    });
    return Promise.all(await dialled);
  };
  const logs = async () => (await import('../log/ourLogs.mjs')).ourLogs(load, crypto);
  return { ...oursSide(lib, crypto, connectTcp), logs };
}
