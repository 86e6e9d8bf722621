/** Which way something went. */
export type Direction = 'in' | 'out';

/** What the inspector tells apart. */
export const kinds = ['frame', 'handshake', 'channel', 'state', 'request', 'data', 'extension'] as const;
export type Kind = (typeof kinds)[number];

/** One field of a message, as text. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** One thing that crossed the wire. */
export interface WireEntry {
  /** Counted from 1, over all connections. */
  readonly id: number;
  /** Milliseconds since the page was opened. */
  readonly at: number;
  readonly direction: Direction;
  readonly kind: Kind;
  /** What it is called on the wire. */
  readonly type: string;
  /** Its own bytes. */
  readonly bytes: number;
  /** What it says, in a few words. */
  readonly summary: string;
  /** The core whose channel it is on; empty where there is none. */
  readonly channel: string;
  readonly fields: readonly Field[];
}
