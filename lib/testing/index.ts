/**
 * Help for specs, without any test runner.
 *
 * @packageDocumentation
 */

export { memoryPair, type MemoryPairOptions } from '../transports/memoryPair.js';
export {
  type TransportCheck,
  transportCompliance,
  type TransportComplianceOptions,
  type TransportPair,
} from './transportCompliance.js';
export { TransportCheckError } from './TransportReader.js';
export { marbleChannel, type MarbleChannel } from './marbleChannel.js';
export { HostilePeer, type HostileEvent, type HostilePeerOptions } from './hostile/HostilePeer.js';
export { type HostileAct, type Misbehaviour, type Verdict } from './hostile/Misbehaviour.js';
export { misbehaviours, type MisbehaviourOptions } from './hostile/misbehaviours.js';
export {
  joinBytes,
  rawBatch,
  rawClose,
  rawMessage,
  type RawOpen,
  rawOpen,
  rawReject,
  rawUint,
} from './hostile/rawPackets.js';
export {
  FaultyStorage,
  crashOutcomes,
  type CrashOutcome,
  type FaultyStorageOptions,
} from './FaultyStorage.js';
export { NaiveFile } from './NaiveFile.js';
export {
  storageCompliance,
  type StorageCase,
  type StorageComplianceOptions,
  type StoragePlace,
} from './storageCompliance.js';
