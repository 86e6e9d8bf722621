import type { Bitfield } from '../bitfield/Bitfield.js';
import type { BitfieldFile } from '../bitfield/BitfieldFile.js';
import type { CryptoBackend } from '../crypto/CryptoBackend.js';
import { LimitExceededError } from '../errors.js';
import type { Manifest } from '../messages/manifest.js';
import type { Oplog } from '../oplog/Oplog.js';
import type { OplogEntry, OplogUserData } from '../oplog/OplogEntry.js';
import type { OplogHeader, OplogKeyPair, OplogReorg } from '../oplog/OplogHeader.js';
import { CoreAuthority } from '../proof/CoreAuthority.js';
import { settleAll } from '../storage/settleAll.js';
import type { TreeHasher } from '../tree/TreeHasher.js';
import type { TreeHead } from '../tree/TreeHead.js';
import type { BlockStore } from './BlockStore.js';
import type { NodeStore } from './NodeStore.js';

/** What of a core is in memory, and the files under it. @internal */
export interface CoreParts {
  readonly hasher: TreeHasher;
  readonly authority: CoreAuthority;
  readonly head: TreeHead;
  readonly oplog: Oplog;
  readonly nodes: NodeStore;
  readonly bitfield: BitfieldFile;
  readonly blocks: BlockStore;
  readonly identity: CoreIdentity;
  readonly userData: readonly OplogUserData[];
  readonly reorgs: readonly OplogReorg[];
  /** Flush before anything is acknowledged. */
  readonly flushesEach: boolean;
}

/** Which core it is, as its header says. @internal */
export interface CoreIdentity {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** As stored: of compat cores too, if it is known that they are. */
  readonly manifest: Manifest | null;
  /** As stored. */
  readonly keyPair: OplogKeyPair | null;
}

/** A write into the file of blocks. @internal */
export interface BlockWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Writes and bytes after which what is batched is flushed. */
const MOST_UNFLUSHED_WRITES = 64;
const MOST_UNFLUSHED_BYTES = 0x100000;

/** Places where a core was cut that its header tells; hypercore keeps as many. */
const MOST_REORGS = 4;

/**
 * A core as it is, and the only way to change it so that a crash at any moment leaves either the state before or the one
 * after: blocks first, then an entry in the oplog, then what is in memory; now and then the other files and a header.
 * Changes are made one at a time.
 *
 * @internal
 */
export class CoreState {
  readonly hasher: TreeHasher;
  readonly nodes: NodeStore;
  readonly blocks: BlockStore;
  readonly bits: Bitfield;
  head: TreeHead;
  authority: CoreAuthority;
  /** Blocks below it are all here. */
  contiguousLength: number;
  identity: CoreIdentity;
  userData: readonly OplogUserData[];
  /** Counts what makes blocks or nodes go: what was read across such a change may be mixed. */
  epoch = 0;
  private reorgs: readonly OplogReorg[];
  private readonly oplog: Oplog;
  private readonly bitfield: BitfieldFile;
  private readonly flushesEach: boolean;
  private unflushedWrites = 0;
  private unflushedBytes = 0;
  /** Something is in the oplog that is not yet in the header. */
  private dirty = false;
  /** Why nothing can be changed any more: what was written and what is in memory may differ. */
  private failure: { readonly error: unknown } | null = null;

  constructor(parts: CoreParts) {
    this.hasher = parts.hasher;
    this.nodes = parts.nodes;
    this.blocks = parts.blocks;
    this.bitfield = parts.bitfield;
    this.bits = parts.bitfield.bits;
    this.oplog = parts.oplog;
    this.head = parts.head;
    this.authority = parts.authority;
    this.identity = parts.identity;
    this.userData = parts.userData;
    this.reorgs = parts.reorgs;
    this.flushesEach = parts.flushesEach;
    this.dirty = parts.oplog.byteLength > 0;
    this.contiguousLength = this.bits.contiguousLength;
  }

  get crypto(): CryptoBackend {
    return this.hasher.crypto;
  }

  /**
   * Stores blocks and what they mean. Once it resolved, what is in memory must be changed to match, before anything is
   * waited for. If it rejects, nothing changed.
   *
   * @param flush - flushes even where flushes are batched
   */
  async commit(
    entries: readonly OplogEntry[],
    writes: readonly BlockWrite[] = [],
    flush = false,
  ): Promise<void> {
    this.verifyUsable();
    await settleAll(writes.map(({ offset, bytes }) => this.blocks.write(offset, bytes)));
    await this.oplog.append(entries);
    this.dirty = true;
    this.unflushedWrites++;
    for (const { bytes } of writes) this.unflushedBytes += bytes.length;
    try {
      // Both at once: a block that did not get as far as its entry is found when the log is opened.
      if (flush || this.mustFlush) await settleAll([this.flushBlocks(writes.length > 0), this.oplog.flush()]);
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /**
   * Writes a header if the oplog is long, or if anything is in it. What fails is tried again next time: the oplog has it all.
   */
  async tidy(whatever = false): Promise<void> {
    if (whatever ? !this.dirty : !this.oplog.due) return;
    try {
      await this.checkpoint();
    } catch {
      // Nothing is lost by it.
    }
  }

  /** Brings all files up to date, with a header that tells it. */
  async checkpoint(): Promise<void> {
    this.verifyUsable();
    await settleAll([this.blocks.flush(), this.oplog.flush()]);
    this.unflushedWrites = 0;
    this.unflushedBytes = 0;
    if (this.nodes.onlyCut) {
      // Hypercore 10 opens no tree that is shorter than its header says; one that is longer does no harm.
      await this.bitfield.flush();
      await this.oplog.writeHeader(this.header());
      await this.nodes.flush();
    } else {
      await settleAll([this.bitfield.flush(), this.nodes.flush()]);
      await this.oplog.writeHeader(this.header());
    }
    this.dirty = false;
  }

  /**
   * Makes safe what was acknowledged, and brings all files up to date if that can be done: where there is no room for it, the
   * oplog still has it all.
   */
  async settle(): Promise<void> {
    if (!this.dirty || this.failure !== null) return;
    await settleAll([this.blocks.flush(), this.oplog.flush()]);
    await this.tidy(true);
  }

  /** The manifest came to be known. The header must tell it before an entry relies on it. */
  async adoptManifest(manifest: Manifest): Promise<void> {
    const before = this.identity;
    this.identity = { ...before, manifest };
    try {
      await this.checkpoint();
    } catch (error) {
      this.identity = before;
      throw error;
    }
    this.authority = new CoreAuthority(this.hasher, before.key, { manifest });
  }

  /** Blocks came or went. */
  setBits(start: number, length: number, value: boolean): void {
    this.bits.setRange(start, length, value);
    if (value) {
      if (start <= this.contiguousLength) this.contiguousLength = this.bits.firstUnset(this.contiguousLength);
    } else {
      this.epoch++;
      this.contiguousLength = Math.min(this.contiguousLength, start);
    }
  }

  /** The tree was cut to `ancestors` blocks, and goes on as `head`. */
  cut(head: TreeHead, ancestors: number): void {
    this.epoch++;
    this.reorgs = [
      ...this.reorgs.filter(reorg => reorg.ancestors <= ancestors).slice(1 - MOST_REORGS),
      { from: this.head.fork, to: head.fork, ancestors },
    ];
    this.nodes.cut(ancestors);
    this.blocks.forget(ancestors, Infinity);
    this.setBits(ancestors, Math.max(0, this.head.length - ancestors), false);
    this.head = head;
  }

  /**
   * A signed tree may claim any length. What nobody could store must not get as far as the files.
   *
   * @throws LimitExceededError
   */
  verifyLength(length: number): void {
    const { maxBlocks } = this.bits;
    if (length > maxBlocks) throw new LimitExceededError('maxBlocks', maxBlocks, length, 'log');
  }

  private get mustFlush(): boolean {
    return (
      this.flushesEach ||
      this.unflushedWrites >= MOST_UNFLUSHED_WRITES ||
      this.unflushedBytes >= MOST_UNFLUSHED_BYTES
    );
  }

  private async flushBlocks(written: boolean): Promise<void> {
    if (written || this.unflushedBytes > 0) await this.blocks.flush();
    this.unflushedWrites = 0;
    this.unflushedBytes = 0;
  }

  private header(): OplogHeader {
    const { head } = this;
    return {
      ...this.identity,
      userData: this.userData,
      tree: {
        fork: head.fork,
        length: head.length,
        rootHash: head.length === 0 ? null : this.hasher.tree(head.roots),
        signature: head.signature,
      },
      hints: { reorgs: this.reorgs, contiguousLength: this.contiguousLength },
    };
  }

  private verifyUsable(): void {
    if (this.failure !== null) throw this.failure.error;
  }
}
