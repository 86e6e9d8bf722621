// rx-hypercore, built from lib/ into build/bench; which backend it runs on is chosen with `use`.
import { filter, firstValueFrom, of } from 'rxjs';

const lib = new URL('../../build/bench/', import.meta.url);
const {
  data: makeData,
  hypercoreProtocol,
  memoryPair,
  portableCrypto,
  generateKeyPair,
} = await import(new URL('index.js', lib));
const { tcpConnect, tcpListen } = await import(new URL('node.js', lib));

export const packages = ['rx-hypercore', 'rxjs', 'tweetnacl', 'libsodium-wrappers-sumo', 'sodium-native'];

let crypto = portableCrypto;

/** Chooses the backend: portable, wasm, native (the best in Node), or the addon alone. */
export async function use(backend) {
  if (backend === 'wasm') {
    const { libsodiumCrypto } = await import(new URL('crypto/libsodium/libsodium.js', lib));
    crypto = await libsodiumCrypto();
  } else if (backend === 'native') {
    const { bestCrypto } = await import(new URL('crypto/bestCryptoInNode.js', lib));
    crypto = await bestCrypto();
  } else if (backend === 'addon') {
    const { sodiumNativeCrypto } = await import(new URL('crypto/sodiumNative/sodiumNative.js', lib));
    crypto = await sodiumNativeCrypto();
  }
}

/** The backend in use, for workloads about it alone. */
export const backend = () => crypto;

/** Both ends of a fresh connection: the initiator's and the responder's protocol. */
export async function connect({ via, pattern = 'XX' }) {
  const keyPair = pattern === 'IK' ? generateKeyPair(crypto) : undefined;
  const initiator = {
    crypto,
    initiator: true,
    pattern,
    ...(keyPair && { remotePublicKey: keyPair.publicKey }),
  };
  const responder = { crypto, initiator: false, pattern, ...(keyPair && { keyPair }) };
  if (via === 'pipe') {
    const [a, b] = memoryPair();
    return Promise.all([opened(of(a), initiator), opened(of(b), responder)]);
  }
  const dialled = new Promise(resolve => {
    const accepted = opened(
      tcpListen({
        port: 0,
        listening: ({ port }) => resolve([opened(tcpConnect({ port }), initiator), accepted]),
      }),
      responder,
    );
  });
  return Promise.all(await dialled);
}

export function disconnect(ends) {
  for (const { subscription } of ends) subscription.unsubscribe();
}

/** Opens the channel of a key on both ends; resolves with both when both sides see it open. */
export function openChannels(ends, key) {
  return Promise.all(
    ends.map(async ({ protocol }) => {
      const channel = protocol.open(key);
      await firstValueFrom(channel.opened);
      return new OurChannel(channel);
    }),
  );
}

/** A data message with one block. */
export function data(index, value) {
  return makeData({ request: index, block: { index, value, nodes: [] } });
}

export function indexOf(message) {
  return message.request;
}

class OurChannel {
  onmessage = null;
  /** Whether the link takes more. */
  writable = true;

  constructor(channel) {
    this.channel = channel;
    channel.subscribe({ next: message => this.onmessage(message), error: () => undefined });
  }

  send(message) {
    this.writable = this.channel.send(message);
  }

  sendBatch(messages) {
    this.writable = this.channel.sendBatch(messages);
  }

  /** Resolves when the link takes more again. */
  async drained() {
    await firstValueFrom(this.channel.drained.pipe(filter(Boolean)));
    this.writable = true;
  }
}

function opened(transports, options) {
  return new Promise((resolve, reject) => {
    const subscription = transports.pipe(hypercoreProtocol(options)).subscribe({
      next: protocol => {
        protocol.events.subscribe({ error: () => undefined });
        protocol.opened.subscribe({ next: () => resolve({ protocol, subscription }), error: reject });
      },
      error: reject,
    });
  });
}
