import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/** Takes a request back (wire type 2). It is not answered any more, unless the answer was already under way. @public */
export interface Cancel {
  readonly type: 'cancel';
  /** Id of the request. */
  readonly request: number;
}

/** Builds a {@link Cancel}. @public */
export function cancel(fields: Omit<Cancel, 'type'>): Cancel {
  return { type: 'cancel', request: fields.request };
}

/** `request` (hypercore `lib/messages.js`, `wire.cancel`). @internal */
export const cancelCodec: Codec<Cancel> = {
  preencode(state, message) {
    uint.preencode(state, message.request);
  },
  encode(state, message) {
    uint.encode(state, message.request);
  },
  decode(state) {
    return { type: 'cancel', request: uint.decode(state) };
  },
};
