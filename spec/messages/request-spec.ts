import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { OutOfBoundsError } from '../../lib/errors.js';
import { request, requestCodec } from '../../lib/messages/request.js';
import { hex, unhex } from '../helpers/bytes.js';

describe('request', () => {
  it('takes a seek without padding, as the Rust crate writes it, where it is the last part', () => {
    const seek = { bytes: 300, padding: 0 };
    expect(decode(requestCodec, unhex('040100fd2c01'))).toEqual(request({ id: 1, seek }));
    expect(decode(requestCodec, unhex('140100fd2c01'))).toEqual(request({ id: 1, seek, manifest: true }));
    const block = { index: 2, nodes: 1 };
    expect(decode(requestCodec, unhex('0501000201fd2c01'))).toEqual(request({ id: 1, block, seek }));
  });

  it('refuses a seek without padding where something follows', () => {
    expect(() => decode(requestCodec, unhex('0c0100fd2c01000a'))).toThrowError(OutOfBoundsError);
    expect(() => decode(requestCodec, unhex('240100fd2c0101'))).toThrowError(OutOfBoundsError);
  });

  it('writes the padding always', () => {
    const written = encode(requestCodec, request({ id: 1, seek: { bytes: 300, padding: 0 } }));
    expect(hex(written)).toBe('040100fd2c0100');
  });

  it('writes its parts in the order of their flags', () => {
    const full = request({
      id: 1,
      block: { index: 3, nodes: 2 },
      seek: { bytes: 300, padding: 8 },
      upgrade: { start: 0, length: 10 },
      manifest: true,
      priority: 1,
    });
    expect(hex(encode(requestCodec, full))).toBe('3d01000302fd2c0108000a01');
  });
});
