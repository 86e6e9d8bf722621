import type { HypercoreErrorCode } from '../../errors.js';
import { discoveryKey } from '../../keys/discoveryKey.js';
import type { Limits } from '../../limits.js';
import { HYPERCORE_PROTOCOL } from '../../messages/protocolName.js';
import type { HostilePeer } from './HostilePeer.js';
import type { Misbehaviour, Verdict } from './Misbehaviour.js';
import { joinBytes, rawClose, rawMessage, rawOpen, rawUint } from './rawPackets.js';

const nothing: Verdict = { ends: 'nothing', code: null };
const unproved: Verdict = { ends: 'channel', code: 'ERR_CAPABILITY' };

const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Numbers of messages on the wire (hypercore `lib/replicator.js`). */
const [SYNC, REQUEST, DATA, BITFIELD, EXTENSION] = [0, 1, 3, 7, 9];

type Broken = readonly [
  name: string,
  does: string,
  type: number,
  body: Uint8Array,
  code: HypercoreErrorCode,
  limit?: keyof Limits,
];

/** Messages that cannot be read, each of which costs the connection. */
const broken = ({
  maxNodes,
  maxBitfieldWords,
  maxManifestEntries,
  maxExtensionNameBytes,
}: Limits): readonly Broken[] => [
  ['message cut short', 'sends a request without an end', REQUEST, Uint8Array.of(1), 'ERR_OUT_OF_BOUNDS'],
  ['garbage message', 'sends a message that makes no sense', DATA, zeros(40).fill(0xff), 'ERR_BAD_VALUE'],
  ['empty message', 'sends a message without a byte', SYNC, zeros(0), 'ERR_OUT_OF_BOUNDS'],
  [
    'integer too large',
    'sends a fork that is no exact double',
    SYNC,
    joinBytes(zeros(1), rawUint(2 ** 60), zeros(2)),
    'ERR_BAD_VALUE',
  ],
  [
    'lying word count',
    'announces more words of a bitfield than it sends',
    BITFIELD,
    joinBytes(zeros(1), rawUint(0x3fffffff), zeros(64)),
    'ERR_OUT_OF_BOUNDS',
  ],
  [
    'lying node count',
    'announces more nodes of a proof than it sends',
    DATA,
    joinBytes(Uint8Array.of(2, 1, 0, 0), rawUint(1_000_000), zeros(340)),
    'ERR_OUT_OF_BOUNDS',
  ],
  [
    'node count beyond all bounds',
    'announces more nodes than any message may have',
    DATA,
    joinBytes(Uint8Array.of(2, 1, 0, 0), rawUint(2 ** 40), zeros(340)),
    'ERR_BAD_VALUE',
  ],
  [
    'lying block length',
    'announces a longer block than it sends',
    DATA,
    joinBytes(Uint8Array.of(1, 1, 0, 0), rawUint(2 ** 32), zeros(64)),
    'ERR_OUT_OF_BOUNDS',
  ],
  [
    'lying signer count',
    'announces more signers of a manifest than it sends',
    DATA,
    joinBytes(Uint8Array.of(16, 1, 0, 1, 0, 0, 1), rawUint(60_000), zeros(65)),
    'ERR_OUT_OF_BOUNDS',
  ],
  [
    'unknown manifest',
    'sends a manifest of a version that there is not',
    DATA,
    Uint8Array.of(16, 1, 0, 200, 0, 0),
    'ERR_BAD_VALUE',
  ],
  [
    'lying name length',
    'announces a longer name of an extension than it sends',
    EXTENSION,
    joinBytes(rawUint(200), zeros(3)),
    'ERR_OUT_OF_BOUNDS',
  ],
  [
    'endless name',
    'sends an extension with a longer name than it may have',
    EXTENSION,
    joinBytes(rawUint(maxExtensionNameBytes + 1), zeros(maxExtensionNameBytes + 1).fill(0x61)),
    'ERR_LIMIT_EXCEEDED',
    'maxExtensionNameBytes',
  ],
  [
    'too many nodes',
    'sends one node more than a proof may have',
    DATA,
    joinBytes(Uint8Array.of(2, 1, 0, 0), rawUint(maxNodes + 1), zeros(34 * (maxNodes + 1))),
    'ERR_LIMIT_EXCEEDED',
    'maxNodes',
  ],
  [
    'too many words',
    'sends one word more than a bitfield may have',
    BITFIELD,
    joinBytes(zeros(1), rawUint(maxBitfieldWords + 1), zeros(4 * (maxBitfieldWords + 1))),
    'ERR_LIMIT_EXCEEDED',
    'maxBitfieldWords',
  ],
  [
    'too many signers',
    'sends one signer more than a manifest may have',
    DATA,
    joinBytes(
      Uint8Array.of(16, 1, 0, 1, 0, 0, 1),
      rawUint(maxManifestEntries + 1),
      zeros(65 * (maxManifestEntries + 1)),
    ),
    'ERR_LIMIT_EXCEEDED',
    'maxManifestEntries',
  ],
];

/**
 * In the channel of a core that both know; its victim has to open the key.
 *
 * @internal
 */
export function channelMisbehaviours(key: Uint8Array, limits: Limits): Misbehaviour[] {
  const open = (peer: HostilePeer, handshake: Uint8Array, channel = 1): void =>
    peer.payload(
      rawOpen(channel, { protocol: HYPERCORE_PROTOCOL, id: discoveryKey(peer.crypto, key), handshake }),
    );
  const honestly = (peer: HostilePeer): void => open(peer, peer.greeting(key));
  const list: Omit<Misbehaviour, 'phase'>[] = [
    {
      name: 'no capability',
      does: 'opens a channel without proving that it knows the key',
      expected: unproved,
      opened: peer => open(peer, zeros(0)),
    },
    {
      name: 'wrong capability',
      does: 'opens a channel with a proof that proves nothing',
      expected: unproved,
      opened: peer => open(peer, zeros(33)),
    },
    {
      name: 'garbage in place of a capability',
      does: 'opens a channel with bytes that are no proof of anything',
      expected: unproved,
      opened: peer => open(peer, zeros(100).fill(0xff)),
    },
    {
      name: 'capability cut short',
      does: 'opens a channel with a proof that lacks its last byte',
      expected: unproved,
      opened: peer => open(peer, peer.greeting(key).slice(0, -1)),
    },
    {
      name: 'capability mirrored',
      does: 'opens a channel with the proof that its victim has to give',
      expected: unproved,
      opened: peer => open(peer, peer.greeting(key, !peer.initiator)),
    },
    {
      name: 'capability of another core',
      does: 'opens a channel with the proof that it knows another key',
      expected: unproved,
      opened: peer => open(peer, peer.greeting(key.map(byte => byte ^ 1))),
    },
    {
      name: 'messages without a capability',
      does: 'talks on a channel whose key it has not proved to know',
      expected: unproved,
      opened: peer => {
        open(peer, zeros(33));
        for (let i = 0; i < 100; i++) peer.payload(rawMessage(1, SYNC, zeros(4)));
      },
    },
    ...broken(limits).map(([name, does, type, body, code, limit]) => ({
      name,
      does,
      expected: { ends: 'connection', code, ...(limit !== undefined && { limit }) } as const,
      opened: (peer: HostilePeer): void => {
        honestly(peer);
        peer.payload(rawMessage(1, type, body));
      },
    })),
    {
      name: 'unknown messages',
      does: 'sends kinds of messages that there are not',
      expected: nothing,
      opened: peer => {
        honestly(peer);
        for (let type = 10; type < 300; type++) peer.payload(rawMessage(1, type, zeros(3)));
      },
    },
    {
      name: 'talk without end',
      does: 'sends a thousand messages that are in order and of no use',
      expected: nothing,
      opened: peer => {
        honestly(peer);
        for (let i = 0; i < 1000; i++) peer.payload(rawMessage(1, EXTENSION, zeros(1)));
      },
    },
    {
      name: 'reopening',
      does: 'opens and closes the channel of a core that both know, hundreds of times',
      expected: nothing,
      opened: peer => {
        for (let i = 0; i < 500; i++) {
          honestly(peer);
          peer.payload(rawMessage(1, SYNC, zeros(4)), rawClose(1), rawMessage(1, SYNC, zeros(4)));
        }
      },
    },
    {
      name: 'requests and no ear',
      does: 'asks for block after block and does not read the answers',
      expected: nothing,
      opened: peer => {
        honestly(peer);
        peer.stopReading();
        for (let id = 1; id <= 1000; id++) {
          peer.payload(rawMessage(1, REQUEST, joinBytes(Uint8Array.of(1), rawUint(id), zeros(3))));
        }
      },
    },
  ];
  return list.map(entry => ({ ...entry, phase: 'open' }));
}
