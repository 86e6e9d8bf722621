import * as compact from 'compact-encoding';
import { array } from '../../../lib/encoding/array.js';
import { bytes, optionalBytes } from '../../../lib/encoding/bytes.js';
import type { Codec } from '../../../lib/encoding/Codec.js';
import { compactCodec } from '../../../lib/encoding/compactCodec.js';
import { encode } from '../../../lib/encoding/encode.js';
import { fixed, fixed32 } from '../../../lib/encoding/fixed.js';
import { rest } from '../../../lib/encoding/rest.js';
import { text } from '../../../lib/encoding/text.js';
import { uint } from '../../../lib/encoding/uint.js';
import { uint32Array } from '../../../lib/encoding/uint32Array.js';
import { isHypercoreError } from '../../../lib/errors.js';
import { hex } from '../../helpers/bytes.js';
import { comparable } from '../../helpers/marbles.js';
import { Random } from '../../helpers/random.js';

type Draw = (random: Random) => unknown;
interface Pair {
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

const pairs: Record<string, Pair> = {
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

/** Mostly short counts and lengths, sometimes huge ones, now and then a byte order mark. */
function hostile(random: Random): Uint8Array {
  const input = random.bytes(random.integer(0, 80));
  if (input.length > 0 && random.next() < 0.6) input[0] = random.integer(0, input.length + 2);
  if (input.length > 9 && random.next() < 0.1) {
    input[0] = random.pick([0xfd, 0xfe, 0xff]);
    input.fill(0, 3, 9);
  }
  if (input.length > 4 && random.next() < 0.1) input.set([0xef, 0xbb, 0xbf], 1);
  return input;
}

describe('the codecs beside compact-encoding itself', () => {
  it('write the same bytes and read each other', () => {
    const random = new Random('differential, values');
    for (const [name, { ours, theirs, draw }] of Object.entries(pairs)) {
      for (let i = 0; i < 2000; i++) {
        const value = draw(random) as never;
        const wire = encode(ours, value);
        expect(hex(wire))
          .withContext(name)
          .toBe(hex(compact.encode(theirs, value)));
        const mine = ours.decode({ start: 0, end: wire.length, buffer: wire });
        const other = compact.decode(theirs, wire);
        expect(comparable(mine)).withContext(name).toEqual(comparable(other));
      }
    }
  });

  /**
   * Differences that are meant, and all there are: where the package reads past `end` (uint32array) we refuse; what we
   * refuse, we refuse with a typed error; bytes come out as Uint8Array whatever came in. The latter is why values are
   * compared by content here.
   */
  it('accept and refuse the same hostile bytes', () => {
    const random = new Random('differential, hostile bytes');
    let accepted = 0;
    let refused = 0;
    for (const [name, { ours, theirs }] of Object.entries(pairs)) {
      for (let i = 0; i < 4000; i++) {
        const buffer = hostile(random);
        const start = random.integer(0, Math.min(2, buffer.length));
        const end = random.integer(start, buffer.length);
        const mine = attempt(ours, start, end, buffer);
        const other = attempt(theirs, start, end, buffer);
        const context = `${name} ${hex(buffer)} [${start}, ${end})`;
        if (other.error === undefined && other.consumed <= end) {
          accepted++;
          expect(mine).withContext(context).toEqual(other);
        } else {
          refused++;
          expect(isHypercoreError(mine.error)).withContext(context).toBeTrue();
        }
      }
    }
    expect(Math.min(accepted, refused)).toBeGreaterThan(10_000);
  });

  it('read a Buffer and hand out no Buffer', () => {
    const buffer = Buffer.from('020102', 'hex');
    for (const codec of [bytes, optionalBytes, rest, fixed(3)]) {
      expect(Buffer.isBuffer(codec.decode({ start: 0, end: 3, buffer }))).toBeFalse();
    }
    expect(Buffer.isBuffer(encode(bytes, buffer))).toBeFalse();
  });
});

interface Attempt {
  value?: unknown;
  consumed: number;
  error?: unknown;
}

function attempt(codec: Codec<never>, start: number, end: number, buffer: Uint8Array): Attempt {
  const state = { start, end, buffer };
  try {
    const value = comparable(codec.decode(state));
    return { value, consumed: state.start };
  } catch (error) {
    return { error, consumed: state.start };
  }
}
