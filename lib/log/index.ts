/**
 * The verified log: cores that are written here or replicated from peers, on any storage.
 *
 * @packageDocumentation
 */

export type { RandomAccess, Storage } from '../storage/RandomAccess.js';
export { memoryStorage } from '../storage/memory/memoryStorage.js';
export { createManifest, defaultManifest, manifestKey } from '../proof/coreManifest.js';
export type { ManifestFields, SignerFields } from '../proof/coreManifest.js';
export { Log, type BytePlace, type SignatureOptions } from './Log.js';
export { LogBlocks, type BlocksOptions, type LogBlock } from './LogBlocks.js';
export type { LogOptions } from './LogOptions.js';
export { openLog } from './openLog.js';
export type { LogChange } from './ReplicableLog.js';
export type { Appended, SignedChange } from './Writer.js';

export { Core, type DownloadOptions, type WaitOptions } from '../replication/Core.js';
export { type CoreBlock, CoreBlocks, type CoreBlocksOptions } from '../replication/CoreBlocks.js';
export type { CoreEvent } from '../replication/CoreEvent.js';
export type { CoreProgress } from '../replication/CoreProgress.js';
export { createPeer, Peer, type PeerCoreOptions, type PeerOptions } from '../replication/Peer.js';
export { replicate } from '../replication/replicate.js';
export { defaultReplicationLimits, type ReplicationLimits } from '../replication/ReplicationLimits.js';
