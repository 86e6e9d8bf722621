import { Subject, type Observable } from 'rxjs';
import { requireInteger } from '../crypto/byteChecks.js';
import type { KeyPair } from '../crypto/CryptoBackend.js';
import { discoveryKey } from '../keys/discoveryKey.js';
import {
  BlockNotAvailableError,
  ConflictError,
  LogClosedError,
  ProofError,
  SignatureError,
  StorageCorruptError,
} from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { Manifest } from '../messages/manifest.js';
import type { Request } from '../messages/request.js';
import { findConflict } from '../proof/findConflict.js';
import { ForkProof } from '../proof/ForkProof.js';
import { proveRequest } from '../proof/proveRequest.js';
import { upgradeIndexes } from '../proof/SignatureRules.js';
import { cutTree } from '../tree/cutTree.js';
import { missingNodes, missingNodesAtOnce } from '../tree/missingNodes.js';
import { readNodes, type NodeReading } from '../tree/NodeReader.js';
import { seekByte, type SeekResult } from '../tree/seekByte.js';
import { BlockEncryption, ENCRYPTION_PADDING } from './BlockEncryption.js';
import type { CoreState } from './CoreState.js';
import { Intake, type Delivery } from './Intake.js';
import type { Located, LogChange, Received, Reorg, ReplicableLog } from './ReplicableLog.js';
import { Reorganization } from './Reorganization.js';
import { TaskQueue } from './TaskQueue.js';
import { Writer } from './Writer.js';

/** How a core is used. @internal */
export interface LogCoreOptions {
  readonly keyPair: KeyPair | null;
  readonly encryptionKey: Uint8Array | null;
  /** Frees the files and the lock. */
  readonly release: () => Promise<void>;
}

/**
 * One open core, however many sessions and connections use it. Reads overlap with each other and with changes; changes are
 * made one after another, in the order in which they were asked for.
 *
 * @internal
 */
export class LogCore implements ReplicableLog {
  readonly key: Uint8Array;
  readonly discoveryKey: Uint8Array;
  /** Bytes that encryption adds to each block. */
  readonly padding: number;
  readonly writer: Writer;
  private readonly told = new Subject<LogChange>();
  private readonly queue = new TaskQueue();
  private readonly intake: Intake;
  private deliveries: Delivery[] = [];
  /** Why nothing is changed any more. */
  conflict: ConflictError | null = null;
  private users = 0;
  private closing: Promise<void> | null = null;
  private cipher: BlockEncryption | null = null;

  constructor(
    readonly state: CoreState,
    private readonly options: LogCoreOptions,
  ) {
    this.key = state.identity.key;
    this.discoveryKey = discoveryKey(state.crypto, this.key);
    this.padding = options.encryptionKey === null ? 0 : ENCRYPTION_PADDING;
    const tell = (change: LogChange): void => this.told.next(change);
    this.intake = new Intake(state, tell, data => this.compare(data));
    this.writer = new Writer(state, options.keyPair, {
      tell,
      run: task => this.change(task),
      encryption: () => this.encryption,
    });
  }

  get manifest(): Manifest | null {
    return this.state.authority.manifest;
  }

  get compat(): boolean {
    const { authority, head, identity } = this.state;
    return authority.manifest === null && (head.length > 0 || identity.manifest !== null);
  }

  get fork(): number {
    return this.state.head.fork;
  }

  get length(): number {
    return this.state.head.length;
  }

  get byteLength(): number {
    return this.state.head.byteLength;
  }

  get contiguousLength(): number {
    return this.state.contiguousLength;
  }

  get changes(): Observable<LogChange> {
    return this.told;
  }

  get closed(): boolean {
    return this.closing !== null;
  }

  has(index: number): boolean {
    return Number.isInteger(index) && this.state.bits.get(index);
  }

  words(start: number, length: number): Uint32Array {
    return this.state.bits.words(start, Math.ceil(length / 32));
  }

  firstMissing(start: number, end: number): number {
    const index = this.state.bits.firstUnset(start);
    return index < end ? index : -1;
  }

  missingNodes(treeIndex: number): number | Promise<number> {
    const { head, nodes } = this.state;
    return missingNodesAtOnce(head, treeIndex, nodes) ?? this.readLoosely(missingNodes(head, treeIndex));
  }

  canUpgradeFrom(length: number): boolean | Promise<boolean> {
    const { head, nodes } = this.state;
    if (length > head.length) return false;
    return readNodes(areKnown(upgradeIndexes(length, head.length)), nodes);
  }

  async locate(byte: number): Promise<Located> {
    this.verifyOpen();
    requireInteger('byte', byte, 0, Number.MAX_SAFE_INTEGER);
    const { head, hasher, nodes, epoch } = this.state;
    let found: SeekResult;
    try {
      found = await readNodes(seekByte(head, byte, this.padding, hasher), nodes);
    } catch (error) {
      // What was cut meanwhile may be mixed with what came after it.
      if (this.state.epoch !== epoch) return this.locate(byte);
      throw error;
    }
    const past = found.found ? found.block : found.start;
    if (past >= head.length) return { found: false, start: head.length, end: Infinity };
    return found.found ? { found: true, index: found.block, offset: found.offset } : found;
  }

  async get(index: number): Promise<Uint8Array> {
    const stored = await this.read(index);
    const { encryption } = this;
    if (encryption === null) return stored.slice();
    const block = encryption.decrypt(index, stored);
    if (block === null) throw new StorageCorruptError('data', `block ${index} was not encrypted`);
    return block;
  }

  prove(request: Request): Data | null | Promise<Data | null> {
    this.verifyOpen();
    const { block } = request;
    if (request.fork !== this.fork) return null;
    if (block === null) return this.proveWith(request, null);
    if (!this.has(block.index)) return null;
    const cached = this.state.blocks.cached(block.index);
    if (cached !== undefined) return this.proveWith(request, cached);
    const { epoch } = this.state;
    return this.read(block.index).then(read =>
      this.state.epoch === epoch ? this.proveWith(request, read) : this.prove(request),
    );
  }

  receive(data: Data): Promise<Received> {
    return new Promise((resolve, reject) => {
      this.deliveries.push({ data, resolve, reject });
      if (this.deliveries.length > 1) return;
      this.change(() => {
        const { deliveries } = this;
        this.deliveries = [];
        return this.intake.take(deliveries);
      }).catch((error: unknown) => {
        const { deliveries } = this;
        this.deliveries = [];
        for (const delivery of deliveries) delivery.reject(error);
      });
    });
  }

  async reorg(data: Data): Promise<Reorg> {
    this.verifyOpen();
    const { state } = this;
    const proof = await readNodes(ForkProof.from(state.authority, state.head, data), state.nodes);
    return new Reorganization(state, proof, {
      tell: change => this.told.next(change),
      run: task => this.change(task),
    });
  }

  /** Hash over the roots of the tree as it was when it had `length` blocks. */
  async treeHash(length: number = this.length): Promise<Uint8Array> {
    this.verifyOpen();
    const { head, hasher, nodes } = this.state;
    try {
      return hasher.tree((await readNodes(cutTree(head, length, head.fork), nodes)).roots);
    } catch (error) {
      // Of a core that was read in part, not all nodes are here.
      throw error instanceof ProofError ? new BlockNotAvailableError(length - 1) : error;
    }
  }

  /** Runs a change after those before it. */
  change<T>(task: () => Promise<T>): Promise<T> {
    if (this.closing !== null) return Promise.reject(new LogClosedError());
    return this.queue.run(() => {
      if (this.conflict !== null) throw this.conflict;
      return task();
    });
  }

  /** A session more. */
  retain(): void {
    this.users++;
  }

  /** A session less; the last one closes the core. */
  release(): Promise<void> {
    this.users--;
    if (this.users > 0) return Promise.resolve();
    this.closing ??= this.close();
    return this.closing;
  }

  verifyOpen(): void {
    if (this.closing !== null) throw new LogClosedError();
  }

  /** How blocks are encrypted; which core it is may become known late, and then before the first block. */
  private get encryption(): BlockEncryption | null {
    const { encryptionKey } = this.options;
    if (encryptionKey === null) return null;
    const { crypto, authority } = this.state;
    this.cipher ??= new BlockEncryption(crypto, {
      key: this.key,
      encryptionKey,
      compat: authority.manifest === null,
    });
    return this.cipher;
  }

  /** The block as it is stored. */
  private async read(index: number): Promise<Uint8Array> {
    this.verifyOpen();
    if (!this.has(index)) throw new BlockNotAvailableError(index);
    const { head, epoch } = this.state;
    try {
      const isHere = (other: number): boolean => this.state.bits.get(other);
      const isValid = (): boolean => this.state.epoch === epoch;
      const stored = await this.state.blocks.read(head, index, isHere, isValid);
      if (isValid()) return stored;
    } catch (error) {
      if (this.closing !== null) throw new LogClosedError();
      if (this.state.epoch === epoch) throw error;
    }
    // Blocks went meanwhile: it may be gone, or have been read in part.
    return this.read(index);
  }

  private proveWith(request: Request, block: Uint8Array | null): Data | null | Promise<Data | null> {
    const { head, nodes, epoch, authority } = this.state;
    const source = { tree: head, manifest: authority.manifest, block };
    const answer = readNodes(proveRequest(source, request), nodes);
    if (answer === null || !('then' in answer)) return answer;
    // What was cut meanwhile may be missing in the answer, or mixed with what came after it.
    return answer.then(proof => (this.state.epoch === epoch ? proof : this.prove(request)));
  }

  private readLoosely<T>(reading: NodeReading<T>): T | Promise<T> {
    return readNodes(reading, this.state.nodes.andLoose);
  }

  private async compare(data: Data): Promise<void> {
    const { authority, head, nodes } = this.state;
    const comparison = await readNodes(findConflict(authority, head, data), nodes);
    if (comparison === 'unproved') throw new SignatureError('of a tree to compare with');
    if (comparison !== 'conflict') return;
    this.conflict = new ConflictError(data.upgrade?.length ?? head.length, head.fork);
    this.told.next({ type: 'conflict', error: this.conflict });
    throw this.conflict;
  }

  private async close(): Promise<void> {
    await this.queue.idle();
    try {
      await this.state.settle();
    } finally {
      this.told.complete();
      await this.options.release();
    }
  }
}

function* areKnown(indexes: readonly number[]): NodeReading<boolean> {
  return indexes.length === 0 || (yield indexes).every(node => node !== null);
}
