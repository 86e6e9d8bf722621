import type { Codec } from '../encoding/Codec.js';
import { bitfieldCodec } from './bitfield.js';
import { cancelCodec } from './cancel.js';
import { dataCodec } from './data.js';
import { extensionCodec } from './extension.js';
import type { Message, MessageType } from './Message.js';
import { noDataCodec } from './noData.js';
import { rangeCodec } from './range.js';
import { requestCodec } from './request.js';
import { synchronizeCodec } from './synchronize.js';
import { unwantCodec } from './unwant.js';
import { wantCodec } from './want.js';

/**
 * The codec of each message, at the position that is its number on the wire (hypercore `lib/replicator.js`, where the
 * channel is made). A number beyond the end is to be ignored.
 *
 * @internal
 */
export const messageCodecs: readonly Codec<Message>[] = [
  synchronizeCodec,
  requestCodec,
  cancelCodec,
  dataCodec,
  noDataCodec,
  wantCodec,
  unwantCodec,
  bitfieldCodec,
  rangeCodec,
  extensionCodec,
];

const wireTypes: Readonly<Record<MessageType, number>> = {
  synchronize: 0,
  request: 1,
  cancel: 2,
  data: 3,
  noData: 4,
  want: 5,
  unwant: 6,
  bitfield: 7,
  range: 8,
  extension: 9,
};

/**
 * The number of a message on the wire.
 *
 * @throws TypeError if there is no such message, which only untyped callers can ask for.
 * @internal
 */
export function wireTypeOf(type: MessageType): number {
  const wireType: unknown = wireTypes[type];
  if (typeof wireType !== 'number') throw new TypeError(`no message has the type ${String(type)}`);
  return wireType;
}
