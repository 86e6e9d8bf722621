/**
 * The official JavaScript stack as a side of the benchmarks, in Node and in a page: secret-stream, protomux and the codecs
 * of hypercore's messages.
 *
 * @param modules `{ SecretStream, Protomux, wire, capability, discoveryKey }`
 * @param sockets makes two connected TCP sockets, where there is TCP
 */
export function officialSide(
  { SecretStream, Protomux, wire, capability, discoveryKey },
  sockets = undefined,
) {
  class OfficialChannel {
    onmessage = null;
    #drain = null;

    constructor({ stream, mux }, key) {
      let open;
      this.opened = new Promise(resolve => (open = resolve));
      const channel = mux.createChannel({
        protocol: 'hypercore/alpha',
        id: discoveryKey(key),
        handshake: wire.handshake,
        onopen: () => open(this),
        ondrain: () => {
          const drain = this.#drain;
          this.#drain = null;
          drain?.();
        },
      });
      for (const encoding of [wire.sync, wire.request, wire.cancel]) channel.addMessage({ encoding });
      this.message = channel.addMessage({
        encoding: wire.data,
        onmessage: message => this.onmessage(message),
      });
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

  return {
    /** Both ends of a fresh connection: `{ stream, mux }` for the initiator and for the responder. */
    async connect({ via, pattern = 'XX' }) {
      const keyPair = pattern === 'IK' ? SecretStream.keyPair() : undefined;
      const initiatorOptions = { pattern, ...(keyPair && { remotePublicKey: keyPair.publicKey }) };
      const responderOptions = { pattern, ...(keyPair && { keyPair }) };
      const [a, b] = via === 'tcp' ? await sockets() : [null, null];
      const initiator = new SecretStream(true, a, initiatorOptions);
      const responder = new SecretStream(false, b, responderOptions);
      if (via === 'pipe') initiator.rawStream.pipe(responder.rawStream).pipe(initiator.rawStream);
      const ends = [initiator, responder];
      for (const end of ends) end.on('error', () => undefined);
      const opened = await Promise.all(ends.map(end => end.opened));
      if (!opened.every(Boolean)) throw new Error('the handshake failed');
      return ends.map(stream => ({ stream, mux: new Protomux(stream) }));
    },

    disconnect(ends) {
      for (const { stream } of ends) stream.destroy();
    },

    /** Opens the channel of a key on both ends; resolves with both when both sides see it open. */
    openChannels: (ends, key) => Promise.all(ends.map(end => new OfficialChannel(end, key).opened)),

    /** A data message with one block. */
    data: (index, value) => ({ request: index, fork: 0, block: { index, value, nodes: [] } }),

    indexOf: message => message.request,
  };
}
