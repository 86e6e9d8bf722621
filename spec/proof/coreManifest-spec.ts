import { portableCrypto as crypto } from '../../lib/crypto/portable/portable.js';
import { decode } from '../../lib/encoding/decode.js';
import { encode } from '../../lib/encoding/encode.js';
import { discoveryKey } from '../../lib/keys/discoveryKey.js';
import { manifestCodec } from '../../lib/messages/manifest.js';
import {
  createManifest,
  defaultManifest,
  manifestKey,
  type ManifestFields,
} from '../../lib/proof/coreManifest.js';
import { SignatureRules } from '../../lib/proof/SignatureRules.js';
import { TreeHasher } from '../../lib/tree/TreeHasher.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

interface ManifestVectors {
  manifests: { what: string; encoded: string; key: string }[];
  defaultSigner: {
    seed: string;
    publicKey: string;
    encodedManifest: string;
    key: string;
    discoveryKey: string;
    tree: {
      length: number;
      fork: number;
      roots: { index: number; size: number; hash: string }[];
      hash: string;
    };
    wireSignature: string;
    compat: { key: string; discoveryKey: string; wireSignature: string };
  }[];
}

const { manifests, defaultSigner } = vectors as ManifestVectors;

describe('manifest', () => {
  for (const { what, encoded, key } of manifests) {
    it(`has the key that hypercore gives it: ${what}`, () => {
      expect(hex(manifestKey(crypto, decode(manifestCodec, unhex(encoded))))).toBe(key);
    });

    it(`is made of what it says: ${what}`, () => {
      const manifest = decode(manifestCodec, unhex(encoded));
      expect(hex(encode(manifestCodec, createManifest(manifest)))).toBe(encoded);
    });
  }

  for (const vector of defaultSigner) {
    it(`of one public key is hypercore's, and so is what is signed: ${vector.publicKey.slice(0, 8)}`, () => {
      const pair = crypto.keyPair(unhex(vector.seed));
      const hasher = new TreeHasher(crypto);
      const manifest = defaultManifest(pair.publicKey);
      expect(hex(encode(manifestCodec, manifest))).toBe(vector.encodedManifest);
      const roots = vector.tree.roots.map(root => ({ ...root, hash: unhex(root.hash) }));
      const tree = { ...vector.tree, roots, byteLength: roots[0].size, signature: null };
      expect(hex(hasher.tree(roots))).toBe(vector.tree.hash);
      for (const [given, expected] of [
        [manifest, vector],
        [null, vector.compat],
      ] as const) {
        const key = given ? manifestKey(crypto, given) : pair.publicKey;
        expect(hex(key)).toBe(expected.key);
        expect(hex(discoveryKey(crypto, key))).toBe(expected.discoveryKey);
        const rules = new SignatureRules(hasher, key, given);
        expect(rules.compat).toBe(given === null);
        expect(hex(rules.sign(tree, pair))).toBe(expected.wireSignature);
        expect(rules.verify(tree, unhex(expected.wireSignature))).toBeTrue();
        expect(rules.verify({ ...tree, fork: 1 }, unhex(expected.wireSignature))).toBeFalse();
      }
    });
  }

  it("takes hypercore's defaults", () => {
    const publicKey = fill(32, 1);
    const signers = [{ publicKey }, { publicKey }, { publicKey }];
    expect(createManifest({ signers })).toEqual(jasmine.objectContaining({ version: 1, quorum: 2 }));
    expect(createManifest({}).quorum).toBe(0);
    expect(createManifest({ linked: [publicKey] }).version).toBe(2);
    expect(createManifest({ userData: fill(1, 1) }).version).toBe(2);
    expect(createManifest({ linked: [] })).toEqual(jasmine.objectContaining({ version: 1, linked: null }));
  });

  it('refuses what makes no manifest', () => {
    const publicKey = fill(32, 1);
    const wrong: ManifestFields[] = [
      { version: 4 },
      { version: -1 },
      { version: 1, userData: fill(1, 1) },
      { version: 0, linked: [publicKey] },
      { signers: [{ publicKey: fill(31, 1) }] },
      { signers: [{ publicKey, namespace: fill(33, 1) }] },
      { signers: [{ publicKey }], quorum: 2 },
      { signers: [{ publicKey }], quorum: -1 },
      { signers: [{ publicKey }], quorum: 0.5 },
      { prologue: { hash: fill(31, 1), length: 1 } },
      { prologue: { hash: fill(32, 1), length: -1 } },
      { linked: [fill(31, 1)] },
    ];
    for (const fields of wrong) expect(() => createManifest(fields)).toThrowError(RangeError);
    expect(() => createManifest({ signers: [{ publicKey: 'no' as never }] })).toThrowError(TypeError);
  });
});
