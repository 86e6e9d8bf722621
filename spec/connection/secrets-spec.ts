import { of, Subscription } from 'rxjs';
import { encodeFrame } from '../../lib/framing/encodeFrame.js';
import { hypercoreProtocol } from '../../lib/connection/hypercoreProtocol.js';
import type { Protocol } from '../../lib/connection/Protocol.js';
import { pullFrom } from '../../lib/connection/pullFrom.js';
import { keyPairFromSeed } from '../../lib/keys/keyPair.js';
import { want } from '../../lib/messages/want.js';
import { HandshakeState } from '../../lib/noise/HandshakeState.js';
import { SecureLink } from '../../lib/secret/SecureLink.js';
import { SecureState } from '../../lib/secret/SecureState.js';
import { memoryPair } from '../../lib/transports/memoryPair.js';
import { fill } from '../helpers/bytes.js';
import { findBytes } from './findBytes.js';
import { protocolPair, until } from './pair.js';
import { recordingBackend } from './RecordingBackend.js';

const coreKey = fill(32, 0).map((_, i) => 7 * i + 3);

/** Two protocols after a handshake, with everything of them that an application can hold. */
async function connected(options: { readonly pattern?: 'XX' | 'IK' } = {}) {
  const { crypto, secrets, holders } = recordingBackend();
  const pairs = [keyPairFromSeed(crypto, fill(32, 1)), keyPairFromSeed(crypto, fill(32, 2))];
  const links = memoryPair();
  const subscription = new Subscription();
  const things: Record<string, unknown> = {};
  const errors: unknown[] = [];
  const protocols = links.map((link, i) => {
    let made: Protocol | undefined;
    const emitted = of(link).pipe(
      hypercoreProtocol({
        crypto,
        initiator: i === 0,
        keyPair: pairs[i],
        ...(options.pattern === 'IK' && { pattern: 'IK' as const, remotePublicKey: pairs[1 - i].publicKey }),
      }),
    );
    things[`observable ${i}`] = emitted;
    things[`subscription ${i}`] = emitted.subscribe(protocol => {
      made = protocol;
      const events: unknown[] = [];
      things[`events ${i}`] = events;
      protocol.events.subscribe({ next: event => events.push(event), error: error => errors.push(error) });
    });
    subscription.add(things[`subscription ${i}`] as Subscription);
    return made!;
  });
  const channels = protocols.map(protocol => protocol.open(coreKey));
  const received: unknown[] = [];
  for (const channel of channels)
    channel.subscribe({ next: message => received.push(message), error: error => errors.push(error) });
  for (const channel of channels) channel.next(want({ start: 0, length: 1 }));
  await until(() => received.length === 2);
  Object.assign(things, { protocols, channels, received, errors, pulled: pullFrom(channels[0]) });
  secrets.set('key of the core', coreKey);
  return { secrets, holders, things, protocols, channels, links, subscription, errors };
}

describe('secrets', () => {
  it('that pass through a handshake are all recorded here, so that looking for them means something', async () => {
    const { secrets, subscription } = await connected();
    const names = [...secrets.keys()].join();
    for (const name of [
      'seed',
      'shared secret',
      'cipher key',
      'key of push',
      'ratchet of pull',
      'key of the core',
    ]) {
      expect(names).toContain(name);
    }
    const [name, bytes] = [...secrets][0];
    expect(findBytes({ deep: [new Map([[1, { bytes }]])] }, secrets)).toEqual([
      `${name} at .deep.0[].1.bytes`,
    ]);
    subscription.unsubscribe();
  });

  for (const pattern of ['XX', 'IK'] as const) {
    it(`are in nothing an application can look at after a handshake (${pattern})`, async () => {
      const { secrets, things, subscription } = await connected({ pattern });
      expect(findBytes(things, secrets)).toEqual([]);
      subscription.unsubscribe();
      expect(findBytes(things, secrets)).toEqual([]);
    });
  }

  it('are in no error, whichever layer fails', async () => {
    for (const harm of ['garbage', 'cut', 'remote', 'destroy'] as const) {
      const { secrets, things, protocols, links, errors, subscription } = await connected();
      if (harm === 'garbage') links[0].next(encodeFrame(fill(20, 1)));
      else if (harm === 'cut') links[0].error(new Error('cut'));
      else if (harm === 'remote') links[0].complete();
      else protocols[1].destroy(new Error('enough'));
      await until(() => errors.length > 0);
      expect(findBytes(things, secrets)).withContext(harm).toEqual([]);
      subscription.unsubscribe();
    }
  });

  it('are in no half-open link, state or handshake', () => {
    const { crypto, secrets } = recordingBackend();
    const keyPair = keyPairFromSeed(crypto, fill(32, 1));
    const output = {
      send: () => undefined,
      authorize: () => undefined,
      session: () => undefined,
      ready: () => undefined,
      payload: () => undefined,
    };
    const state = new SecureState({ crypto, initiator: true, keyPair }, output);
    state.start();
    const handshake = new HandshakeState({ crypto, pattern: 'XX', initiator: true, keyPair });
    handshake.write();
    const link = new SecureLink(memoryPair()[0], { crypto, initiator: true, keyPair });
    const subscription = link.subscribe({ error: () => undefined });
    expect(findBytes({ state, handshake, link, subscription }, secrets)).toEqual([]);
    subscription.unsubscribe();
    state.wipe();
    handshake.wipe();
  });

  it('are overwritten when the connection ends, however it does', async () => {
    for (const end of ['unsubscribe', 'close', 'destroy', 'cut'] as const) {
      const { holders, protocols, links, subscription, errors } = await connected();
      if (end === 'unsubscribe') subscription.unsubscribe();
      else if (end === 'close') for (const protocol of protocols) protocol.close();
      else if (end === 'destroy') for (const protocol of protocols) protocol.destroy();
      else links[0].error(new Error('cut'));
      if (end === 'cut') await until(() => errors.length > 1);
      await new Promise(resolve => setTimeout(resolve, 5));
      subscription.unsubscribe();
      const left = [...holders]
        // What the caller gave stays the caller's, and is only read; what a hash handed out was recorded by copy.
        .filter(([name]) => !/^(seed|secret key) [0-3]$/.test(name) && !name.startsWith('ratchet'))
        .filter(([, bytes]) => bytes.some(byte => byte !== 0))
        .map(([name]) => name);
      expect(left).withContext(end).toEqual([]);
    }
  });

  it('are overwritten with the handshake where a key pair was made for one connection', async () => {
    const backends = [recordingBackend(), recordingBackend()];
    const { a, b, subscription } = protocolPair(
      { crypto: backends[0].crypto },
      { crypto: backends[1].crypto },
    );
    await until(() => a.handshakeHash !== null && b.handshakeHash !== null);
    for (const { holders } of backends) {
      const pairs = [...holders].filter(([name]) => name.startsWith('secret key'));
      expect(pairs.length).toBe(2); // the static one, and the ephemeral
      for (const [name, bytes] of pairs) {
        expect(bytes.every(byte => byte === 0))
          .withContext(name)
          .toBeTrue();
      }
    }
    subscription.unsubscribe();
  });

  it('are overwritten where the connection ends amid its handshake', () => {
    const { crypto, holders } = recordingBackend();
    const link = new SecureLink(memoryPair()[0], { crypto, initiator: true });
    link.subscribe().unsubscribe();
    const held = [...holders].filter(([name]) => /^(seed|secret key|shared)/.test(name));
    expect(held.length).toBe(4);
    expect(held.filter(([, bytes]) => bytes.some(byte => byte !== 0)).map(([name]) => name)).toEqual([]);
  });
});
