import * as compact from 'compact-encoding';
import { bytes, optionalBytes } from '../../../lib/encoding/bytes.js';
import { encode } from '../../../lib/encoding/encode.js';
import { fixed } from '../../../lib/encoding/fixed.js';
import { rest } from '../../../lib/encoding/rest.js';
import { isHypercoreError } from '../../../lib/errors.js';
import { hex } from '../../helpers/bytes.js';
import { comparable } from '../../helpers/marbles.js';
import { Random } from '../../helpers/random.js';
import { attempt, pairs } from './compactPairs.js';

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
