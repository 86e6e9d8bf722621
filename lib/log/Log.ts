import { EMPTY, type Observable, Subject, takeUntil } from 'rxjs';
import { BlockNotAvailableError, LogClosedError, ReadOnlyError } from '../logErrors.js';
import type { Manifest } from '../messages/manifest.js';
import { LogBlocks, type BlocksOptions } from './LogBlocks.js';
import type { LogCore } from './LogCore.js';
import type { LogChange, ReplicableLog } from './ReplicableLog.js';
import { Snapshot } from './Snapshot.js';
import type { Appended, SignedChange } from './Writer.js';

/** Where a byte lies. @public */
export interface BytePlace {
  /** Number of the block; the length of the log for the byte behind the last one. */
  readonly index: number;
  /** Bytes into the block. */
  readonly offset: number;
}

/** Who agreed to a change, where it takes several signers. @public */
export interface SignatureOptions {
  /** What {@link Log.sign} returned to each, in any order. */
  readonly signatures?: readonly Uint8Array[];
}

/**
 * A hypercore: an append-only log of blocks that is proved by the signature of its writer, whole or in part.
 *
 * A log is a session: {@link Log.session} gives another one on the same core, {@link Log.snapshot} one that stays as it is. The
 * last one that is closed closes the files.
 *
 * Reads may overlap with each other and with changes. Changes happen one after another, in the order of the calls, each as
 * a whole or not at all; what a promise acknowledged survives a crash.
 *
 * @public
 */
export class Log {
  /** @internal */
  readonly core: ReplicableLog;
  private readonly ended = new Subject<void>();
  private closing: Promise<void> | null = null;

  /** @internal */
  constructor(
    private readonly inner: LogCore,
    private readonly frozen: Snapshot | null = null,
  ) {
    this.core = inner;
    inner.retain();
    frozen?.retain();
  }

  /** 32 bytes: who knows it can read the core. */
  get key(): Uint8Array {
    return this.inner.key;
  }

  /** 32 bytes: the name under which the core is asked for, which does not give its key away. */
  get discoveryKey(): Uint8Array {
    return this.inner.discoveryKey;
  }

  /** Who may sign; `null` for cores whose key is the public key of their writer, and until it is known. */
  get manifest(): Manifest | null {
    return this.inner.manifest;
  }

  /** Whether the core can be appended to here. */
  get writable(): boolean {
    return this.frozen === null && this.inner.writer.writable;
  }

  /** Blocks in the log, whether or not they are here. */
  get length(): number {
    return this.frozen?.length ?? this.inner.length;
  }

  /** Bytes in the log, without what encryption adds. */
  get byteLength(): number {
    const { byteLength } = this.frozen ?? this.inner;
    return byteLength - this.inner.padding * this.length;
  }

  /** All blocks below it are here. */
  get contiguousLength(): number {
    return Math.min(this.inner.contiguousLength, this.frozen?.held ?? this.length);
  }

  /** How often the log was cut. */
  get fork(): number {
    return this.frozen?.fork ?? this.inner.fork;
  }

  /** What becomes of the core, by whomever. Hot; completes when this session is closed. A snapshot's is empty. */
  get changes(): Observable<LogChange> {
    return this.frozen === null ? this.inner.changes.pipe(takeUntil(this.ended)) : EMPTY;
  }

  /** Whether a block is here. */
  has(index: number): boolean {
    return index < this.length && (this.frozen?.holds(index) ?? true) && this.inner.has(index);
  }

  /**
   * A block as it was appended; the bytes belong to the caller.
   *
   * Rejects with `ERR_BLOCK_NOT_AVAILABLE` if it is not here, with `ERR_STORAGE_CORRUPT` if it is not what the tree says any more,
   * and with the errors of the storage.
   */
  async get(index: number): Promise<Uint8Array> {
    this.verifyOpen();
    const { frozen } = this;
    if (index >= this.length || frozen?.holds(index) === false) throw new BlockNotAvailableError(index);
    const block = await this.inner.get(index);
    if (frozen?.holds(index) === false) throw new BlockNotAvailableError(index);
    return block;
  }

  /**
   * Finds the block that holds a byte of the log.
   *
   * Rejects with a RangeError if the log has fewer bytes, and with `ERR_BLOCK_NOT_AVAILABLE` if the part of the tree that tells
   * is not here, or was cut off since a snapshot was made.
   */
  async seek(byte: number): Promise<BytePlace> {
    this.verifyOpen();
    if (!(Number.isSafeInteger(byte) && byte >= 0 && byte <= this.byteLength)) {
      throw new RangeError(`byte must be an integer from 0 to ${this.byteLength}`);
    }
    if (byte === this.byteLength) return { index: this.length, offset: 0 };
    const located = await this.inner.locate(byte);
    if (!located.found) throw new BlockNotAvailableError(located.start);
    this.frozen?.verify(located.index + 1);
    return { index: located.index, offset: located.offset };
  }

  /**
   * The hash of the tree, 32 bytes, as it is or as it was at another length: two logs with the same hash have the same blocks.
   *
   * Rejects with `ERR_BLOCK_NOT_AVAILABLE` if that part of the tree is not here, or was cut off since a snapshot was made, and with
   * a RangeError if the log is shorter.
   */
  async treeHash(length: number = this.length): Promise<Uint8Array> {
    this.verifyOpen();
    if (length > this.length) throw new RangeError(`the log has only ${this.length} blocks`);
    this.frozen?.verify(length);
    const hash = await this.inner.treeHash(length);
    this.frozen?.verify(length);
    return hash;
  }

  /**
   * Appends one block, or several as a whole. The bytes must not be changed before the promise settled.
   *
   * Where it takes several signers, `signatures` are what each made with {@link Log.sign}; no key is needed here then. Of each
   * signer the first that holds is taken, until there are enough.
   *
   * Rejects with `ERR_READ_ONLY`, `ERR_SIGNATURE` (too few of the signatures hold for these blocks at this length),
   * `ERR_CONFLICT`, `ERR_STORAGE_QUOTA`, `ERR_STORAGE_FAILED`; then nothing was appended.
   *
   * @example
   * ```ts
   * const { length } = await log.append([value, value]);
   * ```
   * @throws RangeError at once if a block has more than 15 MiB, TypeError if it is not bytes
   */
  append(blocks: Uint8Array | readonly Uint8Array[], options: SignatureOptions = {}): Promise<Appended> {
    if (this.isOver) return Promise.reject(new LogClosedError());
    if (this.frozen !== null) return Promise.reject(new ReadOnlyError());
    return this.inner.writer.append(blocks instanceof Uint8Array ? [blocks] : blocks, options.signatures);
  }

  /**
   * Signs a change without making it: what one of several signers contributes. Each needs the core as it is now, the key pair of a
   * signer and the manifest; the blocks come to all of them, and what they return to whoever makes the change. The bytes are
   * hypercore's own (`lib/multisig.js`, `assemble`, of one signer), the caller's.
   *
   * Never sign two changes of the same length and fork: once both come to be known, the core is of no use any more.
   *
   * Rejects with `ERR_READ_ONLY` without the key pair of a signer, with `ERR_CONFLICT`, and with a RangeError if the log cannot be cut
   * like that, or the manifest does not allow to sign ahead.
   *
   * @example
   * ```ts
   * const blocks = [new TextEncoder().encode('agreed')];
   * const signature = await log.sign({ append: blocks });
   * await log.append(blocks, { signatures: [signature, receive()] });
   * ```
   * @throws RangeError, TypeError at once for blocks or numbers that cannot be meant
   */
  sign(change: SignedChange): Promise<Uint8Array> {
    if (this.isOver) return Promise.reject(new LogClosedError());
    if (this.frozen !== null) return Promise.reject(new ReadOnlyError());
    return this.inner.writer.contribute(change);
  }

  /**
   * Cuts the log to its first blocks. Readers that had more follow, because the fork is a newer one: one more than it was,
   * unless told. Where it takes several signers, `signatures` are as for {@link Log.append}.
   *
   * Rejects like {@link Log.append}, and with a RangeError if the log is shorter, or the fork is not a newer one.
   */
  truncate(length: number, options: SignatureOptions & { readonly fork?: number } = {}): Promise<void> {
    if (this.isOver) return Promise.reject(new LogClosedError());
    if (this.frozen !== null) return Promise.reject(new ReadOnlyError());
    return this.inner.writer.truncate(length, options.fork, options.signatures);
  }

  /**
   * Forgets blocks from `start` up to, not including, `end`, and gives their room back to the storage, where it can. The log
   * stays as long as it is, and the blocks can be downloaded again.
   *
   * Rejects like {@link Log.append}; if only giving the room back failed, the blocks are forgotten all the same.
   */
  clear(start: number, end: number = start + 1): Promise<void> {
    if (this.isOver) return Promise.reject(new LogClosedError());
    if (this.frozen !== null) return Promise.reject(new ReadOnlyError());
    return this.inner.writer.clear(start, end);
  }

  /** Bytes that an application keeps with the core, here alone; `null` if there are none under that key. */
  getUserData(key: string): Uint8Array | null {
    const found = this.inner.state.userData.find(entry => entry.key === key);
    return found?.value.slice() ?? null;
  }

  /** Keeps up to 1 MiB with the core under a key; nothing of it is replicated. Empty bytes are the same as none. */
  setUserData(key: string, value: Uint8Array): Promise<void> {
    if (this.isOver) return Promise.reject(new LogClosedError());
    return this.inner.writer.setUserData(key, value);
  }

  /**
   * The blocks that are here, one after another; errors with `ERR_BLOCK_NOT_AVAILABLE` at one that is not. With `live`, if the log is
   * cut below what was emitted, it goes on at the cut, with the blocks that come to stand there. The Observable can be paused, so its
   * subscriber's pace can set the pace of reading: `pullFrom` takes it, `paced` too.
   *
   * @example
   * ```ts
   * log.blocks({ live: true }).subscribe(({ index, value }) => console.log(index, value.length));
   * ```
   * @throws RangeError at once for options that make no sense
   */
  blocks(options: BlocksOptions = {}): LogBlocks {
    this.verifyOpen();
    return new LogBlocks(this, options);
  }

  /** Another session on the same core. */
  session(): Log {
    this.verifyOpen();
    return new Log(this.inner, this.frozen);
  }

  /**
   * A session that stays as long as the log is now, and cannot be changed. Blocks that are cut off or cleared later are not
   * available in it any more.
   */
  snapshot(): Log {
    this.verifyOpen();
    return new Log(this.inner, this.frozen ?? new Snapshot(this.inner));
  }

  /** Ends this session; the last one closes the core. Idempotent. What was asked for before is finished first. */
  close(): Promise<void> {
    if (this.closing === null) {
      this.frozen?.release();
      this.closing = this.inner.release();
      this.ended.next();
    }
    return this.closing;
  }

  private get isOver(): boolean {
    return this.closing !== null || this.inner.closed;
  }

  private verifyOpen(): void {
    if (this.isOver) throw new LogClosedError();
  }
}
