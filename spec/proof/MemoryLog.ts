import type { CryptoBackend } from '../../lib/crypto/CryptoBackend.js';
import type { Data } from '../../lib/messages/data.js';
import type { Manifest } from '../../lib/messages/manifest.js';
import type { TreeNode } from '../../lib/messages/proof.js';
import type { Request } from '../../lib/messages/request.js';
import { CoreAuthority } from '../../lib/proof/CoreAuthority.js';
import type { ForkProof } from '../../lib/proof/ForkProof.js';
import { proveRequest } from '../../lib/proof/proveRequest.js';
import { SignatureRules } from '../../lib/proof/SignatureRules.js';
import { verifyData, type VerifiedData } from '../../lib/proof/verifyData.js';
import { cutTree, straddlingNodes } from '../../lib/tree/cutTree.js';
import { readNodes, type NodeReader, type NodeReading } from '../../lib/tree/NodeReader.js';
import { TreeBatch } from '../../lib/tree/TreeBatch.js';
import { TreeHasher } from '../../lib/tree/TreeHasher.js';
import { emptyHead, type TreeHead } from '../../lib/tree/TreeHead.js';

/** The state of a log, in memory and nowhere else: what the machines under test are run against. */
export class MemoryLog implements NodeReader {
  readonly nodes = new Map<number, TreeNode>();
  readonly blocks = new Map<number, Uint8Array>();
  head: TreeHead = emptyHead;
  authority: CoreAuthority;
  readonly hasher: TreeHasher;

  constructor(
    readonly crypto: CryptoBackend,
    readonly key: Uint8Array,
    manifest: Manifest | null = null,
  ) {
    this.hasher = new TreeHasher(crypto);
    this.authority = new CoreAuthority(this.hasher, key, { manifest });
  }

  get(index: number): TreeNode | null {
    return this.nodes.get(index) ?? null;
  }

  run<T>(reading: NodeReading<T>): T {
    const result = readNodes(reading, this);
    if (result instanceof Promise) throw new Error('a promise where all nodes are in memory');
    return result;
  }

  append(blocks: readonly Uint8Array[], seed: Uint8Array): void {
    const batch = new TreeBatch(this.hasher, this.head);
    for (const block of blocks) batch.append(block);
    blocks.forEach((block, i) => this.blocks.set(this.head.length + i, block));
    for (const node of batch.nodes) this.nodes.set(node.index, node);
    this.head = batch.head(this.rules.sign(batch, this.crypto.keyPair(seed)));
  }

  get rules(): SignatureRules {
    return new SignatureRules(this.hasher, this.key, this.authority.manifest);
  }

  /** Cuts the log, and signs what is left under another fork. */
  truncate(length: number, fork: number, seed: Uint8Array): void {
    const cut = this.run(cutTree(this.head, length, fork));
    this.forget(length);
    this.head = { ...cut, signature: this.rules.sign(cut, this.crypto.keyPair(seed)) };
  }

  prove(request: Request): Data | null {
    const block = request.block ? (this.blocks.get(request.block.index) ?? null) : null;
    return this.run(proveRequest({ tree: this.head, manifest: this.authority.manifest, block }, request));
  }

  receive(data: Data): VerifiedData {
    const verified = this.run(verifyData(this.authority, this.head, data));
    for (const node of verified.nodes) this.nodes.set(node.index, node);
    if (verified.block) this.blocks.set(verified.block.index, verified.block.value);
    if (verified.head) this.head = verified.head;
    if (verified.manifest) this.authority = new CoreAuthority(this.hasher, this.key, verified);
    return verified;
  }

  /** Takes over a fork that is known as far as it must be. */
  reorg(fork: ForkProof): void {
    this.forget(fork.ancestors);
    for (const node of fork.nodes) this.nodes.set(node.index, node);
    this.head = fork.head;
    if (fork.manifest) this.authority = new CoreAuthority(this.hasher, this.key, fork);
  }

  private forget(length: number): void {
    for (const index of [...this.nodes.keys()]) if (index >= 2 * length) this.nodes.delete(index);
    for (const index of straddlingNodes(length)) this.nodes.delete(index);
    for (const index of [...this.blocks.keys()]) if (index >= length) this.blocks.delete(index);
  }

  /** Another log in the same state. */
  copy(): MemoryLog {
    const copy = new MemoryLog(this.crypto, this.key, this.authority.manifest);
    for (const [index, node] of this.nodes) copy.nodes.set(index, node);
    for (const [index, block] of this.blocks) copy.blocks.set(index, block);
    copy.head = this.head;
    return copy;
  }

  /** Everything that a refusal must leave as it is. */
  snapshot(): {
    head: TreeHead;
    nodes: TreeNode[];
    blocks: [number, Uint8Array][];
    manifest: Manifest | null;
  } {
    return {
      head: structuredClone(this.head),
      nodes: structuredClone([...this.nodes.values()]),
      blocks: structuredClone([...this.blocks.entries()]),
      manifest: this.authority.manifest,
    };
  }
}
