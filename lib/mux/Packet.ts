/**
 * One unit of the multiplexer, as Protomux writes it: three kinds that manage channels, and messages.
 *
 * Channel numbers are the sender's own, except in `reject`, which names the channel of the one who receives it.
 * An absent `id` and an empty one are the same on the wire and are read as `null`.
 *
 * @public
 */
export type Packet =
  | {
      readonly type: 'open';
      readonly channel: number;
      readonly protocol: string;
      readonly id: Uint8Array | null;
      /** Whatever the protocol puts behind the id; empty where it has no handshake. */
      readonly handshake: Uint8Array;
    }
  | { readonly type: 'reject'; readonly channel: number }
  | { readonly type: 'close'; readonly channel: number }
  | {
      readonly type: 'message';
      readonly channel: number;
      /** Position of the message's codec in the list the protocol registered. */
      readonly messageType: number;
      readonly body: Uint8Array;
    };
