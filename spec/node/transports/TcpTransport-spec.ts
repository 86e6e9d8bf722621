import { mergeMap, of, Subscription } from 'rxjs';
import type { Channel } from '../../../lib/connection/Channel.js';
import { hypercoreProtocol } from '../../../lib/connection/hypercoreProtocol.js';
import { data } from '../../../lib/messages/data.js';
import { tcpConnect, tcpListen } from '../../../lib/transports/tcp.js';
import { TcpTransport } from '../../../lib/transports/TcpTransport.js';
import type { Transport } from '../../../lib/transports/Transport.js';
import { fill } from '../../helpers/bytes.js';
import { Random } from '../../helpers/random.js';

const key = fill(32, 7);

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i === 2000) throw new Error('the condition did not become true in ten seconds');
    await new Promise(resolve => setTimeout(resolve, 5));
  }
};

describe('TcpTransport', () => {
  let subscription: Subscription;
  beforeEach(() => (subscription = new Subscription()));
  afterEach(() => subscription.unsubscribe());

  /** Both ends of a connection: the one that dialled, and the one that was accepted. */
  const ends = (): Promise<[Transport, Transport]> =>
    new Promise(resolve => {
      let dialled: Transport | null = null;
      let accepted: Transport | null = null;
      const settle = (): void => {
        if (dialled !== null && accepted !== null) resolve([dialled, accepted]);
      };
      const listening = ({ port }: { port: number }): void => {
        subscription.add(
          tcpConnect({ port }).subscribe(transport => {
            dialled = transport;
            settle();
          }),
        );
      };
      subscription.add(
        tcpListen({ port: 0, listening }).subscribe(transport => {
          accepted = transport;
          settle();
        }),
      );
    });

  it('says that all is sent exactly while the socket keeps nothing', async () => {
    for (const transport of await ends()) {
      expect(transport).toBeInstanceOf(TcpTransport);
      expect(transport.allSent).toBe(true);
      transport.next(fill(10, 1));
      expect(transport.allSent).toBe(true); // the system had room
      // More than the buffers of the system take while nobody reads.
      for (let i = 0; i < 200 && transport.allSent === true; i++) transport.next(new Uint8Array(1 << 20));
      expect(transport.allSent).toBe(false);
      expect(transport.queuedBytes).toBeGreaterThan(0);
    }
  });

  it('carries every byte as it was, though its memory is used again, to a remote that stops reading now and then', async () => {
    const random = new Random('memory over TCP');
    const [dialled, accepted] = await ends();
    const open = (transport: Transport, initiator: boolean): Promise<Channel> =>
      new Promise(resolve => {
        subscription.add(
          of(transport)
            .pipe(
              hypercoreProtocol({ initiator, handshake: false }),
              mergeMap(protocol => protocol.open(key).opened),
            )
            .subscribe(resolve),
        );
      });
    const [to, from] = await Promise.all([open(dialled, true), open(accepted, false)]);
    const most = (): number => random.pick([50, 3000, 70_000, 400_000]);
    const lengths = Array.from({ length: 400 }, () => random.integer(0, most()));
    let received = 0;
    let wrong = 0;
    to.subscribe(message => {
      if (message.type !== 'data') return;
      const { index, value } = message.block!;
      if (index !== received++ || value.length !== lengths[index]) wrong++;
      else if (value.some(byte => byte !== index % 251)) wrong++;
      if (received % 50 === 0) {
        const pause = to.pause();
        setTimeout(() => pause.unsubscribe(), 10);
      }
    });
    let queued = 0;
    for (let index = 0; index < lengths.length; index++) {
      from.next(data({ request: 0, block: { index, value: fill(lengths[index], index % 251), nodes: [] } }));
      if (random.next() < 0.2) await Promise.resolve();
      if (random.next() < 0.05) await new Promise(resolve => setImmediate(resolve));
      if (accepted.allSent === false) queued++;
    }
    await until(() => received === lengths.length);
    expect(wrong).toBe(0);
    expect(queued).toBeGreaterThan(0); // else nothing was ever at stake
  });
});
