import { BadValueError, OutOfBoundsError } from '../errors.js';
import type { Codec, EncodingState } from './Codec.js';
import { uint } from './uint.js';

/** The most items an array may announce, as in compact-encoding. */
const MAX_ITEMS = 0x100000;

/** Bounds of {@link array}. @public */
export interface ArrayOptions {
  /** The fewest bytes one item can take, at least 1. */
  readonly minBytes: number;
  /** The most items; 1,048,576 unless told. */
  readonly max?: number;
}

/**
 * Items behind their count (compact-encoding `array`).
 *
 * The count is believed only as far as the bytes left can hold that many items: otherwise `ERR_OUT_OF_BOUNDS`, and
 * `ERR_BAD_VALUE` above `max`, before anything is allocated. Writing more than `max` throws RangeError.
 *
 * @public
 */
export function array<T>(item: Codec<T>, options: ArrayOptions): Codec<readonly T[]> {
  const { minBytes, max = MAX_ITEMS } = options;
  if (!(minBytes >= 1)) throw new RangeError('minBytes must be at least 1');
  return {
    preencode: (state, values) => preencodeArray(state, item, values, max),
    encode: (state, values) => encodeArray(state, item, values),
    decode: state => decodeArray(state, item, minBytes, max),
  };
}

/** {@link array} without a codec of its own, for codecs that are literals. @internal */
export function preencodeArray<T>(
  state: EncodingState,
  item: Codec<T>,
  values: readonly T[],
  max = MAX_ITEMS,
): void {
  if (values.length > max) throw new RangeError(`at most ${max} items, not ${values.length}`);
  uint.preencode(state, values.length);
  for (let i = 0; i < values.length; i++) item.preencode(state, values[i]);
}

/** The writing half of {@link preencodeArray}. @internal */
export function encodeArray<T>(state: EncodingState, item: Codec<T>, values: readonly T[]): void {
  uint.encode(state, values.length);
  for (let i = 0; i < values.length; i++) item.encode(state, values[i]);
}

/** The reading half of {@link preencodeArray}. @internal */
export function decodeArray<T>(state: EncodingState, item: Codec<T>, minBytes: number, max = MAX_ITEMS): T[] {
  const from = state.start;
  const count = uint.decode(state);
  if (count > max) {
    state.start = from;
    throw new BadValueError('array', from, `more than ${max} items`);
  }
  if (count > (state.end - state.start) / minBytes) {
    state.start = from;
    throw new OutOfBoundsError('array', from);
  }
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(item.decode(state));
  return values;
}
