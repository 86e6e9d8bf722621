import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../../lib/crypto/CryptoBackend.js';
import { data, type Data } from '../../../lib/messages/data.js';
import type { Manifest } from '../../../lib/messages/manifest.js';
import type { TreeNode } from '../../../lib/messages/proof.js';
import type { Request } from '../../../lib/messages/request.js';

type Parts = Omit<Data, 'type' | 'request'>;
type Asked = Pick<Request, 'block' | 'hash' | 'seek' | 'upgrade'>;

/** As much of hypercore 10 and 11 as is used here. */
interface Hypercore {
  readonly length: number;
  readonly byteLength: number;
  readonly fork: number;
  readonly key: Uint8Array;
  readonly core: {
    /** Version 10. */
    readonly tree?: {
      readonly roots: readonly TreeNode[];
      proof(request: Asked): Promise<Parts>;
      missingNodes(index: number): Promise<number>;
    };
    /** Version 11. */
    readonly state?: {
      readonly roots: readonly TreeNode[];
      readonly storage: { read(): { tryFlush(): void; destroy(): void } };
    };
    verify(proof: Parts): Promise<boolean>;
    verifyReorg(proof: Parts): Promise<Batch>;
    reorg(batch: Batch): Promise<boolean>;
    readonly header: { readonly manifest: Manifest | null };
  };
  missingNodes(block: number): Promise<number>;
  ready(): Promise<void>;
  append(blocks: readonly Uint8Array[]): Promise<unknown>;
  truncate(length: number): Promise<void>;
  get(index: number): Promise<Uint8Array>;
  has(index: number): Promise<boolean>;
  close(): Promise<void>;
}
interface Batch {
  readonly want: { start: number; end: number; nodes: number } | null;
  readonly ancestors: number;
  update(proof: Parts): Promise<boolean>;
}
type HypercoreClass = new (
  storage: unknown,
  key: Uint8Array | null,
  options: { keyPair?: KeyPair; compat?: boolean; manifest?: Manifest | null },
) => Hypercore;

const load = createRequire(import.meta.url);

/** A core of the real hypercore in this process, below its replication: what makes proofs and takes them. */
export class RealCore {
  private constructor(
    readonly version: 10 | 11,
    readonly real: Hypercore,
    private readonly folder: string | null,
  ) {}

  static async open(
    version: 10 | 11,
    key: Uint8Array,
    compat: boolean,
    manifest: Manifest | null,
    keyPair: KeyPair | null,
  ): Promise<RealCore> {
    const Real = load(`hypercore-${version}`) as HypercoreClass;
    const folder = version === 11 ? mkdtempSync(join(tmpdir(), 'rx-hypercore-proof-')) : null;
    const storage = folder ?? (load('random-access-memory') as unknown);
    const real = new Real(storage, keyPair ? null : key, {
      compat,
      ...(keyPair && { keyPair, manifest: manifest }),
    });
    await real.ready();
    return new RealCore(version, real, folder);
  }

  /** Its answer to a request, and `null` if it gives none. */
  async prove(request: Request): Promise<Data | null> {
    const { block, hash, seek, upgrade } = request;
    // Where these two look first, and answer that there is no data.
    if (block && block.index >= this.real.length) return null;
    const asked: Asked = structuredClone({ block, hash, seek, upgrade });
    try {
      const proof = await this.proofOf(asked);
      const value = block && { ...proof.block!, value: await this.real.get(block.index) };
      const manifest = request.manifest && !this.isCompat ? this.real.core.header.manifest : null;
      return data({ ...proof, request: request.id, block: value, manifest: manifest && { ...manifest } });
    } catch {
      return null;
    }
  }

  /** Whether it takes a message. */
  async receive(message: Data): Promise<boolean> {
    try {
      return await this.real.core.verify(structuredClone(message));
    } catch {
      return false;
    }
  }

  /** As the replication of each version does it: the `proof` of a core of version 11 never ends for some seeks. */
  private async proofOf(asked: Asked): Promise<Parts> {
    const { tree, state } = this.real.core;
    if (tree) return tree.proof(asked);
    const { MerkleTree } = load('hypercore-11/lib/merkle-tree') as {
      MerkleTree: {
        proof(state: unknown, reads: unknown, asked: Asked): Promise<{ settle(): Promise<Parts> }>;
      };
    };
    const reads = state!.storage.read();
    try {
      const proof = await MerkleTree.proof(state, reads, asked);
      reads.tryFlush();
      return await proof.settle();
    } catch (error) {
      reads.destroy();
      throw error;
    }
  }

  get roots(): readonly TreeNode[] {
    const { tree, state } = this.real.core;
    return (tree ?? state!).roots;
  }

  missingNodes(block: number): Promise<number> {
    const { tree } = this.real.core;
    return tree ? tree.missingNodes(2 * block) : this.real.missingNodes(block);
  }

  async close(): Promise<void> {
    await this.real.close();
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }

  private get isCompat(): boolean {
    const manifest = this.real.core.header.manifest;
    return (
      manifest === null ||
      (manifest.signers.length === 1 && Buffer.compare(manifest.signers[0].publicKey, this.real.key) === 0)
    );
  }
}
