import type { Codec, EncodingState } from '../encoding/Codec.js';
import { rest } from '../encoding/rest.js';
import { text } from '../encoding/text.js';
import { verifyCount } from '../encoding/verifyCount.js';

/** A message of an application's own (wire type 9). @public */
export interface Extension {
  readonly type: 'extension';
  /** Which extension it is for, at most {@link MAX_EXTENSION_NAME_BYTES} bytes of UTF-8. */
  readonly name: string;
  /** Up to the extension. Read from the wire it is a view. */
  readonly payload: Uint8Array;
}

/**
 * The longest name of an extension that can be sent, in bytes. The number is ours, the protocol has none: the last name
 * is kept for each channel, so a remote must not be able to make it as large as a frame. How long a name may be that is
 * received is `limits.maxExtensionNameBytes`.
 *
 * @public
 */
export const MAX_EXTENSION_NAME_BYTES = 1024;

/** Builds an {@link Extension}. @public */
export function extension(fields: Omit<Extension, 'type'>): Extension {
  return { type: 'extension', name: fields.name, payload: fields.payload };
}

/**
 * Checks a name that is to be sent.
 *
 * @throws RangeError for the empty name, which a remote would take for the last one, and for one that is too long
 * @internal
 */
export function verifyExtensionName(name: string): void {
  const state: EncodingState = { start: 0, end: 0, buffer: null };
  text.preencode(state, name);
  if (state.end === 1) throw new RangeError('the name of an extension must not be empty');
  // The length of a name that is just short enough takes three bytes of its own.
  if (state.end > MAX_EXTENSION_NAME_BYTES + 3) {
    throw new RangeError(`the name of an extension has at most ${MAX_EXTENSION_NAME_BYTES} bytes`);
  }
}

/**
 * `name payload`, the payload being all the rest (hypercore `lib/messages.js`, `wire.extension`). The name is taken as it
 * stands on the wire, where an empty one means the last one: see {@link ExtensionNames}. A longer name than allowed is
 * `ERR_LIMIT_EXCEEDED` (`maxExtensionNameBytes`).
 *
 * @internal
 */
export const extensionCodec: Codec<Extension> = {
  preencode(state, message) {
    text.preencode(state, message.name);
    rest.preencode(state, message.payload);
  },
  encode(state, message) {
    text.encode(state, message.name);
    rest.encode(state, message.payload);
  },
  decode(state) {
    verifyCount(state, 'maxExtensionNameBytes', 1);
    return { type: 'extension', name: text.decode(state), payload: rest.decode(state) };
  },
};
