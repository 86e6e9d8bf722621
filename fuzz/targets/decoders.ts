import { array } from '../../lib/encoding/array.js';
import { bytes, optionalBytes } from '../../lib/encoding/bytes.js';
import type { Codec } from '../../lib/encoding/Codec.js';
import { fixed32 } from '../../lib/encoding/fixed.js';
import { jsonCodec } from '../../lib/encoding/jsonCodec.js';
import { rest } from '../../lib/encoding/rest.js';
import { text } from '../../lib/encoding/text.js';
import { uint } from '../../lib/encoding/uint.js';
import { uint32Array } from '../../lib/encoding/uint32Array.js';
import { rustCodecs } from '../../lib/connection/rustCodecs.js';
import { rustPeer06, rustPeer07 } from '../../lib/connection/rustPeer.js';
import { LimitExceededError } from '../../lib/errors.js';
import type { Extension } from '../../lib/messages/extension.js';
import { manifestCodec } from '../../lib/messages/manifest.js';
import type { Message, MessageType } from '../../lib/messages/Message.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { messageCodecs, wireTypeOf } from '../../lib/messages/wireTypes.js';
import { compactCorpus, manifestCorpus, messageCorpus } from '../corpus.js';
import { broken, type FuzzTarget } from '../FuzzTarget.js';
import { DecoderTarget } from './DecoderTarget.js';

/** A codec of which only the bytes matter. */
export const any = <T>(codec: Codec<T>): Codec<unknown> => codec;
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bytes that are not UTF-8 are read as U+FFFD, which takes three: a name of theirs may be too long once it is written. */
export const mayGrow = (value: unknown, error: unknown): boolean =>
  error instanceof LimitExceededError &&
  error.limit === 'maxExtensionNameBytes' &&
  (value as Message).type === 'extension' &&
  (value as Extension).name.includes('\ufffd');

/** The messages of a channel. */
export const types: readonly MessageType[] = [
  'synchronize',
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

/** The vectors call one message otherwise. */
export const kindOf = (type: string): string => (type === 'synchronize' ? 'sync' : type);

/** Every decoder by itself. */
export function decoderTargets(): FuzzTarget[] {
  const compact = compactCorpus();
  const plain: Record<string, Codec<unknown>> = {
    uint: any(uint),
    bytes: any(bytes),
    optionalBytes: any(optionalBytes),
    text: any(text),
    rest: any(rest),
    fixed32: any(fixed32),
    uint32Array: any(uint32Array),
    'array(uint)': any(array(uint, { minBytes: 1 })),
    'array(text)': any(array(text, { minBytes: 1 })),
  };
  const targets: FuzzTarget[] = Object.entries(plain).map(
    ([name, codec]) => new DecoderTarget(name, codec, compact),
  );
  const json = [
    '{"a":[1,2,{"b":null}],"é":"\\u0000"}',
    '[[[[]]]]',
    '"x"',
    '-1.5e9',
    'true',
    '{"__proto__":1}',
  ];
  // Numbers too large for JSON become infinite, which JSON cannot write.
  targets.push(new DecoderTarget('json', any(jsonCodec()), json.map(ascii), { writes: false }));
  targets.push(new DecoderTarget('manifest', any(manifestCodec), manifestCorpus()));
  const opens = messageCorpus('handshake');
  targets.push(
    new DecoderTarget('open', any(openCodec), opens, {
      compare: input => {
        const open = decodeOpen(input);
        if (open !== null && open.capability.length !== 32) broken('a capability has 32 bytes');
      },
    }),
  );
  for (const type of types) {
    targets.push(
      new DecoderTarget(type, any(messageCodecs[wireTypeOf(type)]), messageCorpus(kindOf(type)), { mayGrow }),
    );
  }
  // The crate's other messages are read by the codecs above.
  for (const [name, peer] of Object.entries({ 'rust 0.6': rustPeer06, 'rust 0.7': rustPeer07 })) {
    const codecs = rustCodecs(peer);
    for (const type of ['request', 'extension'] as const) {
      const codec = any(codecs[wireTypeOf(type)]);
      targets.push(new DecoderTarget(`${type} (${name})`, codec, messageCorpus(type), { writes: false }));
    }
  }
  return targets;
}
