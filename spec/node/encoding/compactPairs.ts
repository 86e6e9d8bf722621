import * as compact from 'compact-encoding';
import { array } from '../../../lib/encoding/array.js';
import { bytes, optionalBytes } from '../../../lib/encoding/bytes.js';
import type { Codec } from '../../../lib/encoding/Codec.js';
import { compactCodec } from '../../../lib/encoding/compactCodec.js';
import { fixed, fixed32 } from '../../../lib/encoding/fixed.js';
import { rest } from '../../../lib/encoding/rest.js';
import { text } from '../../../lib/encoding/text.js';
import { uint } from '../../../lib/encoding/uint.js';
import { uint32Array } from '../../../lib/encoding/uint32Array.js';
import { comparable } from '../../helpers/marbles.js';
import type { Random } from '../../helpers/random.js';

type Draw = (random: Random) => unknown;
/** A codec of ours and the package's own, and what to write with them. */
export interface Pair {
  ours: Codec<never>;
  theirs: Codec<never>;
  draw: Draw;
}

function pair<T, U>(ours: Codec<T>, theirs: Codec<U>, draw: (random: Random) => T): Pair {
  return { ours: ours as unknown as Codec<never>, theirs: theirs as unknown as Codec<never>, draw };
}

const drawUint = (random: Random): number => Math.floor(random.next() * 2 ** random.integer(0, 53));
const drawBytes = (random: Random): Uint8Array => random.bytes(random.integer(0, 300));
const drawText = (random: Random): string =>
  String.fromCharCode(
    ...Array.from({ length: random.integer(0, 90) }, () =>
      random.next() < 0.9 ? random.integer(0, 0x7f) : random.integer(0, 0xffff),
    ),
  );
const many =
  <T>(draw: (random: Random) => T) =>
  (random: Random): T[] =>
    Array.from({ length: random.integer(0, 6) }, () => draw(random));

/** Every codec that the package has too. */
export const pairs: Record<string, Pair> = {
  uint: pair(uint, compact.uint, drawUint),
  text: pair(text, compact.string, drawText),
  bytes: pair(bytes, compact.buffer, drawBytes),
  optionalBytes: pair(optionalBytes, compact.optionalBuffer, random =>
    random.next() < 0.2 ? null : drawBytes(random),
  ),
  rest: pair(rest, compact.raw, drawBytes),
  fixed5: pair(fixed(5), compact.fixed(5), random => random.bytes(5)),
  fixed32: pair(fixed32, compact.fixed32, random => random.bytes(32)),
  uint32Array: pair(uint32Array, compact.uint32array, random =>
    Uint32Array.from(many(random => Math.floor(random.next() * 2 ** 32))(random)),
  ),
  'array(uint)': pair(array(uint, { minBytes: 1 }), compact.array(compact.uint), many(drawUint)),
  'array(text)': pair(array(text, { minBytes: 1 }), compact.array(compact.string), many(drawText)),
  'array(fixed32)': pair(
    array(fixed32, { minBytes: 32 }),
    compact.array(compact.fixed32),
    many(random => random.bytes(32)),
  ),
  int: pair(compactCodec('int', compact.int), compact.int, random => Math.floor(drawUint(random) / 4)),
  float64: pair(compactCodec('float64', compact.float64), compact.float64, random => random.next()),
};

export interface Attempt {
  value?: unknown;
  consumed: number;
  error?: unknown;
}

/** Reads one value from `[start, end)`. */
export function attempt(codec: Codec<never>, start: number, end: number, buffer: Uint8Array): Attempt {
  const state = { start, end, buffer };
  try {
    const value = comparable(codec.decode(state));
    return { value, consumed: state.start };
  } catch (error) {
    return { error, consumed: state.start };
  }
}
