import Hypercore from 'hypercore-10';
import { keyPair } from 'hypercore-crypto';
import RAM from 'random-access-memory';
import { BehaviorSubject, type Observable } from 'rxjs';
import { data, type Data, type Request } from 'rx-hypercore';
import type { BlockSource } from '../../../demo/blocks/serveBlocks.js';
import { blockBytes } from '../peers/blockBytes.mjs';
import { distinctBlocks, generatedBlocks } from './generatedBlocks.js';

export interface ProofSourceOptions {
  /** Seed of the signing key pair (32 bytes as hex). */
  readonly seed: string;
  /** Whether the key is the hash of a manifest, as hypercore 11 makes its own, or the public key itself. */
  readonly manifest?: boolean;
  /** The blocks are those of {@link generatedBlocks}, of this size, and take no memory. */
  readonly generated?: number;
}

/**
 * Blocks and their proofs by a real hypercore 10 that lives in this process, for specs in which the data is on our side.
 * It takes part in no connection: requests come in and proofs go out through this class alone.
 */
export class ProofSource implements BlockSource {
  static async create({ seed, manifest = false, generated = 0 }: ProofSourceOptions): Promise<ProofSource> {
    const storage = (file: string): unknown =>
      generated > 0 && file === 'data' ? generatedBlocks(generated) : new RAM();
    const core = new Hypercore(storage, null, {
      keyPair: keyPair(Buffer.from(seed, 'hex')),
      compat: !manifest,
    });
    await core.ready();
    return new ProofSource(core);
  }

  /** The length, at once and after each append. */
  readonly lengths: Observable<number>;

  private readonly grown: BehaviorSubject<number>;

  private constructor(private readonly core: Hypercore) {
    this.grown = new BehaviorSubject(core.length);
    this.lengths = this.grown.asObservable();
  }

  get key(): Uint8Array {
    return this.core.key;
  }

  get discoveryKey(): Uint8Array {
    return this.core.discoveryKey;
  }

  get length(): number {
    return this.core.length;
  }

  get fork(): number {
    return this.core.fork;
  }

  get hasManifest(): boolean {
    return !this.core.core.compat;
  }

  /** Appends `count` blocks of {@link blockBytes}, each of `size` bytes. */
  async append(count: number, size: number, seed = 0): Promise<void> {
    const first = this.core.length;
    await this.core.append(Array.from({ length: count }, (_, n) => blockBytes(first + n, size, seed)));
    this.grown.next(this.core.length);
  }

  /** Appends `count` blocks of {@link generatedBlocks}. */
  async generate(count: number, size: number): Promise<void> {
    const blocks = distinctBlocks(size);
    for (let done = 0; done < count; done += blocks.length) await this.core.append(blocks);
    this.grown.next(this.core.length);
  }

  /** What hypercore answers to the request, or null where it answers that it has no data. */
  async proof(request: Request): Promise<Data | null> {
    const { core } = this.core;
    const { id, fork, block, hash, seek, upgrade } = request;
    if (fork !== this.core.fork || (block !== null && !core.bitfield.get(block.index))) return null;
    // It writes into the upgrade it is given.
    const proof = await core.tree.proof({ block, hash, seek, upgrade: upgrade && { ...upgrade } });
    const { manifest } = core.header;
    return data({
      request: id,
      fork,
      block: proof.block && { ...proof.block, value: await this.core.get(proof.block.index) },
      hash: proof.hash,
      seek: proof.seek,
      upgrade: proof.upgrade,
      manifest:
        request.manifest && this.hasManifest && manifest
          ? { ...manifest, linked: null, userData: null }
          : null,
    });
  }

  async close(): Promise<void> {
    this.grown.complete();
    await this.core.close();
  }
}
