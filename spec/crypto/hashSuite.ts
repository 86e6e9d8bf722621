import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import { ascii, bytesOfRule, concat, fill, hex, unhex, type ByteRule } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

interface TreeNode {
  index: number;
  size: number;
  hash: string;
}

interface HashVectors {
  namespaces: { name: string; count: number; ids: string[] }[];
  leafHashes: { data: string; hash: string }[];
  leafLarge: { dataRule: ByteRule; hash: string }[];
  parentHashes: { a: TreeNode; b: TreeNode; hash: string }[];
  treeHashes: { roots: TreeNode[]; hash: string }[];
  manifests: { what: string; encoded: string; key: string }[];
}

const { namespaces, leafHashes, leafLarge, parentHashes, treeHashes, manifests } = vectors as HashVectors;

/** RFC 7693 Appendix A: BLAKE2b-512 of "abc". */
const abc =
  'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
  '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923';

/** RFC 7693 Appendix E: BLAKE2b-256 over the digests of its self-test. */
const grandHash = 'c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475';

/** Short digests of "abc", unkeyed and keyed with as many letters "k", as Python's hashlib.blake2b gives them. */
const shortDigests: readonly [length: number, unkeyed: string, keyed: string][] = [
  [1, '6b', '9e'],
  [2, 'ae1e', '7840'],
  [3, '8c45ed', 'ae12fb'],
  [5, '44229fc0ef', '91a8a6541d'],
  [8, 'd8bb14d833d59559', 'a9b3331f5b3af430'],
  [15, 'cb322ea749b92c9a46ca598e516025', '64c710639723e62f59d77ffea9152a'],
  [16, 'cf4ab791c62b8d2b2109c90275287816', 'afec5971bc113d6df7d55ca0df1aba7f'],
];

/** The number as eight bytes, little endian. */
function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** The pseudo-random input of RFC 7693 Appendix E. */
function selfTestInput(length: number, seed: number): Uint8Array {
  let a = Math.imul(0xdead4bad, seed) >>> 0;
  let b = 1;
  return Uint8Array.from({ length }, () => {
    const sum = (a + b) >>> 0;
    a = b;
    b = sum;
    return sum >>> 24;
  });
}

/** BLAKE2b: the printed vectors, and every hash that Hypercore makes with it. */
export function hashSuite(crypto: CryptoBackend): void {
  describe('hash', () => {
    it('gives the digest printed in RFC 7693 Appendix A', () => {
      expect(hex(crypto.hash(64, [ascii('abc')]))).toBe(abc);
      expect(hex(crypto.hash(64, [ascii('a'), ascii(''), ascii('bc')]))).toBe(abc);
    });

    it('passes the self-test of RFC 7693 Appendix E, keyed and unkeyed', () => {
      const digests: Uint8Array[] = [];
      for (const digestLength of [20, 32, 48, 64]) {
        for (const inputLength of [0, 3, 128, 129, 255, 1024]) {
          const input = selfTestInput(inputLength, inputLength);
          digests.push(crypto.hash(digestLength, [input]));
          digests.push(crypto.hash(digestLength, [input], selfTestInput(digestLength, digestLength)));
        }
      }
      expect(hex(crypto.hash(32, digests))).toBe(grandHash);
    });

    it('gives digests and takes keys of every length from one byte on', () => {
      for (const [length, unkeyed, keyed] of shortDigests) {
        expect(hex(crypto.hash(length, [ascii('abc')]))).toBe(unkeyed);
        expect(hex(crypto.hash(length, [ascii('abc')], ascii('k'.repeat(length))))).toBe(keyed);
      }
    });

    it('gives the namespaces of hypercore-crypto', () => {
      for (const { name, count, ids } of namespaces) {
        expect(ids.length).toBe(count);
        const prefix = crypto.hash(32, [ascii(name)]);
        ids.forEach((id, i) => expect(hex(crypto.hash(32, [prefix, Uint8Array.of(i)]))).toBe(id));
      }
    });

    it('gives the leaf hashes of a Hypercore', () => {
      const leaves = [
        ...leafHashes.map(({ data, hash }) => ({ data: unhex(data), hash })),
        ...leafLarge.map(({ dataRule, hash }) => ({ data: bytesOfRule(dataRule), hash })),
      ];
      for (const { data, hash } of leaves) {
        expect(hex(crypto.hash(32, [Uint8Array.of(0), u64(data.length), data]))).toBe(hash);
      }
    });

    it('gives the parent hashes of a Hypercore', () => {
      for (const { a, b, hash } of parentHashes) {
        const [left, right] = a.index < b.index ? [a, b] : [b, a];
        const parts = [Uint8Array.of(1), u64(a.size + b.size), unhex(left.hash), unhex(right.hash)];
        expect(hex(crypto.hash(32, parts))).toBe(hash);
      }
    });

    it('gives the tree hashes of a Hypercore', () => {
      for (const { roots, hash } of treeHashes) {
        const parts = roots.flatMap(root => [unhex(root.hash), u64(root.index), u64(root.size)]);
        expect(hex(crypto.hash(32, [Uint8Array.of(2), ...parts]))).toBe(hash);
      }
    });

    it('gives the keys of manifests', () => {
      const [manifestNamespace] = namespaces
        .filter(({ name }) => name === 'hypercore')
        .map(({ ids }) => ids[3]);
      for (const { what, encoded, key } of manifests) {
        expect(hex(crypto.hash(32, [unhex(manifestNamespace), unhex(encoded)])))
          .withContext(what)
          .toBe(key);
      }
    });

    it('leaves its inputs alone and gives a fresh array', () => {
      const part = fill(200, 5);
      const key = fill(64, 6);
      const digest = crypto.hash(32, [part, part.subarray(3)], key);
      expect(hex(part)).toBe(hex(fill(200, 5)));
      expect(hex(key)).toBe(hex(fill(64, 6)));
      expect(digest.length).toBe(32);
      expect(digest.buffer.byteLength).toBe(32);
      expect(hex(crypto.hash(32, [concat(part, part.subarray(3))], key))).toBe(hex(digest));
    });

    it('refuses other lengths, and what is not bytes', () => {
      for (const length of [0, 65, -1, 1.5, NaN]) {
        expect(() => crypto.hash(length, [])).toThrowError(RangeError);
      }
      for (const length of [0, 65])
        expect(() => crypto.hash(32, [], fill(length, 1))).toThrowError(RangeError);
      expect(() => crypto.hash(32, ['abc' as unknown as Uint8Array])).toThrowError(TypeError);
      expect(() => crypto.hash(32, [], 'abc' as unknown as Uint8Array)).toThrowError(TypeError);
    });
  });
}
