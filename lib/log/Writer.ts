import { requireBytes, requireInteger } from '../crypto/byteChecks.js';
import type { KeyPair } from '../crypto/CryptoBackend.js';
import { BlockNotAvailableError, ProofError, ReadOnlyError, SignatureError } from '../logErrors.js';
import type { TreeNode } from '../messages/proof.js';
import type { OplogEntry } from '../oplog/OplogEntry.js';
import { assembleSignatures, type AnyTree } from '../proof/SignatureRules.js';
import { cutTree } from '../tree/cutTree.js';
import { readNodes } from '../tree/NodeReader.js';
import { TreeBatch } from '../tree/TreeBatch.js';
import { ENCRYPTION_PADDING, type BlockEncryption } from './BlockEncryption.js';
import type { CoreState } from './CoreState.js';
import type { LogChange } from './ReplicableLog.js';
import { withUserData } from './replayOplog.js';

/** Bytes in the largest block that a peer can be sent: a frame must hold it (hypercore refuses more as well). @internal */
export const MOST_BLOCK_BYTES = 15 * 1024 * 1024;

/** Bytes and blocks of appends that are stored in one go; a single append may be larger. */
const MOST_BYTES = 0x1000000;
const MOST_BLOCKS = 0x8000;

/** Nodes in one entry of the oplog. */
const MOST_ENTRY_NODES = 0x100000;

/** A change of a core that several signers have to agree on, see {@link Log.sign}. @public */
export type SignedChange =
  /**
   * Appending one block, or several. Where the manifest has `allowPatch`, a signer may be `ahead`: what it signs is the core with
   * these blocks behind the others, and counts for the append all the same.
   */
  | { readonly append: Uint8Array | readonly Uint8Array[]; readonly ahead?: readonly Uint8Array[] }
  /** Cutting the core to its first blocks; the fork is one more than it was, unless told. */
  | { readonly truncate: number; readonly fork?: number };

/** What an append led to. @public */
export interface Appended {
  /** Blocks in the log, these included. */
  readonly length: number;
  /** Bytes in the log, these included, without what encryption adds. */
  readonly byteLength: number;
}

/** What {@link Writer} needs of its core. @internal */
export interface WriterContext {
  tell(change: LogChange): void;
  run<T>(task: () => Promise<T>): Promise<T>;
  encryption(): BlockEncryption | null;
}

interface Append {
  readonly blocks: readonly Uint8Array[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the owner of a core does: append, truncate, clear. Appends that come in while one is stored become one batch, with
 * one signature: each is still there as a whole or not at all.
 *
 * @internal
 */
export class Writer {
  /** Appends that wait to be stored; `null` if the next one begins a new list. */
  private appends: Append[] | null = null;

  constructor(
    private readonly state: CoreState,
    private readonly keyPair: KeyPair | null,
    private readonly context: WriterContext,
  ) {}

  /** Whether the trees of the core can be signed here. */
  get writable(): boolean {
    const { keyPair } = this;
    if (keyPair === null) return false;
    const { authority, crypto } = this.state;
    const { manifest } = authority;
    if (manifest === null) return crypto.equal(authority.key, keyPair.publicKey);
    return manifest.quorum === 1 && this.signerOf(keyPair) !== -1;
  }

  append(blocks: readonly Uint8Array[], signatures?: readonly Uint8Array[]): Promise<Appended> {
    this.verifyBlocks(blocks);
    if (!this.writable && signatures === undefined) return Promise.reject(new ReadOnlyError());
    return new Promise((resolve, reject) => {
      if (signatures !== undefined) {
        this.inTurn(() => this.store([{ blocks, resolve, reject }], signatures)).catch(reject);
        return;
      }
      (this.appends ?? this.beginAppends()).push({ blocks, resolve, reject });
    });
  }

  /** What this signer contributes to a change: bytes for `signatures`. */
  contribute(change: SignedChange): Promise<Uint8Array> {
    if ('truncate' in change) {
      requireInteger('truncate', change.truncate, 0, Number.MAX_SAFE_INTEGER);
      if (change.fork !== undefined) requireInteger('fork', change.fork, 0, Number.MAX_SAFE_INTEGER);
      return this.inTurn(async () => this.sign(await this.cutTo(change.truncate, change.fork)));
    }
    const { ahead = [] } = change;
    const blocks = change.append instanceof Uint8Array ? [change.append] : change.append;
    this.verifyBlocks(blocks);
    this.verifyBlocks(ahead);
    return this.inTurn(() => {
      const batch = new TreeBatch(this.state.hasher, this.state.head);
      this.grow(batch, blocks);
      return Promise.resolve(this.sign(batch, ahead));
    });
  }

  truncate(length: number, fork?: number, signatures?: readonly Uint8Array[]): Promise<void> {
    requireInteger('length', length, 0, Number.MAX_SAFE_INTEGER);
    if (fork !== undefined) requireInteger('fork', fork, 0, Number.MAX_SAFE_INTEGER);
    if (!this.writable && signatures === undefined) return Promise.reject(new ReadOnlyError());
    return this.inTurn(async () => {
      const { state } = this;
      const { head } = state;
      const cut = await this.cutTo(length, fork);
      const signature = this.authorize(cut, signatures);
      // Hypercore 10 opens no log of which nodes were cut that are still in the oplog.
      await state.tidy(true);
      const entry: OplogEntry = {
        userData: null,
        treeNodes: [],
        treeUpgrade: { fork: cut.fork, ancestors: length, length, signature },
        bitfield: { drop: true, start: length, length: head.length - length },
      };
      // What is appended next takes the place of these blocks, so this must be safe before.
      await state.commit([entry], [], true);
      state.cut({ ...cut, signature }, length);
      this.context.tell({ type: 'fork', fork: cut.fork, ancestors: length, length });
      await state.tidy(true);
      // The room of the blocks is the storage's again; if that fails, they are overwritten.
      await state.blocks.truncate(cut.byteLength).catch(() => undefined);
    });
  }

  /** Forgets blocks, the tree over them stays. */
  clear(start: number, end: number): Promise<void> {
    requireInteger('start', start, 0, Number.MAX_SAFE_INTEGER);
    requireInteger('end', end, start, Number.MAX_SAFE_INTEGER);
    return this.inTurn(async () => {
      const { state } = this;
      const { bits, head, blocks } = state;
      const to = Math.min(end, head.length);
      const first = bits.firstSet(start);
      if (first === -1 || first >= to) return;
      // The gap between the blocks that stay: where these lie is known.
      const previous = start === 0 ? -1 : bits.lastSet(start - 1);
      const next = bits.firstSet(to);
      const before = previous === -1 ? null : await blocks.place(head, previous);
      const after = next === -1 ? null : await blocks.place(head, next);
      const drop = { drop: true, start, length: to - start };
      await state.commit([{ userData: null, treeNodes: null, treeUpgrade: null, bitfield: drop }], [], true);
      state.setBits(start, to - start, false);
      blocks.forget(start, to);
      this.context.tell({ type: 'drop', start, length: to - start });
      const offset = before === null ? 0 : before.offset + before.size;
      const endOffset = after?.offset ?? head.byteLength;
      if (endOffset > offset) await blocks.punch(offset, endOffset - offset);
      await state.tidy();
    });
  }

  /** Keeps something of the application's with the core; an empty value forgets it. */
  setUserData(key: string, value: Uint8Array): Promise<void> {
    requireBytes('value', value, 0, 0x100000);
    return this.inTurn(async () => {
      const userData = { key, value: value.slice() };
      await this.state.commit([{ userData, treeNodes: null, treeUpgrade: null, bitfield: null }]);
      this.state.userData = withUserData(this.state.userData, userData);
      await this.state.tidy();
    });
  }

  /** Runs a change after those before it: appends that are asked for later must not join earlier ones across it. */
  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    this.appends = null;
    return this.context.run(task);
  }

  private beginAppends(): Append[] {
    const appends: Append[] = [];
    this.appends = appends;
    this.context
      .run(() => this.takeAppends(appends))
      .catch((error: unknown) => {
        if (this.appends === appends) this.appends = null;
        for (const append of appends) append.reject(error);
      });
    return appends;
  }

  private async takeAppends(appends: Append[]): Promise<void> {
    while (appends.length > 0) {
      const group: Append[] = [];
      let bytes = 0;
      let blocks = 0;
      do {
        const append = appends.shift()!;
        group.push(append);
        blocks += append.blocks.length;
        for (const block of append.blocks) bytes += block.length;
      } while (appends.length > 0 && bytes < MOST_BYTES && blocks < MOST_BLOCKS);
      try {
        await this.store(group);
      } catch (error) {
        for (const append of group) append.reject(error);
      }
    }
    if (this.appends === appends) this.appends = null;
  }

  private async store(group: readonly Append[], signatures?: readonly Uint8Array[]): Promise<void> {
    const { state } = this;
    const { head } = state;
    const encryption = this.context.encryption();
    const batch = new TreeBatch(state.hasher, head);
    const stored: Uint8Array[] = [];
    for (const { blocks } of group) stored.push(...this.grow(batch, blocks));
    if (stored.length > 0) {
      const signature = this.authorize(batch, signatures);
      const upgrade = { fork: head.fork, ancestors: head.length, length: batch.length, signature };
      const bytes = joined(stored, batch.byteLength - head.byteLength, encryption !== null);
      await state.commit(
        entriesOf(batch.nodes, {
          userData: null,
          treeNodes: [],
          treeUpgrade: upgrade,
          bitfield: { drop: false, start: head.length, length: stored.length },
        }),
        [{ offset: head.byteLength, bytes }],
      );
      state.nodes.put(batch.nodes);
      state.head = batch.head(signature);
      state.setBits(head.length, stored.length, true);
      const sizes = stored.map(block => block.length);
      state.blocks.keepRow(head.length, bytes, sizes);
      this.context.tell({ type: 'length', length: batch.length, byteLength: batch.byteLength });
      this.context.tell({ type: 'have', start: head.length, length: stored.length });
    }
    const padding = encryption === null ? 0 : ENCRYPTION_PADDING;
    let { length } = head;
    let byteLength = head.byteLength - padding * length;
    for (const { blocks, resolve } of group) {
      length += blocks.length;
      for (const block of blocks) byteLength += block.length;
      resolve({ length, byteLength });
    }
    await state.tidy();
  }

  /** Lets a tree grow by blocks; returns them as they are stored. */
  private grow(batch: TreeBatch, blocks: readonly Uint8Array[]): Uint8Array[] {
    const encryption = this.context.encryption();
    return blocks.map(block => {
      const bytes = encryption === null ? block : encryption.encrypt(batch.length, batch.fork, block);
      batch.append(bytes);
      return bytes;
    });
  }

  private async cutTo(length: number, fork = this.state.head.fork + 1) {
    const { head, nodes } = this.state;
    if (length > head.length) throw new RangeError(`the log has only ${head.length} blocks`);
    if (fork <= head.fork) throw new RangeError(`the fork must be more than ${head.fork}`);
    try {
      return await readNodes(cutTree(head, length, fork), nodes);
    } catch (error) {
      throw error instanceof ProofError ? new BlockNotAvailableError(length - 1) : error;
    }
  }

  private verifyBlocks(blocks: readonly Uint8Array[]): void {
    const padding = this.context.encryption() === null ? 0 : ENCRYPTION_PADDING;
    for (const block of blocks) requireBytes('block', block, 0, MOST_BLOCK_BYTES - padding);
  }

  /** The signature of a tree: by this writer, or by the signers that were asked. */
  private authorize(tree: AnyTree, signatures?: readonly Uint8Array[]): Uint8Array {
    if (signatures === undefined) return this.sign(tree);
    const signature = this.state.authority.rulesFor(null).rules.combine(tree, signatures);
    if (signature === null) throw new SignatureError('of as many signers as the manifest demands');
    return signature;
  }

  /** Signs a tree; with blocks ahead of it, what it grows to by them, so that the signature counts for the tree all the same. */
  private sign(tree: AnyTree, ahead: readonly Uint8Array[] = []): Uint8Array {
    const { keyPair } = this;
    if (keyPair === null) throw new ReadOnlyError();
    const { authority, hasher } = this.state;
    const { rules } = authority.rulesFor(null);
    if (ahead.length > 0) {
      const longer = new TreeBatch(hasher, tree);
      this.grow(longer, ahead);
      return rules.signAhead(tree, longer, keyPair);
    }
    const signature = rules.sign(tree, keyPair);
    const { manifest } = authority;
    // One of several signers, or one whose signature can be of a longer tree.
    if (
      manifest === null ||
      (manifest.signers.length === 1 && !(manifest.version === 0 && manifest.allowPatch))
    ) {
      return signature;
    }
    return assembleSignatures(manifest.version, tree.length, [{ signer: this.signerOf(keyPair), signature }]);
  }

  private signerOf({ publicKey }: KeyPair): number {
    const { authority, crypto } = this.state;
    return authority.manifest?.signers.findIndex(signer => crypto.equal(signer.publicKey, publicKey)) ?? -1;
  }
}

/** One entry, or a group of them if there are more nodes than one can hold. */
function entriesOf(nodes: readonly TreeNode[], last: OplogEntry): OplogEntry[] {
  const entries: OplogEntry[] = [];
  let at = 0;
  for (; nodes.length - at > MOST_ENTRY_NODES; at += MOST_ENTRY_NODES) {
    const treeNodes = nodes.slice(at, at + MOST_ENTRY_NODES);
    entries.push({ userData: null, treeNodes, treeUpgrade: null, bitfield: null });
  }
  return [...entries, { ...last, treeNodes: at === 0 ? nodes : nodes.slice(at) }];
}

/** The blocks one behind the other, in memory that nobody else has. */
function joined(blocks: readonly Uint8Array[], length: number, areOwn: boolean): Uint8Array {
  if (blocks.length === 1 && areOwn) return blocks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}
