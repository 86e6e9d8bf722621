import type { Codec, EncodingState } from '../../lib/encoding/Codec.js';
import { isHypercoreError } from '../../lib/errors.js';
import type { Dice } from '../Dice.js';
import { broken, type FuzzOutcome, type FuzzTarget, hexOf } from '../FuzzTarget.js';
import { mutate } from '../mutate.js';
import { same } from '../same.js';

/** What a {@link DecoderTarget} tests. */
export interface DecoderOptions {
  /** Whether what was read may be written: false where writing is another dialect. True by default. */
  readonly writes?: boolean;
  /** Whether it is meant that a value, written, is too long to be read again. Never by default. */
  readonly mayGrow?: (value: unknown, error: unknown) => boolean;
  /** Compares with another decoder; throws what `broken` throws. */
  readonly compare?: (input: Uint8Array, value: unknown, error: unknown, consumed: number) => void;
}

/**
 * One decoder. Promised is: nothing but errors of the library, no look past the end, a cursor that stays in its window, and
 * that what was read, written and read again is the same.
 */
export class DecoderTarget implements FuzzTarget {
  readonly weight = 1;
  given: Uint8Array = new Uint8Array(0);
  /** Behind the window lies what would be read as a long integer. */
  private readonly arena = new Uint8Array(8192);

  constructor(
    readonly name: string,
    private readonly codec: Codec<unknown>,
    private readonly corpus: readonly Uint8Array[],
    private readonly options: DecoderOptions = {},
  ) {}

  get inputBytes(): number {
    return this.given.length;
  }

  describe(): string {
    return hexOf(this.given);
  }

  run(dice: Dice): FuzzOutcome {
    return this.check(mutate(dice, this.corpus), dice.chance(0.1), dice.chance(0.4));
  }

  give(input: Uint8Array): FuzzOutcome {
    return this.check(input, true, true);
  }

  private check(input: Uint8Array, inWindow: boolean, again: boolean): FuzzOutcome {
    this.given = input;
    const state: EncodingState = { start: 0, end: input.length, buffer: input };
    let value: unknown;
    let error: unknown;
    try {
      value = this.codec.decode(state);
    } catch (thrown) {
      if (!isHypercoreError(thrown)) broken('only errors of the library are thrown', thrown);
      error = thrown;
    }
    if (state.end !== input.length || !(state.start >= 0 && state.start <= input.length)) {
      broken(`the cursor stays in its window, and is [${state.start}, ${state.end})`);
    }
    this.options.compare?.(input, value, error, state.start);
    if (inWindow) this.verifyWindow(input, value, error);
    if (error !== undefined) return 'refused';
    if (this.options.writes !== false && again) this.verifyStable(value);
    return 'accepted';
  }

  /** The same bytes amid others are the same value. */
  private verifyWindow(input: Uint8Array, value: unknown, error: unknown): void {
    const { arena } = this;
    const start = 5;
    arena.fill(0xff, start + input.length, start + input.length + 64);
    arena.set(input, start);
    let amid: unknown;
    let amidError: unknown;
    try {
      amid = this.codec.decode({ start, end: start + input.length, buffer: arena });
    } catch (thrown) {
      amidError = thrown;
    }
    const codes = [error, amidError].map(one => (one as { code?: string } | undefined)?.code);
    if (codes[0] !== codes[1] || !same(value, amid)) broken('nothing past the end is read');
  }

  private verifyStable(value: unknown): void {
    const first = this.write(value);
    let again: unknown;
    try {
      again = this.codec.decode({ start: 0, end: first.length, buffer: first });
    } catch (error) {
      if (this.options.mayGrow?.(value, error) === true) return;
      broken('what was read and written can be read', error);
    }
    if (!same(value, again)) broken('what was read, written and read is the same');
    const second = this.write(again);
    if (!same(first, second)) broken('what was written, read and written is the same');
  }

  private write(value: unknown): Uint8Array {
    const state: EncodingState = { start: 0, end: 0, buffer: null };
    try {
      this.codec.preencode(state, value);
      const buffer = new Uint8Array(state.end);
      state.buffer = buffer;
      this.codec.encode(state, value);
      if (state.start !== buffer.length) broken('a codec writes what it announced');
      return buffer;
    } catch (thrown) {
      return broken('what was read can be written', thrown);
    }
  }
}
