import { portableCrypto } from '../lib/crypto/portable/portable.js';
import { discoveryKey } from '../lib/keys/discoveryKey.js';
import { messageCodecs } from '../lib/messages/wireTypes.js';
import { messageCorpus, payloadCorpus } from './corpus.js';
import { mutate } from './mutate.js';
import type { Vocabulary } from './RemoteVoice.js';

/** Messages of a channel in the order of their numbers, as the vectors call them. */
const kinds = [
  'sync',
  'request',
  'cancel',
  'data',
  'noData',
  'want',
  'unwant',
  'bitfield',
  'range',
  'extension',
];

/** What a remote speaks of that knows these keys and, by `greeting`, proves it; mostly. */
export function coreWords(
  keys: readonly Uint8Array[],
  greeting: (key: Uint8Array) => Uint8Array,
): Vocabulary {
  const ids = keys.map(key => discoveryKey(portableCrypto, key));
  const greetings = keys.map(greeting);
  const bodies = kinds.map(messageCorpus);
  return {
    protocols: ['hypercore/alpha', 'hypercore/alpha', 'hypercore', 'other'],
    ids: [...ids, new Uint8Array(32), undefined],
    handshake: (dice, id) => {
      const known = ids.findIndex(one => one === id);
      return known >= 0 && dice.chance(0.8) ? greetings[known] : dice.bytes(dice.pick([0, 1, 33]));
    },
    message: dice => {
      const type = dice.integer(0, messageCodecs.length);
      const corpus = bodies[type] ?? bodies[0];
      return [type, dice.chance(0.85) ? dice.pick(corpus) : mutate(dice, corpus)];
    },
    corpus: payloadCorpus(),
  };
}
