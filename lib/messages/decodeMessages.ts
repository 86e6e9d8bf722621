import { defer, filter, map, takeWhile, type OperatorFunction } from 'rxjs';
import { decode } from '../encoding/decode.js';
import type { Packet } from '../mux/Packet.js';
import { extension } from './extension.js';
import { ExtensionNames } from './ExtensionNames.js';
import type { Message } from './Message.js';
import { messageCodecs } from './wireTypes.js';

/** Which channel the operators for messages are about. @public */
export interface MessageOptions {
  /** Its number, as the sender of the packets counts; 1 unless told. */
  readonly channel?: number;
}

/**
 * Turns the packets of one channel into typed messages.
 *
 * ```
 * source:           --a--b--(other channel)--c--(close)
 * decodeMessages()  --A--B-------------------C--|
 * ```
 *
 * Packets of other channels, opens, rejects and messages of unknown types are skipped. Shortened names of extensions are
 * written out.
 *
 * - *Completes* with the source, or when the remote closes the channel.
 * - *Errors*: `ERR_OUT_OF_BOUNDS`, `ERR_BAD_VALUE` for a message that is cut short or makes no sense; the source's own.
 * - *Buffers*: byte arrays in a message are views of the packet; copy what is kept. Nothing is written into them.
 *
 * @example
 * ```ts
 * payloads.pipe(decodePackets(), decodeMessages()).subscribe(message => console.log(message.type));
 * ```
 * @see {@link encodeMessages}
 * @public
 */
export function decodeMessages(options: MessageOptions = {}): OperatorFunction<Packet, Message> {
  const channel = verifyChannel(options);
  return source =>
    defer(() => {
      const names = new ExtensionNames();
      return source.pipe(
        takeWhile(packet => packet.type !== 'close' || packet.channel !== channel),
        map(packet => {
          if (packet.type !== 'message' || packet.channel !== channel) return null;
          if (packet.messageType >= messageCodecs.length) return null;
          const message = decode(messageCodecs[packet.messageType], packet.body);
          return message.type === 'extension'
            ? extension({ name: names.decodeName(message.name), payload: message.payload })
            : message;
        }),
        filter(message => message !== null),
      );
    });
}

/** The channel of the options; a number no channel can have is the caller's mistake. @internal */
export function verifyChannel(options: MessageOptions): number {
  const { channel = 1 } = options;
  if (!Number.isSafeInteger(channel) || channel < 1) {
    throw new RangeError('channel must be an integer of at least 1');
  }
  return channel;
}
