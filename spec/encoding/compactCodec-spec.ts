import {
  array as compactArray,
  frame,
  json,
  string,
  uint as compactUint,
  uint32array,
} from 'compact-encoding';
import type { Codec } from '../../lib/encoding/Codec.js';
import { compactCodec } from '../../lib/encoding/compactCodec.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { BadValueError, LimitExceededError, OutOfBoundsError } from '../../lib/errors.js';
import { concat, hex, unhex } from '../helpers/bytes.js';

describe('compactCodec', () => {
  it('writes and reads as the codec does', () => {
    const strings = compactCodec('strings', compactArray(string));
    expect(hex(encode(strings, ['a', 'bc']))).toBe('020161026263');
    expect(decode(strings, unhex('020161026263'))).toEqual(['a', 'bc']);
  });

  it('names what ran out of bytes, and stays where it was', () => {
    const framed = compactCodec('framed', frame(string));
    const state = { start: 1, end: 4, buffer: unhex('ff02056162') };
    expect(() => framed.decode(state)).toThrow(new OutOfBoundsError('framed', 1));
    expect(state.start).toBe(1);
    expect(state.end).toBe(4);
  });

  it('notices a read past the end', () => {
    const words = compactCodec('words', uint32array);
    const buffer = unhex('0201000000020000000300000004000000');
    expect(() => words.decode({ start: 0, end: 5, buffer })).toThrow(new OutOfBoundsError('words', 0));
  });

  it('takes the RangeError of a view for one', () => {
    const view: Codec<number> = {
      preencode: state => void (state.end += 4),
      encode: () => undefined,
      decode: state => new DataView(state.buffer!.buffer).getUint32(state.start),
    };
    expect(() => decode(compactCodec('view', view), unhex('0102'))).toThrowError(OutOfBoundsError);
  });

  it('tells of a bad value without quoting it', () => {
    const secret = concat(Uint8Array.of(6), new TextEncoder().encode('secret'));
    expect(() => decode(compactCodec('json', json), secret)).toThrow(
      new BadValueError('json', 0, 'malformed'),
    );
    expect(() => decode(compactCodec('n', compactUint), unhex('ffffffffffffffffff'))).toThrowError(
      BadValueError,
    );
  });

  it('passes typed errors on', () => {
    const own = new LimitExceededError('maxThings', 1, 2);
    const codec = compactCodec('own', {
      ...compactUint,
      decode: () => {
        throw own;
      },
    });
    expect(() => decode(codec, unhex('01'))).toThrow(own);
  });

  it('leaves mistakes of the writer alone', () => {
    expect(() => encode(compactCodec('n', compactUint), -1)).toThrowError(/uint must be/);
  });
});
