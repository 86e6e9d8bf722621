import { createRequire } from 'node:module';
import type { Codec, EncodingState } from '../../../lib/encoding/Codec.js';
import { BadValueError } from '../../../lib/errors.js';
import type { Message, MessageType } from '../../../lib/messages/Message.js';
import { messageCodecs, wireTypeOf } from '../../../lib/messages/wireTypes.js';
import { comparable } from '../../helpers/marbles.js';
import { draws } from '../../messages/drawMessage.js';

interface Theirs {
  manifest: Codec<unknown>;
  wire: Record<string, Codec<unknown>>;
}
const require = createRequire(import.meta.url);
export const versions = {
  10: require('hypercore-10/lib/messages.js') as Theirs,
  11: require('hypercore-11/lib/messages.js') as Theirs,
};
export type Version = keyof typeof versions;

export const types = Object.keys(draws) as MessageType[];
export const ourCodec = (type: MessageType): Codec<Message> => messageCodecs[wireTypeOf(type)];
export const theirCodec = (version: Version, type: MessageType): Codec<unknown> =>
  versions[version].wire[type === 'synchronize' ? 'sync' : type];

/** The message as their codec takes and gives it. */
export function theirValue(message: Message): Record<string, unknown> {
  const { type, ...fields } = message as Message & Record<string, unknown>;
  if (type === 'extension') return { name: fields['name'], message: fields['payload'] };
  return fields;
}

/** What of a message is new in hypercore 11, left out where 10 decoded it. */
function asVersion10(value: Record<string, unknown>, type: MessageType): Record<string, unknown> {
  const known = { ...value };
  for (const name of { synchronize: ['allowPush'], noData: ['reason'], want: ['any'], unwant: ['any'] }[
    type as 'want'
  ] ?? [])
    delete known[name];
  if (type === 'data' && known['manifest'] !== null) known['manifest'] = manifestOf10(known['manifest']);
  return known;
}

/** What hypercore 10 knows of a manifest. */
export function manifestOf10(value: unknown): Record<string, unknown> {
  const manifest = { ...(value as Record<string, unknown>) };
  delete manifest['linked'];
  delete manifest['userData'];
  return manifest;
}

/** Whether hypercore 10 can write and read the message as a whole. */
export const fits10 = (message: Message): boolean =>
  message.type === 'data'
    ? message.manifest === null || message.manifest.version < 2
    : message.type === 'noData'
      ? message.reason === null
      : message.type === 'want' || message.type === 'unwant'
        ? !message.any
        : !(message.type === 'synchronize' && message.allowPush);

/** Hypercore 11 has one form of noData. */
export const fits11 = (message: Message): boolean => message.type !== 'noData' || message.reason !== null;

export function read(
  codec: Codec<unknown>,
  wire: Uint8Array,
): { value?: unknown; consumed: number; error?: unknown } {
  const state: EncodingState = { start: 0, end: wire.length, buffer: wire };
  try {
    return { value: codec.decode(state), consumed: state.start };
  } catch (error) {
    return { error, consumed: state.start };
  }
}

export function theirBytes(codec: Codec<unknown>, value: unknown): Uint8Array {
  const state: EncodingState = { start: 0, end: 0, buffer: null };
  codec.preencode(state, value);
  state.buffer = new Uint8Array(state.end);
  codec.encode(state, value);
  return state.buffer;
}

export const normal = (value: unknown, version: Version, type: MessageType): unknown => {
  const fields = value as Record<string, unknown>;
  return comparable(version === 10 ? asVersion10(fields, type) : fields);
};

/** Whether it is one of the differences that the spec lists: one side refuses what the other reads. */
export function isMeant(
  version: Version,
  type: MessageType,
  wire: Uint8Array,
  ours: unknown,
  theirs: unknown,
): boolean {
  if (ours === undefined) {
    const message = read(ourCodec(type), wire).value as Message;
    if (message.type === 'request') {
      const { seek, upgrade, priority } = message;
      const endsBefore = String(theirs).includes('Out of bounds');
      return endsBefore && seek !== null && seek.padding === 0 && upgrade === null && priority === 0;
    }
    return version === 10 && message.type === 'data' && String(theirs).includes('Unknown version');
  }
  if (version === 11) return false;
  const partsOf11 = type === 'data' && read(theirCodec(11, type), wire).error !== undefined;
  return isTooLarge(ours) || partsOf11 || ['noData', 'want', 'unwant'].includes(type);
}

/** Hypercore 10 rounds integers that are no exact doubles. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof BadValueError && error.message.includes('above 2^53 - 1');

/** The same for a manifest by itself. */
export function isMeantOfManifest(
  version: Version,
  wire: Uint8Array,
  ours: unknown,
  theirs: unknown,
): boolean {
  if (version === 11) return false;
  if (ours === undefined) return String(theirs).includes('Unknown version');
  return isTooLarge(ours) || read(versions[11].manifest, wire).error !== undefined;
}
