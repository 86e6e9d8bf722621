import { defer, map, type OperatorFunction } from 'rxjs';
import { encode } from '../encoding/encode.js';
import type { Packet } from '../mux/Packet.js';
import { type MessageOptions, verifyChannel } from './decodeMessages.js';
import { extension } from './extension.js';
import { ExtensionNames } from './ExtensionNames.js';
import type { Message } from './Message.js';
import { messageCodecs, wireTypeOf } from './wireTypes.js';

/**
 * Turns messages into the packets of one channel, which must be open: who composes by hand sends the open and the close.
 *
 * ```
 * source:           --A--B--C--|
 * encodeMessages()  --a--b--c--|
 * ```
 *
 * The name of an extension is left out where it is that of the extension message before.
 *
 * - *Completes* with the source.
 * - *Errors*: RangeError or TypeError for a message that cannot be written; the source's own.
 * - *Buffers*: each body is a new array of its exact size. Nothing of the message is kept.
 *
 * @example
 * ```ts
 * of(want({ start: 0, length: 1 })).pipe(encodeMessages(), encodePackets());
 * ```
 * @see {@link decodeMessages}
 * @public
 */
export function encodeMessages(options: MessageOptions = {}): OperatorFunction<Message, Packet> {
  const channel = verifyChannel(options);
  return source =>
    defer(() => {
      const names = new ExtensionNames();
      return source.pipe(
        map((message): Packet => {
          const messageType = wireTypeOf(message.type);
          const shortened =
            message.type === 'extension'
              ? extension({ name: names.encodeName(message.name), payload: message.payload })
              : message;
          return {
            type: 'message',
            channel,
            messageType,
            body: encode(messageCodecs[messageType], shortened),
          };
        }),
      );
    });
}
