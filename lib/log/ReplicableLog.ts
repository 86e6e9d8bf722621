import type { Observable } from 'rxjs';
import type { ConflictError } from '../logErrors.js';
import type { Data } from '../messages/data.js';
import type { Manifest } from '../messages/manifest.js';
import type { Request } from '../messages/request.js';

/** What became of a log, in the order in which it happened. @public */
export type LogChange =
  /** The tree grew: by an append here, or by an upgrade that was proved. */
  | { readonly type: 'length'; readonly length: number; readonly byteLength: number }
  /** Blocks came to be here: appended, or downloaded. */
  | { readonly type: 'have'; readonly start: number; readonly length: number }
  /** Blocks are here no more, the tree over them is. */
  | { readonly type: 'drop'; readonly start: number; readonly length: number }
  /** The log was cut to `ancestors` blocks and goes on under another fork, with `length` blocks. */
  | { readonly type: 'fork'; readonly fork: number; readonly ancestors: number; readonly length: number }
  /** The manifest came to be known. */
  | { readonly type: 'manifest' }
  /** Another tree of the same length and fork is signed too; nothing is changed from now on. */
  | { readonly type: 'conflict'; readonly error: ConflictError };

/** What {@link ReplicableLog.receive} made of a message. @internal */
export interface Received {
  /** The block that is here now and was not before, or -1. */
  readonly block: number;
  /** Whether the tree grew. */
  readonly upgraded: boolean;
}

/** Where a byte of the log is, as far as the tree is known here. @internal */
export type Located =
  | { readonly found: true; readonly index: number; readonly offset: number }
  /**
   * In one of the blocks from `start` below `end`: a seek proof must tell in which. Of two blocks it cannot: a remote could
   * tell wrong sizes for the last two nodes, so get either of them instead, whose proof settles both. A byte at or behind
   * `byteLength` has `start = length`, `end = Infinity`.
   */
  | { readonly found: false; readonly start: number; readonly end: number };

/**
 * A fork of a remote that is being looked into: what two trees share is narrowed down message by message. If the log becomes
 * another one meanwhile (an upgrade, another fork), nothing is wanted any more and `commit` changes nothing: begin anew.
 *
 * @internal
 */
export interface Reorg {
  readonly fork: number;
  /** Length of the remote's tree. */
  readonly length: number;
  /** Blocks that are known to be shared. */
  readonly ancestors: number;
  /** The tree node to ask for next (a `hash` request on this fork), and how many nodes with it; `null`: all is known. */
  readonly wanted: { readonly index: number; readonly nodes: number } | null;
  /** Takes an answer; rejects with `ERR_PROOF`, `ERR_CHECKSUM`. */
  add(data: Data): Promise<void>;
  /** Cuts the log to `ancestors` and takes over the remote's tree. */
  commit(): Promise<void>;
}

/**
 * What replication needs of a log. A remote's proof never changes anything before it is verified whole; what a promise
 * acknowledged is in storage.
 *
 * @internal
 */
export interface ReplicableLog {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 32 bytes. */
  readonly discoveryKey: Uint8Array;
  /** `null` until it is known; cores without one (compat) never have it on the wire. */
  readonly manifest: Manifest | null;
  /** Whether the key is the public key of the one signer, as hypercore 10 makes cores by default. */
  readonly compat: boolean;
  readonly fork: number;
  readonly length: number;
  readonly byteLength: number;
  /** All blocks below it are here. */
  readonly contiguousLength: number;
  /** Bytes that encryption adds to each block: 0, or 8. */
  readonly padding: number;
  /** Set once the writer is known to have signed two trees: nothing is changed from then on. */
  readonly conflict: ConflictError | null;
  /** Hot; completes when the log is closed. */
  readonly changes: Observable<LogChange>;

  /** Whether the block is here. */
  has(index: number): boolean;
  /** Bits of `length` blocks from `start` (a multiple of 32), least significant first, rounded up to whole words. */
  words(start: number, length: number): Uint32Array;
  /** The first block from `start` below `end` that is not here, or -1. */
  firstMissing(start: number, end: number): number;
  /** How many nodes above a node of the tree are unknown here: what `request.block.nodes` and `request.hash.nodes` say. */
  missingNodes(treeIndex: number): number | Promise<number>;
  /** Whether the nodes are here that prove the way from a shorter tree of `length` blocks to the whole one. */
  canUpgradeFrom(length: number): boolean | Promise<boolean>;
  /** Finds a byte of what was appended (encryption's padding does not count). Rejects with an error of the storage. */
  locate(byte: number): Promise<Located>;
  /** The block as it was appended; rejects with `ERR_BLOCK_NOT_AVAILABLE`, or an error of the storage. The caller's own bytes. */
  get(index: number): Promise<Uint8Array>;
  /**
   * The answer to a request, without a promise if all that it takes is in memory. `null`: not available, or of another fork.
   * Rejects with, or throws, `ERR_PROOF` if no honest peer asks that, `ERR_LOG_CLOSED`, or an error of the storage. Parts are left
   * out as the real peers leave them out. The block must not be changed, and may be a view.
   */
  prove(request: Request): Data | null | Promise<Data | null>;
  /**
   * Verifies a message and stores what it brings. An upgrade from 0 of this fork that is no longer than the log changes
   * nothing: it is compared with the log's own tree, to find out about a conflict. Calls may overlap. Rejects with `ERR_PROOF`, `ERR_CHECKSUM`, `ERR_SIGNATURE`, `ERR_CONFLICT`
   * (the remote's fault, nothing changed) or an error of the storage.
   */
  receive(data: Data): Promise<Received>;
  /** Takes the first message of a higher fork, an upgrade from 0; rejects like {@link ReplicableLog.receive}. */
  reorg(data: Data): Promise<Reorg>;
}
