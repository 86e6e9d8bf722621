import { filter, firstValueFrom, of } from 'rxjs';

/**
 * rx-hypercore as a side of the benchmarks, in Node and in a page.
 *
 * @param lib the module `rx-hypercore`
 * @param crypto the backend it runs on
 * @param connectTcp joins both ends over TCP, where there is TCP
 */
export function oursSide(lib, crypto, connectTcp = undefined) {
  const { data: makeData, generateKeyPair, hypercoreProtocol, memoryPair } = lib;

  const opened = (transports, options) =>
    new Promise((resolve, reject) => {
      const subscription = transports.pipe(hypercoreProtocol(options)).subscribe({
        next: protocol => {
          protocol.events.subscribe({ error: () => undefined });
          protocol.opened.subscribe({ next: () => resolve({ protocol, subscription }), error: reject });
        },
        error: reject,
      });
    });

  return {
    /** For workloads about the backend alone. */
    backend: () => crypto,

    /** Both ends of a fresh connection: the initiator's and the responder's protocol. */
    async connect({ via, pattern = 'XX' }) {
      const keyPair = pattern === 'IK' ? generateKeyPair(crypto) : undefined;
      const common = { crypto, pattern };
      const initiator = {
        ...common,
        initiator: true,
        ...(keyPair && { remotePublicKey: keyPair.publicKey }),
      };
      const responder = { ...common, initiator: false, ...(keyPair && { keyPair }) };
      if (via === 'tcp') return connectTcp(opened, initiator, responder);
      const [a, b] = memoryPair();
      return Promise.all([opened(of(a), initiator), opened(of(b), responder)]);
    },

    disconnect(ends) {
      for (const { subscription } of ends) subscription.unsubscribe();
    },

    /** Opens the channel of a key on both ends; resolves with both when both sides see it open. */
    openChannels(ends, key) {
      return Promise.all(
        ends.map(async ({ protocol }) => {
          const channel = protocol.open(key);
          await firstValueFrom(channel.opened);
          return new OurChannel(channel);
        }),
      );
    },

    /** A data message with one block. */
    data: (index, value) => makeData({ request: index, block: { index, value, nodes: [] } }),

    indexOf: message => message.request,
  };
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
