import type { Codec } from '../encoding/Codec.js';
import { uint } from '../encoding/uint.js';

/**
 * A request will not be answered with data (wire type 4).
 *
 * Hypercore asks again at once as long as it believes that the block is there: send a {@link Range} with `drop` before it.
 *
 * @public
 */
export interface NoData {
  readonly type: 'noData';
  /** Id of the request. */
  readonly request: number;
  /**
   * 1 for not available, 2 for an invalid request, 0 for no reason, `null` for a message without a place for one. That short
   * form is hypercore 10's, and the only one the Rust crate 0.7 can read; the other ones are hypercore 11's.
   */
  readonly reason: number | null;
}

/** What {@link noData} needs to know. @public */
export type NoDataFields = Pick<NoData, 'request'> & Partial<Pick<NoData, 'reason'>>;

/** Builds a {@link NoData}, in the short form that every peer reads unless a reason is given. @public */
export function noData(fields: NoDataFields): NoData {
  return { type: 'noData', request: fields.request, reason: fields.reason ?? null };
}

const REASON = 1;

/** `request`, or `request flags [reason]` (hypercore 10 and 11, `lib/messages.js`, `wire.noData`). @internal */
export const noDataCodec: Codec<NoData> = {
  preencode(state, message) {
    uint.preencode(state, message.request);
    if (message.reason == null) return;
    state.end++; // flags
    if (message.reason) uint.preencode(state, message.reason);
  },
  encode(state, message) {
    uint.encode(state, message.request);
    if (message.reason == null) return;
    state.buffer![state.start++] = message.reason ? REASON : 0;
    if (message.reason) uint.encode(state, message.reason);
  },
  decode(state) {
    const request = uint.decode(state);
    if (state.start >= state.end) return { type: 'noData', request, reason: null };
    const flags = uint.decode(state);
    return { type: 'noData', request, reason: flags & REASON ? uint.decode(state) : 0 };
  },
};
