import compactFile from '../spec/vectors/compact-encoding.json' with { type: 'json' };
import file10 from '../spec/vectors/hypercore-messages-v10.json' with { type: 'json' };
import file11 from '../spec/vectors/hypercore-messages-v11.json' with { type: 'json' };
import keysFile from '../spec/vectors/keys.json' with { type: 'json' };
import protomuxFile from '../spec/vectors/protomux.json' with { type: 'json' };
import mixedFile from '../spec/vectors/sessions-mixed.json' with { type: 'json' };
import sessions10 from '../spec/vectors/sessions-v10.json' with { type: 'json' };
import sessions11 from '../spec/vectors/sessions-v11.json' with { type: 'json' };
import { unhex } from '../spec/helpers/bytes.js';

/** Longer ones would make mutations slow, and show nothing that short ones do not. */
const LONGEST_SEED = 2048;

/** Every string of hex under any of the names, wherever in the file it stands. */
export function hexUnder(value: unknown, names: readonly string[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string'
      ? names.includes(name) && /^([0-9a-f]{2})*$/.test(inner)
        ? [inner]
        : []
      : hexUnder(inner, names),
  );
}

const seeds = (texts: readonly string[]): Uint8Array[] =>
  [...new Set(texts)].map(unhex).filter(({ length }) => length <= LONGEST_SEED);

/** What compact-encoding reads and writes, of every kind: what is a text to one decoder is a hostile number to another. */
export const compactCorpus = (): Uint8Array[] => seeds(hexUnder(compactFile, ['hex', 'encoded']));

export const manifestCorpus = (): Uint8Array[] => seeds(hexUnder(keysFile, ['encoded', 'encodedManifest']));

interface MessagesFile {
  readonly messages: Record<string, readonly { readonly hex?: string }[]>;
  readonly odd: readonly { readonly type: string; readonly hex: string }[];
}

/** Messages of a kind as hypercore calls it, of both versions, odd ones too. */
export function messageCorpus(kind: string): Uint8Array[] {
  const files = [file10, file11] as unknown as MessagesFile[];
  return seeds(
    files.flatMap(({ messages, odd }) => [
      ...(messages[kind] ?? []).flatMap(({ hex }) => hex ?? []),
      ...odd.filter(({ type }) => type === kind).map(({ hex }) => hex),
    ]),
  );
}

/** Payloads that Protomux and hypercore wrote, and what the vectors let Protomux receive. */
export function payloadCorpus(): Uint8Array[] {
  return seeds([
    ...hexUnder(protomuxFile, ['write', 'frame', 'hex']),
    ...[file10, sessions10, sessions11, mixedFile].flatMap(file =>
      hexUnder((file as { sessions?: unknown }).sessions, ['hex']),
    ),
  ]);
}
