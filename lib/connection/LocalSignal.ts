/** A signal from the protocol to its channels, or from a channel to its protocol. @public */
export interface LocalSignal {
  readonly name: string;
  readonly data: unknown;
}
