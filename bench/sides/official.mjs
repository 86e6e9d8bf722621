// The official JavaScript stack: secret-stream, protomux, hypercore 11's message codecs, all on sodium-native.
import { createRequire } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const SecretStream = require('@hyperswarm/secret-stream');
const Protomux = require('protomux');
const { wire } = require('hypercore-11/lib/messages');
const crypto = require('hypercore-crypto');
const { capability } = (() => {
  const caps = require('hypercore-11/lib/caps');
  return { capability: caps.replicate };
})();

export const packages = ['@hyperswarm/secret-stream', 'protomux', 'hypercore-11', 'sodium-native'];

/** Both ends of a fresh connection: `{ stream, mux }` for the initiator and for the responder. */
export async function connect({ via, pattern = 'XX' }) {
  const keyPair = pattern === 'IK' ? SecretStream.keyPair() : undefined;
  const initiatorOptions = pattern === 'IK' ? { pattern, remotePublicKey: keyPair.publicKey } : { pattern };
  const responderOptions = { pattern, ...(keyPair && { keyPair }) };
  let ends;
  if (via === 'pipe') {
    const initiator = new SecretStream(true, null, initiatorOptions);
    const responder = new SecretStream(false, null, responderOptions);
    initiator.rawStream.pipe(responder.rawStream).pipe(initiator.rawStream);
    ends = [initiator, responder];
  } else {
    const [a, b] = await sockets();
    ends = [new SecretStream(true, a, initiatorOptions), new SecretStream(false, b, responderOptions)];
  }
  for (const end of ends) end.on('error', () => undefined);
  const opened = await Promise.all(ends.map(end => end.opened));
  if (!opened.every(Boolean)) throw new Error('the handshake failed');
  return ends.map(stream => ({ stream, mux: new Protomux(stream) }));
}

export function disconnect(ends) {
  for (const { stream } of ends) stream.destroy();
}

/** Opens the channel of a key on both ends; resolves with both when both sides see it open. */
export function openChannels(ends, key) {
  return Promise.all(ends.map(end => new OfficialChannel(end, key).opened));
}

/** A data message with one block. */
export function data(index, value) {
  return { request: index, fork: 0, block: { index, value, nodes: [] } };
}

export function indexOf(message) {
  return message.request;
}

class OfficialChannel {
  onmessage = null;
  #drain = null;

  constructor({ stream, mux }, key) {
    const discoveryKey = crypto.discoveryKey(key);
    let open;
    this.opened = new Promise(resolve => (open = resolve));
    const channel = mux.createChannel({
      protocol: 'hypercore/alpha',
      id: discoveryKey,
      handshake: wire.handshake,
      onopen: () => open(this),
      ondrain: () => {
        const drain = this.#drain;
        this.#drain = null;
        drain?.();
      },
    });
    const encodings = [wire.sync, wire.request, wire.cancel];
    for (const encoding of encodings) channel.addMessage({ encoding });
    this.message = channel.addMessage({ encoding: wire.data, onmessage: message => this.onmessage(message) });
    this.channel = channel;
    channel.open({ seeks: true, capability: capability(stream.isInitiator, key, stream.handshakeHash) });
  }

  /** Whether the link takes more. */
  get writable() {
    return this.channel.drained;
  }

  send(message) {
    this.message.send(message);
  }

  sendBatch(messages) {
    this.channel.cork();
    for (const message of messages) this.message.send(message);
    this.channel.uncork();
  }

  /** Resolves when the link takes more again. */
  drained() {
    return new Promise(resolve => (this.#drain = resolve));
  }
}

function sockets() {
  return new Promise((resolve, reject) => {
    let a;
    const server = net.createServer({ noDelay: true }, b => {
      server.close();
      resolve([a, b]);
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      a = net.connect({ port: server.address().port, host: '127.0.0.1', noDelay: true });
      a.on('error', reject);
    });
  });
}
