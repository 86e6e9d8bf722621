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
import type { Message } from '../../lib/messages/Message.js';
import { decodeOpen, openCodec } from '../../lib/messages/open.js';
import { wireTypeOf } from '../../lib/messages/wireTypes.js';
import { attempt, pairs } from '../../spec/node/encoding/compactPairs.js';
import {
  isMeant,
  isMeantOfManifest,
  isTooLarge,
  manifestOf10,
  normal,
  ourCodec,
  read,
  theirCodec,
  theirValue,
  types,
  type Version,
  versions,
} from '../../spec/node/messages/officialMessages.js';
import { comparable } from '../../spec/helpers/marbles.js';
import { compactCorpus, manifestCorpus, messageCorpus } from '../corpus.js';
import { broken, type FuzzTarget } from '../FuzzTarget.js';
import { same } from '../same.js';
import { DecoderTarget } from './DecoderTarget.js';

const any = <T>(codec: Codec<T>): Codec<unknown> => codec;
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bytes that are not UTF-8 are read as U+FFFD, which takes three: a name of theirs may be too long once it is written. */
const mayGrow = (value: unknown, error: unknown): boolean =>
  error instanceof LimitExceededError &&
  error.limit === 'maxExtensionNameBytes' &&
  (value as Message).type === 'extension' &&
  (value as Extension).name.includes('\ufffd');

/** The vectors call one message otherwise. */
const kindOf = (type: string): string => (type === 'synchronize' ? 'sync' : type);

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
    targets.push(new DecoderTarget(type, any(ourCodec(type)), messageCorpus(kindOf(type)), { mayGrow }));
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

/** Every decoder beside the one it must agree with; the differences that are meant are listed in the specs of the same pairs. */
export function differentialTargets(): FuzzTarget[] {
  const compact = compactCorpus();
  const targets: FuzzTarget[] = Object.entries(pairs).map(
    ([name, { ours, theirs }]) =>
      new DecoderTarget(`${name} beside compact-encoding`, any(ours), compact, {
        compare: (input, value, error, consumed) => {
          const other = attempt(theirs, 0, input.length, input);
          const accepts = other.error === undefined && other.consumed <= input.length;
          if (accepts !== (error === undefined)) broken(`both read it or neither; theirs ${accepts}`, error);
          if (!accepts) return;
          if (consumed !== other.consumed) broken('both read as many bytes');
          if (!same(comparable(value), other.value)) broken('both read the same value');
        },
      }),
  );
  const official = (
    name: string,
    version: Version,
    ours: Codec<unknown>,
    theirs: Codec<unknown>,
    corpus: readonly Uint8Array[],
    view: (value: unknown) => unknown,
    meant: (input: Uint8Array, ours: unknown, theirs: unknown) => boolean,
    sameLength = true,
  ): void => {
    targets.push(
      new DecoderTarget(`${name} beside hypercore ${version}`, ours, corpus, {
        mayGrow,
        compare: (input, value, error, consumed) => {
          // Bounds of our own, which no honest message reaches.
          if (error instanceof LimitExceededError) return;
          const other = read(theirs, input);
          if ((error === undefined) !== (other.error === undefined)) {
            if (!meant(input, error, other.error)) broken('both read it or neither', error ?? other.error);
          } else if (error === undefined) {
            if (!same(view(value), view(other.value))) broken('both read the same value');
            if (sameLength && consumed !== other.consumed) broken('both read as many bytes');
          }
        },
      }),
    );
  };
  for (const version of [10, 11] as const) {
    for (const type of types) {
      const view = (value: unknown): unknown => {
        const fields = 'type' in (value as object) ? theirValue(value as Message) : { ...(value as object) };
        if (type === 'noData') (fields as { reason?: number | null }).reason ??= 0;
        return normal(fields, version, type);
      };
      // Hypercore 10 ends before what is new in 11.
      const ends = version === 10 && ['noData', 'want', 'unwant', 'data'].includes(type);
      official(
        type,
        version,
        any(ourCodec(type)),
        theirCodec(version, type),
        messageCorpus(kindOf(type)),
        view,
        (input, ours, theirs) => isMeant(version, type, input, ours, theirs),
        !ends,
      );
    }
    const { manifest, wire } = versions[version];
    const open = wire['handshake'];
    const tooLarge = (_input: Uint8Array, error: unknown): boolean => version === 10 && isTooLarge(error);
    official('open', version, any(openCodec), open, messageCorpus('handshake'), comparable, tooLarge);
    official(
      'manifest',
      version,
      any(manifestCodec),
      manifest,
      manifestCorpus(),
      value => comparable(version === 10 ? manifestOf10(value) : value),
      (input, ours, theirs) => isMeantOfManifest(version, input, ours, theirs),
      version === 11,
    );
  }
  return targets;
}
