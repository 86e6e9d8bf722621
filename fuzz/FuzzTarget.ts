import { hex } from '../spec/helpers/bytes.js';
import type { Dice } from './Dice.js';

/** What became of an input: read, or refused with an error of the library. */
export type FuzzOutcome = 'accepted' | 'refused';

/** Something that takes input of a remote. */
export interface FuzzTarget {
  readonly name: string;
  /** How many inputs it takes in about the time in which a decoder takes a thousand. */
  readonly weight: number;
  /** Draws one input and gives it to what is tested; throws {@link FuzzFailure} if a promise is broken. */
  run(dice: Dice): FuzzOutcome;
  /** Gives what is tested these bytes, in place of drawn ones; where an input is one array of bytes. */
  give?(input: Uint8Array): FuzzOutcome;
  /** The last of them. */
  readonly given?: Uint8Array;
  /** Bytes of the last input, which bound the work on it. */
  readonly inputBytes: number;
  /** The last input, for people. */
  describe(): string;
}

/** A promise that was broken. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
}

export function broken(promise: string, cause?: unknown): never {
  throw new FuzzFailure(promise, cause === undefined ? undefined : { cause });
}

export const hexOf = hex;
