import type { KeyPair } from '../crypto/CryptoBackend.js';
import { decode } from '../encoding/decode.js';
import { encode } from '../encoding/encode.js';
import { isHypercoreError } from '../errors.js';
import type { Manifest, ManifestPrologue, ManifestSigner } from '../messages/manifest.js';
import type { TreeNode } from '../messages/proof.js';
import { MAX_TREE_LENGTH, rootIndexes, treeCursor } from '../tree/flatTree.js';
import { TreeBatch } from '../tree/TreeBatch.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import type { TreeHead } from '../tree/TreeHead.js';
import { growTree } from './growTree.js';
import {
  multiSignature0Codec,
  multiSignatureCodec,
  type MultiSignature,
  type SignatureOfOne,
} from './multisignature.js';
import { compatSignable, legacySignable, signable, type TreeFacts } from './signable.js';

/** A tree, or one that grows. @internal */
export type AnyTree = TreeHead | TreeBatch;

/**
 * Who has to sign the trees of a core, and what exactly (hypercore `lib/verifier.js`).
 *
 * @internal
 */
export class SignatureRules {
  /** The part that needs no signature. */
  readonly prologue: ManifestPrologue | null;
  private readonly version: number;
  private readonly allowPatch: boolean;
  private readonly quorum: number;
  private readonly signers: readonly Pick<ManifestSigner, 'namespace' | 'publicKey'>[];

  /**
   * @param key - of the core, 32 bytes
   * @param manifest - `null` for a core whose key is the public key of its one signer ("compat")
   * @param legacy - such a core signs without a namespace
   */
  constructor(
    private readonly hasher: TreeHasher,
    private readonly key: Uint8Array,
    manifest: Manifest | null,
    private readonly legacy = false,
  ) {
    this.compat = manifest === null;
    this.version = manifest?.version ?? 0;
    this.allowPatch = manifest?.allowPatch ?? false;
    this.quorum = manifest?.quorum ?? 1;
    this.signers = manifest?.signers ?? [{ namespace: key, publicKey: key }];
    this.prologue = manifest?.prologue ?? null;
  }

  /** Whether the key is the public key of the one signer. */
  readonly compat: boolean;

  /** Whether the signature holds for the tree. Never throws, whatever the bytes are. */
  verify(tree: AnyTree, signature: Uint8Array | null): boolean {
    const facts = this.factsOf(tree);
    const { prologue } = this;
    if (this.version > 0 && prologue !== null && tree.length <= prologue.length) {
      return tree.length === prologue.length && this.hasher.crypto.equal(facts.hash, prologue.hash);
    }
    if (signature === null) return false;
    if (this.signsPlainly) return this.verifyOne(0, facts, signature);
    return this.verifySeveral(tree, facts, signature);
  }

  /**
   * Signs a tree. Where it takes several signers, or version 0 has one of several, the result is the 64 bytes of this one,
   * to be put together with the others by {@link assembleSignatures}.
   *
   * @throws RangeError if the key pair is not one of the signers'
   */
  sign(tree: AnyTree, keyPair: KeyPair): Uint8Array {
    const { signature } = this.signAs(tree, keyPair);
    if (this.version === 0 || this.signers.length > 1) return signature;
    return encode(multiSignatureCodec, { signatures: [{ signer: 0, signature, patch: 0 }], patchNodes: [] });
  }

  /**
   * Signs a longer tree for one that it grew from, which {@link SignatureRules.verify} takes the signature for.
   *
   * @param longer - grown from `tree`, so that it has the nodes between them
   * @returns as {@link assembleSignatures} makes it, of one signer
   * @throws RangeError if the manifest allows no such signatures, or the key pair is not one of the signers'
   */
  signAhead(tree: AnyTree, longer: TreeBatch, keyPair: KeyPair): Uint8Array {
    if (!this.allowPatch) throw new RangeError('the manifest allows no signatures of longer trees');
    const indexes = upgradeIndexes(tree.length, longer.length);
    const byIndex = new Map(longer.nodes.map(node => [node.index, node]));
    const nodes = indexes.map(index => byIndex.get(index)!); // all of them lie behind the tree
    const part = { ...this.signAs(longer, keyPair), patch: longer.length - tree.length, nodes };
    return assembleSignatures(this.version, tree.length, [part]);
  }

  /**
   * Puts together what several signers have signed: of each the first that holds, until there are enough.
   *
   * @param signatures - each as {@link assembleSignatures} makes them, of one signer or more
   * @returns what {@link SignatureRules.verify} takes, or `null` if too few hold
   */
  combine(tree: AnyTree, signatures: readonly Uint8Array[]): Uint8Array | null {
    if (this.signsPlainly) return signatures.find(signature => this.verify(tree, signature)) ?? null;
    const facts = this.factsOf(tree);
    const held = new Map<number, SignaturePart>();
    for (const bytes of signatures) {
      const { signatures: ones = [], patchNodes = [] } = parse(this.version, bytes) ?? {};
      for (const one of ones) {
        if (held.size === this.quorum || held.has(one.signer)) continue;
        if (!this.holds(one, tree, facts, patchNodes)) continue;
        held.set(one.signer, { ...one, nodes: this.nodesOf(one, tree, patchNodes) });
      }
    }
    if (this.quorum === 0 || held.size < this.quorum) return null;
    return assembleSignatures(this.version, tree.length, [...held.values()]);
  }

  private signAs(tree: AnyTree, keyPair: KeyPair): SignaturePart {
    const { crypto } = this.hasher;
    const signer = this.signers.findIndex(one => crypto.equal(one.publicKey, keyPair.publicKey));
    if (signer === -1) throw new RangeError('the key pair belongs to none of the signers');
    return { signer, signature: crypto.sign(this.signableOf(signer, this.factsOf(tree)), keyPair.secretKey) };
  }

  private nodesOf(
    { patch }: SignatureOfOne,
    { length }: AnyTree,
    patchNodes: readonly TreeNode[],
  ): readonly TreeNode[] {
    if (patch === 0 || !this.allowPatch) return [];
    const indexes = new Set(upgradeIndexes(length, length + patch));
    return patchNodes.filter(node => indexes.has(node.index));
  }

  /** Whether the signature on the wire is the 64 bytes of the one signer. */
  private get signsPlainly(): boolean {
    return this.version === 0 && !this.allowPatch && this.signers.length === 1;
  }

  private factsOf(tree: AnyTree): TreeFacts {
    return { hash: this.hasher.tree(tree.roots), length: tree.length, fork: tree.fork };
  }

  private signableOf(signer: number, tree: TreeFacts): Uint8Array {
    if (this.compat) return this.legacy ? legacySignable(tree) : compatSignable(tree);
    return signable(this.version === 0 ? this.signers[signer].namespace : this.key, tree);
  }

  private verifyOne(signer: number, tree: TreeFacts, signature: Uint8Array): boolean {
    return this.hasher.crypto.verify(
      this.signableOf(signer, tree),
      signature,
      this.signers[signer].publicKey,
    );
  }

  /** The first `quorum` signatures must be good ones of different signers; more are not looked at. */
  private verifySeveral(tree: AnyTree, facts: TreeFacts, bytes: Uint8Array): boolean {
    const parsed = parse(this.version, bytes);
    if (parsed === null || this.quorum === 0 || parsed.signatures.length < this.quorum) return false;
    const seen = new Set<number>();
    for (const one of parsed.signatures.slice(0, this.quorum)) {
      if (seen.has(one.signer) || !this.holds(one, tree, facts, parsed.patchNodes)) return false;
      seen.add(one.signer);
    }
    return true;
  }

  private holds(
    { signer, signature, patch }: SignatureOfOne,
    tree: AnyTree,
    facts: TreeFacts,
    patchNodes: readonly TreeNode[],
  ): boolean {
    if (signer >= this.signers.length) return false;
    const signed = patch > 0 && this.allowPatch ? this.patched(tree, patchNodes, patch) : facts;
    return signed !== null && this.verifyOne(signer, signed, signature);
  }

  /** The tree when it had `more` blocks more. */
  private patched(tree: AnyTree, nodes: readonly TreeNode[], more: number): TreeFacts | null {
    if (tree.length + more > MAX_TREE_LENGTH) return null;
    const longer = new TreeBatch(this.hasher, tree);
    const byIndex = new Map(nodes.map(node => [node.index, node]));
    const needed: TreeNode[] = [];
    for (const index of upgradeIndexes(tree.length, tree.length + more)) {
      const node = byIndex.get(index);
      if (node === undefined) return null;
      needed.push(node);
    }
    try {
      const upgrade = { start: tree.length, length: more, nodes: needed, additionalNodes: [] };
      growTree(longer, upgrade, null, this.prologue);
    } catch (error) {
      if (isHypercoreError(error)) return null;
      throw error;
    }
    return this.factsOf(longer);
  }
}

/**
 * Numbers of the nodes that lead from a tree of `from` blocks to one of `to`: those to the right of the last block on the
 * way up to the first new root, then the other new roots.
 *
 * @param to - at most {@link MAX_TREE_LENGTH}
 * @internal
 */
export function upgradeIndexes(from: number, to: number): number[] {
  const indexes: number[] = [];
  const lastLeaf = 2 * from - 2;
  for (const root of rootIndexes(to)) {
    const cursor = treeCursor(root);
    if (cursor.peekRightSpan() <= lastLeaf) continue;
    if (from === 0 || !cursor.contains(lastLeaf)) {
      indexes.push(root);
      continue;
    }
    cursor.seek(lastLeaf);
    while (cursor.index !== root) {
      if (cursor.sibling() > lastLeaf) indexes.push(cursor.index);
      cursor.parent();
    }
  }
  return indexes;
}

/** What one signer contributes to {@link assembleSignatures}. @internal */
export interface SignaturePart {
  /** Which of the manifest's signers. */
  readonly signer: number;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** How many blocks longer the tree is that was signed; 0 unless the manifest allows patches. */
  readonly patch?: number;
  /** The nodes of {@link upgradeIndexes} that lead there. */
  readonly nodes?: readonly TreeNode[];
}

/**
 * Puts the signatures of several signers together (hypercore `lib/multisig.js`, `assemble`).
 *
 * @param length - blocks of the tree that they are for
 * @internal
 */
export function assembleSignatures(
  version: number,
  length: number,
  parts: readonly SignaturePart[],
): Uint8Array {
  const places = new Map<number, number>();
  const patchNodes: TreeNode[] = [];
  const signatures = parts.map(({ signer, signature, patch = 0, nodes = [] }) => {
    for (const node of nodes) {
      if (!places.has(node.index)) places.set(node.index, patchNodes.push(node) - 1);
    }
    const start = length + patch;
    return { signer, signature, start, patch, places: nodes.map(node => places.get(node.index) ?? 0) };
  });
  return version === 0
    ? encode(multiSignature0Codec, { signatures, patchNodes })
    : encode(multiSignatureCodec, { signatures, patchNodes });
}

/** `null` if the bytes are none. Bytes after them are ignored. */
function parse(version: number, bytes: Uint8Array): MultiSignature | null {
  try {
    return version === 0 ? decode(multiSignature0Codec, bytes) : decode(multiSignatureCodec, bytes);
  } catch (error) {
    if (isHypercoreError(error)) return null;
    throw error;
  }
}
