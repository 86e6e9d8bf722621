import { bestCrypto } from '../../lib/crypto/bestCrypto.js';
import type { CryptoBackend, KeyPair } from '../../lib/crypto/CryptoBackend.js';
import { decode } from '../../lib/encoding/decode.js';
import { isHypercoreError } from '../../lib/errors.js';
import { manifestCodec, type Manifest } from '../../lib/messages/manifest.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import { CoreAuthority } from '../../lib/proof/CoreAuthority.js';
import { createManifest, defaultManifest, manifestKey } from '../../lib/proof/coreManifest.js';
import { signable } from '../../lib/proof/signable.js';
import { assembleSignatures, SignatureRules, upgradeIndexes } from '../../lib/proof/SignatureRules.js';
import { TreeHasher } from '../../lib/tree/TreeHasher.js';
import { emptyHead, type TreeHead } from '../../lib/tree/TreeHead.js';
import { lateBackend } from '../crypto/lateBackend.js';
import { fill, hex, unhex } from '../helpers/bytes.js';
import { Random } from '../helpers/random.js';
import { NaiveTree } from '../tree/naiveTree.js';
import vectors from '../vectors/keys.json' with { type: 'json' };

interface RuleVectors {
  verify: { what: string; message: string; signature: string; publicKey: string; valid: boolean }[];
  multisig: {
    what: string;
    manifest: string;
    key: string;
    treeHash: string;
    length: number;
    fork: number;
    signature: string;
    valid: { v10: boolean; v11: boolean };
  }[];
}

const { verify, multisig } = vectors as RuleVectors;

let backend: CryptoBackend;
const crypto = lateBackend(() => backend);

/** A hasher that has one tree hash for every tree: vectors give the hash and not the roots. */
class FixedTreeHasher extends TreeHasher {
  constructor(private readonly treeHash: Uint8Array) {
    super(crypto);
  }
  override tree(): Uint8Array {
    return this.treeHash;
  }
}

describe('SignatureRules', () => {
  beforeAll(async () => {
    backend = await bestCrypto();
  });
  const random = new Random('SignatureRules');
  const pairOf = (byte: number): KeyPair => crypto.keyPair(fill(32, byte));

  /** Trees of the first blocks of one log. */
  function treesOf(count: number): { at(length: number): TreeHead; nodes: Map<number, TreeNode> } {
    const blocks = Array.from({ length: count }, (_, i) => fill(i % 7, i));
    const nodes = new Map<number, TreeNode>();
    for (let length = 0; length <= count; length++) {
      for (const [index, node] of new NaiveTree(crypto, blocks.slice(0, length)).nodes)
        nodes.set(index, node);
    }
    return {
      nodes,
      at(length) {
        const { roots } = new NaiveTree(crypto, blocks.slice(0, length));
        const byteLength = roots.reduce((sum, { size }) => sum + size, 0);
        return { ...emptyHead, length, byteLength, roots };
      },
    };
  }

  it('leaves single signatures to the backend, which judges as libsodium does', () => {
    for (const { what, message, signature, publicKey, valid } of verify) {
      expect(crypto.verify(unhex(message), unhex(signature), unhex(publicKey)))
        .withContext(what)
        .toBe(valid);
    }
  });

  for (const { what, manifest, key, treeHash, length, fork, signature, valid } of multisig) {
    it(`judges several signatures as hypercore does: ${what}`, () => {
      const parsed = decode(manifestCodec, unhex(manifest));
      expect(hex(manifestKey(crypto, parsed))).toBe(key);
      const rules = new SignatureRules(new FixedTreeHasher(unhex(treeHash)), unhex(key), parsed);
      const tree = { ...emptyHead, length, fork };
      expect(valid.v10).toBe(valid.v11);
      expect(rules.verify(tree, unhex(signature))).toBe(valid.v11);
      expect(rules.verify({ ...tree, length: length + 1 }, unhex(signature))).toBeFalse();
      // What holds of it is put together again: all of it, if it was enough and not more.
      const combined = rules.combine(tree, [unhex(signature)]);
      if (combined !== null) expect(rules.verify(tree, combined)).toBeTrue();
      if (valid.v11 && !what.startsWith('three')) expect(hex(combined!)).toBe(signature);
      else if (valid.v11) expect(combined?.length).toBeLessThan(unhex(signature).length);
    });
  }

  function severalOf(version: number, allowPatch: boolean): { rules: SignatureRules; manifest: Manifest } {
    const signers = [1, 2, 3].map(byte => ({ publicKey: pairOf(byte).publicKey, namespace: fill(32, byte) }));
    const manifest = createManifest({ version, signers, quorum: 2, allowPatch });
    return {
      rules: new SignatureRules(new TreeHasher(crypto), manifestKey(crypto, manifest), manifest),
      manifest,
    };
  }

  for (const version of [0, 1, 2]) {
    it(`puts signatures together and takes them apart, version ${version}`, () => {
      const { rules } = severalOf(version, false);
      const tree = treesOf(5).at(5);
      const [one, two, three] = [1, 2, 3].map((byte, signer) => ({
        signer,
        signature: rules.sign(tree, pairOf(byte)),
      }));
      expect(one.signature.length).toBe(64);
      const judge = (...parts: (typeof one)[]): boolean =>
        rules.verify(tree, assembleSignatures(version, 5, parts));
      expect(judge(one, three)).toBeTrue();
      expect(judge(three, two, one)).toBeTrue();
      expect(judge(two)).toBeFalse();
      expect(judge(two, two)).toBeFalse();
      expect(judge(one, { ...two, signer: 2 })).toBeFalse();
      expect(judge({ ...one, signer: 7 }, two, three)).toBeFalse();
      expect(() => rules.sign(tree, pairOf(9))).toThrowError(RangeError);
    });

    it(`lets a signer have signed a longer tree where the manifest allows it, version ${version}`, () => {
      const trees = treesOf(24);
      for (const allowPatch of [true, false]) {
        const { rules } = severalOf(version, allowPatch);
        for (const [length, patch] of [
          [5, 2],
          [8, 1],
          [7, 1],
          [1, 22],
          [13, 11],
        ]) {
          const tree = trees.at(length);
          const nodes = upgradeIndexes(length, length + patch).map(index => trees.nodes.get(index)!);
          const parts = [
            { signer: 0, signature: rules.sign(tree, pairOf(1)) },
            { signer: 2, signature: rules.sign(trees.at(length + patch), pairOf(3)), patch, nodes },
          ];
          const judge = (changed: object): boolean =>
            rules.verify(tree, assembleSignatures(version, length, [parts[0], { ...parts[1], ...changed }]));
          expect(judge({})).withContext(`${length} + ${patch}`).toBe(allowPatch);
          const apart = [...parts].reverse().map(part => assembleSignatures(version, length, [part]));
          const together = assembleSignatures(version, length, [parts[1], parts[0]]);
          expect(rules.combine(tree, apart)).toEqual(allowPatch ? together : null);
          expect(judge({ nodes: [] })).toBeFalse();
          expect(judge({ nodes: nodes.slice(1) })).toBeFalse();
          expect(judge({ patch: patch + 1 })).toBeFalse();
          expect(judge({ patch: 2 ** 53 - 64 })).toBeFalse();
          const [first, ...rest] = nodes;
          expect(judge({ nodes: [{ ...first, size: first.size + 1 }, ...rest] })).toBeFalse();
        }
      }
    });
  }

  it('signs under the namespace of the signer in version 0, and under the key from version 1 on', () => {
    const tree = treesOf(3).at(3);
    const facts = { hash: new TreeHasher(crypto).tree(tree.roots), length: 3, fork: 0 };
    const pair = pairOf(1);
    const namespace = fill(32, 5);
    for (const version of [0, 1, 2, 3]) {
      const manifest = createManifest({ version, signers: [{ publicKey: pair.publicKey, namespace }] });
      const key = manifestKey(crypto, manifest);
      const rules = new SignatureRules(new TreeHasher(crypto), key, manifest);
      const signature = rules.sign(tree, pair);
      const expected = crypto.sign(signable(version === 0 ? namespace : key, facts), pair.secretKey);
      expect(hex(signature)).toBe(version === 0 ? hex(expected) : `0100${hex(expected)}0000`);
      expect(rules.verify(tree, signature)).toBeTrue();
      expect(rules.verify(tree, null)).toBeFalse();
    }
  });

  it('knows the signatures of the first compat cores by their option alone', () => {
    const tree = treesOf(3).at(3);
    const pair = pairOf(1);
    const hasher = new TreeHasher(crypto);
    const legacy = new SignatureRules(hasher, pair.publicKey, null, true);
    const signature = legacy.sign(tree, pair);
    expect(legacy.verify(tree, signature)).toBeTrue();
    expect(new SignatureRules(hasher, pair.publicKey, null).verify(tree, signature)).toBeFalse();
  });

  it('needs no signature for a prologue, and takes no other tree up to its length', () => {
    const trees = treesOf(8);
    const hasher = new TreeHasher(crypto);
    const prologue = { hash: hasher.tree(trees.at(5).roots), length: 5 };
    for (const signers of [[], [{ publicKey: pairOf(1).publicKey }]]) {
      const manifest = createManifest({ signers, prologue });
      const rules = new SignatureRules(hasher, manifestKey(crypto, manifest), manifest);
      expect(rules.verify(trees.at(5), null)).toBeTrue();
      expect(rules.verify(trees.at(5), fill(3, 3))).toBeTrue();
      expect(rules.verify(trees.at(4), null)).toBeFalse();
      expect(rules.verify({ ...trees.at(5), roots: trees.at(6).roots }, null)).toBeFalse();
      expect(rules.verify(trees.at(6), null)).toBeFalse();
      if (signers.length === 0) continue;
      expect(rules.verify(trees.at(6), rules.sign(trees.at(6), pairOf(1)))).toBeTrue();
      expect(rules.verify(trees.at(4), rules.sign(trees.at(4), pairOf(1)))).toBeFalse();
    }
  });

  it('has no good signature where there is no quorum', () => {
    const tree = treesOf(3).at(3);
    for (const version of [0, 1]) {
      const manifest = createManifest({ version, signers: [], quorum: 0 });
      const rules = new SignatureRules(new TreeHasher(crypto), manifestKey(crypto, manifest), manifest);
      expect(rules.verify(tree, fill(64, 0))).toBeFalse();
      expect(rules.verify(tree, assembleSignatures(version, 3, []))).toBeFalse();
    }
  });

  it('never throws on bytes that are no signature', () => {
    const tree = treesOf(3).at(3);
    for (const version of [0, 1]) {
      const { rules } = severalOf(version, true);
      const parts = [1, 2].map((byte, signer) => ({ signer, signature: rules.sign(tree, pairOf(byte)) }));
      const good = assembleSignatures(version, 3, parts);
      expect(rules.verify(tree, good)).toBeTrue();
      for (let i = 0; i < 300; i++) {
        const bytes = i % 2 === 0 ? random.bytes(random.integer(0, 200)) : good.slice();
        if (i % 2 === 1) bytes[random.integer(0, good.length - 1)] ^= 1 << random.integer(0, 7);
        const cut = i % 3 === 0 ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes;
        expect(() => rules.verify(tree, cut)).not.toThrow();
      }
    }
  });
});

describe('CoreAuthority', () => {
  beforeAll(async () => {
    backend = await bestCrypto();
  });

  it('takes the manifest of the key, once', () => {
    const hasher = new TreeHasher(crypto);
    const manifest = defaultManifest(fill(32, 1));
    const other = defaultManifest(fill(32, 2));
    const key = manifestKey(crypto, manifest);
    const authority = new CoreAuthority(hasher, key);
    expect(authority.rulesFor(null).rules.compat).toBeTrue();
    const { rules, learned } = authority.rulesFor(manifest);
    expect(rules.compat).toBeFalse();
    expect(learned).toBe(manifest);
    const refusal = (act: () => unknown): string => {
      try {
        act();
        return '';
      } catch (error) {
        return isHypercoreError(error) ? error.code : 'another error';
      }
    };
    expect(refusal(() => authority.rulesFor(other))).toBe('ERR_SIGNATURE');
    expect(refusal(() => new CoreAuthority(hasher, key, { manifest: other }))).toBe('ERR_SIGNATURE');
    const knowing = new CoreAuthority(hasher, key, { manifest });
    expect(knowing.rulesFor(other).learned).toBeNull();
    expect(knowing.rulesFor(null).rules.compat).toBeFalse();
  });

  it('has no manifest where the key is the public key of the one signer', () => {
    const publicKey = fill(32, 1);
    const manifest = defaultManifest(publicKey);
    for (const given of [null, manifest]) {
      const authority = new CoreAuthority(new TreeHasher(crypto), publicKey, { manifest: given });
      expect(authority.manifest).toBeNull();
      expect(authority.rulesFor(manifest).learned).toBeNull();
      expect(authority.rulesFor(manifest).rules.compat).toBeTrue();
    }
  });
});
