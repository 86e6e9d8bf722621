import type { Codec } from '../../lib/encoding/Codec.js';
import { LimitExceededError } from '../../lib/errors.js';
import { manifestCodec } from '../../lib/messages/manifest.js';
import type { Message } from '../../lib/messages/Message.js';
import { openCodec } from '../../lib/messages/open.js';
import { comparable } from '../../spec/helpers/marbles.js';
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
  type Version,
  versions,
} from '../../spec/node/messages/officialMessages.js';
import { compactCorpus, manifestCorpus, messageCorpus } from '../corpus.js';
import { broken, type FuzzTarget } from '../FuzzTarget.js';
import { same } from '../same.js';
import { DecoderTarget } from './DecoderTarget.js';
import { any, kindOf, mayGrow, types } from './decoders.js';

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
