/** What a page asks of its storage worker: a name first, then its arguments. @internal */
export type OpfsCall =
  /** The storage, and the lock that the worker shall hold as long as it lives. */
  | readonly ['start', string, string | null]
  | readonly ['open', string]
  | readonly ['lock', string]
  | readonly ['unlock', number]
  | readonly ['remove', string]
  | readonly ['end']
  | readonly ['length', number]
  | readonly ['read', number, number, number]
  | readonly ['write', number, number, Uint8Array]
  | readonly ['punch', number, number, number]
  | readonly ['truncate', number, number]
  | readonly ['flush', number]
  | readonly ['close', number];

/** A call with its number, by which it is answered. @internal */
export type OpfsRequest = readonly [id: number, call: OpfsCall];

/** How a call failed, in what a message can carry. @internal */
export interface OpfsFailure {
  readonly name: string;
  readonly message: string;
}

/** The answer to a call: its value, or a failure. @internal */
export type OpfsAnswer = readonly [id: number, value: unknown, failure: OpfsFailure | null];
