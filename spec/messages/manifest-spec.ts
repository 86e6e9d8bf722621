import { portableCrypto } from '../../lib/crypto/portable/portable.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { BadValueError, OutOfBoundsError } from '../../lib/errors.js';
import { type Manifest, manifestCodec } from '../../lib/messages/manifest.js';
import { hex, unhex } from '../helpers/bytes.js';
import { comparable } from '../helpers/marbles.js';
import keysFile from '../vectors/keys.json' with { type: 'json' };
import { manifestOf, type ManifestJson } from './vectorMessages.js';

const vectors = keysFile as {
  namespaces: { name: string; ids: string[] }[];
  manifests: { what: string; manifest: ManifestJson; encoded: string; key: string }[];
};

const plain = manifestOf(vectors.manifests[0].manifest);

describe('manifests', () => {
  const namespace = unhex(vectors.namespaces.find(({ name }) => name === 'hypercore')!.ids[3]);

  for (const { what, manifest, encoded, key } of vectors.manifests) {
    it(`${what}: is written and read, and hashes to its key`, () => {
      const value = manifestOf(manifest);
      const wire = encode(manifestCodec, value);
      expect(hex(wire)).toBe(encoded);
      expect(comparable(decode(manifestCodec, wire))).toEqual(comparable(value));
      expect(hex(portableCrypto.hash(32, [namespace, wire]))).toBe(key);
    });

    it(`${what}: is refused wherever it is cut`, () => {
      const wire = unhex(encoded);
      for (let end = 0; end < wire.length; end++) {
        expect(() => decode(manifestCodec, wire.subarray(0, end))).toThrowError(OutOfBoundsError);
      }
    });
  }

  it('refuses what it does not know, at its place', () => {
    const cases: [string, number, string][] = [
      ['04', 0, 'an unknown version'],
      ['fd0001', 0, 'an unknown version'],
      ['010001', 2, 'an unknown hash'],
      ['0001', 1, 'an unknown hash'],
      ['000003', 2, 'an unknown type'],
      [`0100000101${'01'.repeat(65)}`, 5, 'an unknown signature'],
    ];
    for (const [wire, offset, reason] of cases) {
      expect(() => decode(manifestCodec, unhex(wire)))
        .withContext(wire)
        .toThrow(new BadValueError('manifest', offset, reason));
    }
  });

  it('believes a count only as far as the bytes reach', () => {
    expect(() => decode(manifestCodec, unhex(`01000001fe00001000${'00'.repeat(65)}`))).toThrowError(
      OutOfBoundsError,
    );
    expect(() => decode(manifestCodec, unhex('0204000000ff0000000001000000'))).toThrowError(BadValueError);
    expect(() => decode(manifestCodec, unhex(`020400000002${'00'.repeat(63)}`))).toThrowError(
      OutOfBoundsError,
    );
  });

  it('tells empty from absent where the wire does', () => {
    const value: Manifest = { ...plain, version: 2, linked: [], userData: new Uint8Array(0) };
    const read = decode(manifestCodec, encode(manifestCodec, value));
    expect(comparable(read)).toEqual(comparable(value));
  });

  it('refuses to write what nobody could read', () => {
    const wrong: unknown[] = [
      { ...plain, version: 4 },
      { ...plain, version: -1 },
      { ...plain, version: 1.5 },
      { ...plain, hash: 'sha256' },
      { ...plain, signers: [{ ...plain.signers[0], signature: 'rsa' }] },
      { ...plain, signers: [{ ...plain.signers[0], publicKey: new Uint8Array(31) }] },
      { ...plain, quorum: -1 },
    ];
    for (const value of wrong)
      expect(() => encode(manifestCodec, value as Manifest)).toThrowError(RangeError);
  });
});
