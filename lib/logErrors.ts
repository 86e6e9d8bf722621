/**
 * What can go wrong with a log: proofs of a remote, and the storage underneath. The base class and the codes are in
 * `errors.ts`. No error holds a key or the content of a block.
 */
import { HypercoreError } from './errors.js';

/** A proof of the remote does not have the shape its request calls for: a node is missing, or not in its place. @public */
export class ProofError extends HypercoreError {
  override readonly code = 'ERR_PROOF';
  constructor(
    /** What is missing, or not in its place. */
    readonly reason: string,
  ) {
    super(`the proof does not fit: ${reason}`, 'log');
  }
}

/** A proof of the remote leads to another hash than the tree has. @public */
export class ChecksumError extends HypercoreError {
  override readonly code = 'ERR_CHECKSUM';
  constructor(
    /** Number of the node in the flat tree. */
    readonly node: number,
  ) {
    super(`the proof leads to another hash at node ${node}`, 'log');
  }
}

/** The tree, or the manifest, is not signed as the key of the core demands. @public */
export class SignatureError extends HypercoreError {
  override readonly code = 'ERR_SIGNATURE';
  constructor(
    /** What did not hold. */
    readonly reason: string,
  ) {
    super(`the signature does not hold: ${reason}`, 'log');
  }
}

/** The writer signed two different trees of the same length and fork. The core is of no use any more. @public */
export class ConflictError extends HypercoreError {
  override readonly code = 'ERR_CONFLICT';
  constructor(
    /** Blocks in both trees. */
    readonly length: number,
    readonly fork: number,
  ) {
    super(`two signed trees of ${length} blocks differ at fork ${fork}`, 'log');
  }
}

/** The core cannot be written here: the secret key is not known. @public */
export class ReadOnlyError extends HypercoreError {
  override readonly code = 'ERR_READ_ONLY';
  constructor() {
    super('the core is read-only here', 'log');
  }
}

/** The log, or its session, was closed. @public */
export class LogClosedError extends HypercoreError {
  override readonly code = 'ERR_LOG_CLOSED';
  constructor() {
    super('the log is closed', 'log');
  }
}

/** A block is not here, and nobody is asked for it. @public */
export class BlockNotAvailableError extends HypercoreError {
  override readonly code = 'ERR_BLOCK_NOT_AVAILABLE';
  constructor(
    /** Number of the block. */
    readonly index: number,
  ) {
    super(`block ${index} is not available`, 'log');
  }
}

/** The storage failed to read or to write; `cause` is its own error. @public */
export class StorageFailedError extends HypercoreError {
  override readonly code = 'ERR_STORAGE_FAILED';
  constructor(
    /** Which file. */
    readonly file: string,
    cause?: unknown,
  ) {
    super(`the storage of "${file}" failed`, 'log', cause);
  }
}

/** What is stored cannot be: a checksum, a length or a hash does not hold. @public */
export class StorageCorruptError extends HypercoreError {
  override readonly code = 'ERR_STORAGE_CORRUPT';
  constructor(
    /** Which file. */
    readonly file: string,
    /** What does not hold. */
    readonly reason: string,
  ) {
    super(`"${file}" is damaged: ${reason}`, 'log');
  }
}

/** Another writer has the core open: another process, tab or worker. @public */
export class StorageLockedError extends HypercoreError {
  override readonly code = 'ERR_STORAGE_LOCKED';
  constructor(
    /** What is locked. */
    readonly file: string,
    cause?: unknown,
  ) {
    super(`"${file}" is open elsewhere`, 'log', cause);
  }
}

/** The disk, or what the browser allows, is full; what was stored before is unharmed. @public */
export class StorageQuotaError extends HypercoreError {
  override readonly code = 'ERR_STORAGE_QUOTA';
  constructor(
    /** Which file. */
    readonly file: string,
    cause?: unknown,
  ) {
    super(`no room to store "${file}"`, 'log', cause);
  }
}
