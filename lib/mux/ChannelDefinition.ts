import type { Codec } from '../encoding/Codec.js';

/**
 * What a {@link ProtocolChannel} speaks: a protocol of your own, or any other that runs over Protomux.
 *
 * `messages` names the message types in the order of their numbers on the wire, with `null` for a number that is not
 * used. A JavaScript object keeps that order for every name that does not look like an array index.
 *
 * @example
 * ```ts
 * const chat = {
 *   protocol: 'example/chat',
 *   messages: { say: text, typing: uint },
 * };
 * ```
 *
 * @public
 */
export interface ChannelDefinition<M extends object, H = void> {
  readonly protocol: string;
  /** Tells channels of one protocol apart; absent, null and empty are the same. */
  readonly id?: Uint8Array | null;
  /** Other names under which the remote may open it. */
  readonly aliases?: readonly string[];
  /** Whether a second channel for the same protocol and id is refused. True by default. */
  readonly unique?: boolean;
  /** What both sides say when they open the channel. */
  readonly handshake?: Codec<H>;
  /** What this side says; needed where there is a handshake, unless it is given to `open`. */
  readonly greeting?: H;
  /** Codecs by name. */
  readonly messages: M;
}

/** The messages of a definition: one `{ type, value }` per codec, told apart by `type`. @public */
export type ProtocolMessage<M extends object> = {
  [K in keyof M & string]: M[K] extends Codec<infer T> ? { readonly type: K; readonly value: T } : never;
}[keyof M & string];
