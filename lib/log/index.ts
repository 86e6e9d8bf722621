/**
 * The verified log: cores that are written here or replicated from peers, on any storage.
 *
 * @packageDocumentation
 */

export type { RandomAccess, Storage } from '../storage/RandomAccess.js';
export { memoryStorage } from '../storage/memory/memoryStorage.js';
